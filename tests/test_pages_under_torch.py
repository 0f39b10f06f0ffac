"""What the pages of the rules say about tracing is so; needs torch.

Each `python` fence of a page is traced with one input and run with another. An Example must then differ from the eager
model, in its result or in what it raises; everything in the other sections must agree with it. Where the page is about
devices the other input is on the meta device, which needs no other machine; where it is about weights or the mode,
these change after the trace. That tsl says the same is tests/test_rules.py.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.releases import since
from tsl.page import Fence, page_of
from tsl.rulebook import load

torch = pytest.importorskip("torch", reason="torch is not installed, so nothing can be traced")

PRELUDE = "import math, torch\nimport torch.nn.functional as F\nfrom torch import Tensor, nn\n"
ones, zeros, arange = torch.ones, torch.zeros, torch.arange
ROWS, MORE_ROWS = ones(2, 8), ones(3, 12)
BYTES = torch.tensor([0, 100, 200], dtype=torch.uint8)
TURNED = arange(6.0).view(2, 3).t()  # not contiguous
ELSEWHERE = ones(3, device="meta")  # another device than the one the model is traced on
REFUSED_WHILE_TRACING = None  # nothing to be run with: the trace itself ends in a TypeError
SEQUENCE, PLANES = ones(5, 2, 4), ones(1, 99, 2, 2)

# For each fence of a page in order: the inputs it is traced with, the inputs it is run with.
INPUTS: dict[str, list[tuple[Any, Any]]] = {
    "tensor-branch": [
        (ones(3), -ones(3)),
        (ones(3), ones(3) / 4),
        (ones(3), -ones(3)),
        (ones(3), ones(3) / 4),
        (ones(3), -ones(3)),
    ],
    "tensor-loop": [(ones(4), 9 * ones(4)), (ones(3), 0.73 * ones(3)), (ones(4), 9 * ones(4)), (ones(4), 9 * ones(4))],
    "tensor-assert": [(ones(3), -ones(3)), (ones(3), -ones(3)), (ones(1, 2, 3, 4), -ones(2, 3, 4, 5))],
    "tensor-ternary": [
        (ones(3), -ones(3)),
        ((9 * ones(3, 2), ones(2) > 0), (9 * ones(3, 2), ones(2) < 0)),
        (ones(3), -ones(3)),
        ((9 * ones(3, 2), ones(2) > 0), (9 * ones(3, 2), ones(2) < 0)),
        (ones(2, 3, 4), ones(3, 4, 5)),
    ],
    "tensor-boolean": [
        (ones(3), zeros(3)),
        ((ones(3), ones(3)), (zeros(3), ones(3))),
        ([ones(2), -ones(2)], [ones(2), 2 * ones(2)]),
        (ones(3), zeros(3)),
        ((ones(3), ones(3)), (zeros(3), ones(3))),
        ([ones(2), -ones(2)], [ones(2), 2 * ones(2)]),
        (ones(3), zeros(3)),
    ],
    "tensor-to-number": [
        (ones(3), 2 * ones(3)),
        (ones(2, 4) / 2, ones(2, 4)),
        (arange(4.0), 2 * arange(4.0)),
        (ones(3), 2 * ones(3)),
        (ones(2, 4) / 2, ones(2, 4)),
        (arange(4.0), 2 * arange(4.0)),
        (ones(3), 2 * ones(3)),
    ],
    "tensor-to-list": [
        ((arange(10.0).view(5, 2), torch.tensor([2, 3])), (arange(10.0).view(5, 2), torch.tensor([1, 4]))),
        (torch.tensor([[2.0, 0], [1, 1]]), torch.tensor([[1.0, 0], [2, 1]])),
        ((arange(10.0).view(5, 2), torch.tensor([2, 3])), (arange(12.0).view(6, 2), torch.tensor([1, 2, 3]))),
        (torch.tensor([[2.0, 0], [1, 1]]), torch.tensor([[1.0, 0], [2, 1], [0, 2]])),
        (ones(3), 2 * ones(4)),
    ],
    "data-length-loop": [
        (torch.eye(3), ones(2, 3) * torch.tensor([[0.0], [1.0]])),
        ((torch.tensor([0, 1, 1]), arange(4.0)), (torch.tensor([0, 1, 2]), arange(4.0))),
        (torch.eye(3), ones(2, 3) * torch.tensor([[0.0], [1.0]])),
        ((torch.tensor([0, 1, 1]), arange(4.0)), (torch.tensor([0, 1, 2]), arange(4.0))),
        (torch.eye(3), ones(2, 3) * torch.tensor([[0.0], [1.0]])),
    ],
    "tensor-predicate": [
        ((ones(3), zeros(3)), (ones(3), ones(3))),
        ((ones(3), zeros(3)), (ones(3), ones(3) + 1e-4)),
        ((ones(3), zeros(3)), (ones(3), ones(3))),
        ((ones(3), zeros(3)), (ones(3), ones(3) + 1e-4)),
        (ones(3), 2 * ones(4)),
    ],
    "size-branch": [
        (ones(1, 8), ones(1, 12)),
        (ones(1, 8), ones(1, 600)),
        (ones(1, 8), ones(1, 12)),
        (ones(1, 8), ones(1, 600)),
        (ones(1, 1, 8), ones(1, 1, 600)),
        (ones(1, 2, 3, 4), ones(3, 1, 5, 4)),
    ],
    "size-loop": [
        (ones(2, 3), ones(4, 3)),
        (ones(1, 1, 8), ones(1, 1, 32)),
        (arange(6.0).view(2, 3), arange(12.0).view(4, 3)),
        (ones(2, 3), ones(4, 3)),
        (ones(2, 4), ones(3, 4)),
    ],
    "size-to-number": [
        (ones(1, 16), ones(1, 64)),
        (ones(1, 16), ones(1, 64)),
        (ones(2, 8), ones(3, 30)),
        (ones(1, 16), ones(1, 64)),
        (ones(1, 16), ones(1, 64)),
        (ones(2, 8), ones(3, 30)),
        (ones(1, 16), ones(1, 64)),
        ((ones(2, 3), [ones(1)]), (ones(3, 5), [ones(1)])),
    ],
    "size-boolean": [
        (ones(4), ones(1)),
        (ones(4), ones(1)),
        ((ones(4), ones(4)), (ones(4), ones(1))),
        (ones(2), ones(4)),
        (ones(1), ones(4)),
        (ones(1), ones(4)),
        (ones(2, 4), ones(3, 4)),
    ],
    "unrolled-tensor": [
        (ones(2, 3), ones(5, 3)),
        (ones(2, 3, 4, 4), ones(5, 3, 4, 4)),
        (ones(2, 8), ones(2, 12)),
        (arange(6.0).view(2, 3), ones(5, 3)),
        (ones(2, 3, 4, 4), ones(5, 3, 4, 4)),
        (ones(2, 8), ones(2, 12)),
        ((ones(2, 3, 4), [ones(2), zeros(2)]), (2 * ones(2, 5, 4), [zeros(4), ones(4)])),
    ],
    "unpacked-tensor": [
        (ones(2, 3), ones(4, 3)),
        (ones(2, 3), ones(4, 3)),
        (ones(2, 3), ones(4, 3)),
        (ones(2, 3), ones(4, 3)),
        (arange(8.0).view(2, 4), ones(3, 4)),
        ((ones(2, 4, 5), (ones(1), ones(1))), (ones(3, 6, 7), (zeros(1), ones(1)))),
    ],
    "baked-size-argument": [
        (arange(8.0).view(1, 8), arange(12.0).view(1, 12)),
        ((ones(2, 3, 5, 5), ones(2, 4, 3, 3, 3)), (ones(3, 3, 7, 7), ones(3, 4, 3, 3, 3))),
        (ROWS, MORE_ROWS),
        (ones(1, 2, 3, 4), REFUSED_WHILE_TRACING),
        ((ones(1, 1, 4, 4), ones(1, 1, 8, 8)), REFUSED_WHILE_TRACING),
        (arange(8.0).view(1, 8), arange(12.0).view(1, 12)),
        ((ones(2, 3, 5, 5), ones(2, 4, 3, 3, 3)), (ones(3, 3, 7, 7), ones(3, 4, 3, 3, 3))),
        (ROWS, MORE_ROWS),
        (ROWS, MORE_ROWS),
    ],
    "size-check": [
        ((ones(1, 4), ones(1, 4)), (ones(1, 4), ones(2, 4))),
        ((ones(1, 4), ones(1, 4)), (ones(1, 5), ones(1, 5))),
        ((ones(1, 4), ones(1, 4)), (ones(1, 5), ones(1, 5))),
        ((ones(1, 4), ones(1, 4)), (ones(2, 5), ones(2, 5))),
        (ones(1, 2, 3, 4), ones(2, 3, 4, 5)),
    ],
    "rank-branch": [
        (ones(2, 3, 4, 4), ones(3, 4, 4)),
        (ones(2, 3), ones(2, 3, 4)),
        (ones(2, 3, 4, 4), ones(3, 4, 4)),
        (ones(2, 3), ones(2, 3, 4)),
        (ones(2, 3, 4, 4), ones(3, 4, 5, 5)),
        (ones(2, 3), ones(3, 4)),
    ],
    "dtype-branch": [
        (ones(3), BYTES),
        (ones(3), BYTES),
        (ones(3), BYTES),
        ((ones(3), ones(3)), (BYTES, ones(3).double())),
        (ones(3), 2 * ones(4)),
    ],
    "device-branch": [(ones(3), ELSEWHERE)] * 4,
    "layout-branch": [(ones(3, 2), TURNED)] * 4 + [(ones(3, 2), ones(4, 3))],
    "grad-branch": [
        (ones(3) / 4, (ones(3) / 4).requires_grad_()),
        (ones(3), ones(3).requires_grad_()),
        (ones(3) / 4, (ones(3) / 4).requires_grad_()),
        (ones(3), 2 * ones(4)),
    ],
    "mode-branch": [(ones(2, 4), ones(3, 4)), (ones(2, 4), ones(3, 4)), (ones(3), 2 * ones(4))],
    "layout-number": [(arange(8.0).view(2, 4), arange(18.0).view(3, 6))] * 6,
    "frozen-data": [
        (ones(3), arange(3.0)),
        (ones(3), 2 * ones(3)),
        (ones(3), ones(4)),
        (ones(3), arange(3.0)),
        (ones(3), 2 * ones(3)),
        (ones(3), ones(4)),
        (ones(3), 2 * ones(4)),
    ],
    "numpy-round-trip": [
        (ones(3), arange(3.0)),
        (ones(3, 2), arange(6.0).view(3, 2)),
        (ones(3), arange(3.0)),
        (ones(3, 2), arange(6.0).view(3, 2)),
        (ones(4), 2 * ones(4)),
    ],
    "python-state": [
        (ones(3), 2 * ones(3)),
        (ones(3), 2 * ones(3)),
        ((ones(3), zeros(3)), (2 * ones(3), ones(3))),
        (ones(3), 2 * ones(3)),
    ],
    "random-op": [
        (ones(99), ones(99)),
        (ones(99), ones(99)),
        ((ones(3), ones(3)), (ones(4), zeros(4))),
        (ones(99), ones(99)),
        (ones(3), 2 * ones(3)),
    ],
    "dropout-always-on": [(ones(99), ones(99)), (PLANES, PLANES)] * 2 + [(ones(99), 2 * ones(99))],
    "python-random": [
        (ones(3), ones(3)),
        (arange(1000.0).view(1, 1000), arange(1000.0).view(1, 1000)),
        ((ones(3), ones(1)), (ones(3), zeros(1))),
        ((arange(3.0).view(1, 3), torch.tensor([2, 0, 1])), (arange(3.0).view(1, 3), torch.tensor([1, 0, 2]))),
        (ones(3), 2 * ones(4)),
    ],
    "outside-world": [
        (ones(3), ones(3)),
        (ones(3), 2 * ones(3)),
        ((ones(3), ones(1)), (ones(3), zeros(1))),
        (ones(3), 2 * ones(4)),
    ],
    "baked-device": [(ones(3), ELSEWHERE)] * 6,
    "device-move": [((ones(3), ones(3)), (ELSEWHERE, ELSEWHERE))] * 3
    + [(ones(3), ELSEWHERE), ((ones(3), ones(3)), (ELSEWHERE, ELSEWHERE))]
    + [((ones(3), ones(3)), (ones(4), 2 * ones(4)))],
    "recurrent-state": [
        (SEQUENCE, SEQUENCE.to("meta")),
        (ones(2, 4), ones(3, 4, device="meta")),
        (SEQUENCE, SEQUENCE.to("meta")),
        (ones(2, 4), ones(3, 4, device="meta")),
    ],
    "copied-tensor": [(ones(3), arange(3.0)), (ones(3), ELSEWHERE)] * 2 + [(ones(3), ELSEWHERE)],
    "dtype-constant": [
        ((ones(3), ones(3)), (ones(3), ones(3).double())),
        (ones(3), ones(3).half()),
        ((ones(3), ones(3)), (ones(3), ones(3).double())),
        (ones(3), ones(3).half()),
        (ones(3), ones(4)),
    ],
    "broadcast-write": [
        (arange(6.0).view(2, 3), ones(4, 3)),
        (torch.tensor([[-1.0, 1.0]]), ones(2, 3)),
        (arange(6.0).view(2, 3), ones(4, 3)),
        (arange(6.0).view(2, 3), ones(4, 3)),
    ],
    "type-branch": [(ones(3), ones(4)), (ones(3), ones(4)), ((ones(3), ones(3)), (ones(4), ones(4)))],
    "scripted-alias": [(ones(3), ones(6)), (ones(3), ones(6)), (ones(3), ones(6))],
    "static-value": [(ones(3), 2 * ones(3))] * 4,
    "size-constructor": [(ones(3), ELSEWHERE), (ones(3), ELSEWHERE), (ones(3), ones(4)), (ones(3), ones(4))],
}
PAGES = {
    rule.name: [fence for fence in page_of(rule).fences if fence.language == "python"]
    for rule in load().rules
    if rule.engine == "source" and rule.code.startswith("TSL1")
}
REFUSED = {
    "refused-output": [ones(2, 3)] * 6,
    "captured-gradient": [
        (ones(2, 3), ones(2, 3)),
        ones(3),
        ones(3),
        (ones(2, 3), ones(2, 3), ones(1)),
        (ones(2, 3),) * 2,
    ],
}
# What one release of torch does otherwise, by rule and place of the fence.
OTHERWISE = {
    ("baked-size-argument", 0): since((2, 13), "2.4 and 2.7 do not trace a roll by a plain size: `shifts` required"),
}
FENCES = [
    pytest.param(
        name,
        fence,
        *given,
        id=f"{name}-{fence.section.replace(' ', '-')}-{place}",
        marks=OTHERWISE.get((name, place), ()),
    )
    for name, fences in PAGES.items()
    for place, (fence, given) in enumerate(zip(fences, INPUTS.get(name, []), strict=False))
]


def model_of(fence: Fence, directory: Path) -> Any:
    """The module a fence defines: its `forward`, or its last class. In a file, for scripting reads the source."""
    path = directory / "fence.py"
    path.write_text(PRELUDE + fence.code, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("fence", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if hasattr(module, "forward"):
        return type("Fence", (torch.nn.Module,), {"forward": module.forward})().eval()
    own = [thing for thing in vars(module).values() if isinstance(thing, type) and thing.__module__ == "fence"]
    return own[-1]().eval()


def answer(model: Callable[..., Any], inputs: tuple[Any, ...]) -> Any:
    """What a model returns, as a list of tensors; None where it raises."""
    try:
        with torch.no_grad():
            result = model(*inputs)
    except Exception:  # TorchScript wraps what a scripted function raises in a type of its own
        return None
    return list(result) if isinstance(result, list | tuple) else [result]


def agree(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return all(alike(a, b) for a, b in zip(one, other, strict=True))


def alike(one: Any, other: Any) -> bool:
    """Whether two tensors are of one kind and hold the same; those of the meta device hold nothing."""
    if (one.shape, one.dtype, one.device) != (other.shape, other.dtype, other.device):
        return False
    return one.is_meta or torch.allclose(one.double(), other.double(), equal_nan=True)


def change(rule: str, model: Any, traced: Any, given: tuple[Any, ...]) -> None:
    """Does to a model and to its trace what the page of a rule speaks of and what is no input."""
    if rule == "mode-branch":
        model.train()
        traced.train()
    if rule == "static-value":
        with torch.no_grad():
            for weight in model.parameters():  # the trace shares them
                weight.mul_(-1)
    if any(isinstance(one, torch.Tensor) and one.is_meta for one in given):
        model.to("meta")
        traced.to("meta")


def as_inputs(given: Any) -> tuple[Any, ...]:
    return given if isinstance(given, tuple) else (given,)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "fence", "traced_with", "run_with"), FENCES)
def test_an_example_loses_what_its_page_says_and_the_rest_loses_nothing(
    name, fence, traced_with, run_with, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("GAIN", "2")
    model = model_of(fence, tmp_path)
    if run_with is REFUSED_WHILE_TRACING:
        with pytest.raises(TypeError):
            torch.jit.trace(model, as_inputs(traced_with), check_trace=False)
        return
    traced = torch.jit.trace(model, as_inputs(traced_with), check_trace=False)
    monkeypatch.setenv("GAIN", "3")
    change(name, model, traced, as_inputs(run_with))
    eager, recorded = answer(model, as_inputs(run_with)), answer(traced, as_inputs(run_with))
    assert agree(eager, recorded) is (fence.section != "Example"), f"eager {eager}, traced {recorded}"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("fence", "given"),
    [
        pytest.param(fence, one, id=f"{name}-{fence.section.replace(' ', '-')}-{place}")
        for name, inputs in REFUSED.items()
        for place, (fence, one) in enumerate(zip(PAGES[name], inputs, strict=False))
    ],
)
def test_torch_refuses_an_example_of_what_it_is_said_to_refuse_and_traces_the_rest(fence, given, tmp_path) -> None:
    model = model_of(fence, tmp_path)
    try:
        torch.jit.trace(model, as_inputs(given), check_trace=False, strict=False)
    except RuntimeError:
        assert fence.section == "Example"
    else:
        assert fence.section != "Example"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_fence_of_a_page_has_inputs(name: str) -> None:
    assert len(INPUTS.get(name, []) or REFUSED.get(name, [])) == len(PAGES[name])

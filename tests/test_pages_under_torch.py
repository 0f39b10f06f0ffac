"""What the pages of the rules say about tracing is so; needs torch.

Each `python` fence of a page is traced with one input and run with another. An Example must then differ from the eager
model, in its result or in what it raises; everything in the other sections must agree with it. That tsl says the same
is tests/test_rules.py.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tsl.page import Fence, page_of
from tsl.rulebook import load

torch = pytest.importorskip("torch", reason="torch is not installed, so nothing can be traced")

PRELUDE = "import math, torch\nimport torch.nn.functional as F\nfrom torch import Tensor, nn\n"
ones, zeros, arange = torch.ones, torch.zeros, torch.arange
ROWS, MORE_ROWS = ones(2, 8), ones(3, 12)

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
        (ones(2, 3, 4), ones(3, 5, 4)),
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
}
PAGES = {
    rule.name: [fence for fence in page_of(rule).fences if fence.language == "python"]
    for rule in load().rules
    if rule.engine == "source"
}
FENCES = [
    pytest.param(fence, *given, id=f"{name}-{fence.section.replace(' ', '-')}-{place}")
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
    pairs = list(zip(one, other, strict=True))
    return all(a.shape == b.shape and torch.allclose(a.float(), b.float(), equal_nan=True) for a, b in pairs)


def as_inputs(given: Any) -> tuple[Any, ...]:
    return given if isinstance(given, tuple) else (given,)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("fence", "traced_with", "run_with"), FENCES)
def test_an_example_loses_what_its_page_says_and_the_rest_loses_nothing(fence, traced_with, run_with, tmp_path) -> None:
    model = model_of(fence, tmp_path)
    traced = torch.jit.trace(model, as_inputs(traced_with), check_trace=False)
    eager, recorded = answer(model, as_inputs(run_with)), answer(traced, as_inputs(run_with))
    assert agree(eager, recorded) is (fence.section != "Example"), f"eager {eager}, traced {recorded}"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_fence_of_a_page_has_inputs(name: str) -> None:
    assert len(INPUTS.get(name, [])) == len(PAGES[name])

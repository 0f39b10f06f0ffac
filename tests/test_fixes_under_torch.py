"""Fixes run: what a program of fixtures/fixes does before its fix and after it, under torch.

The kind of a page says what is run:
script     torch.jit.script refuses `subject` before and takes it after; eager and scripted answers stay what they were
changes    both compile, and before the fix the compiled answer is not that of eager mode, or not of its kind
gradient   both compile, and only after the fix the compiled function keeps gradients out
trace      a trace of `subject` answers wrongly, or not at all, for `other` before, and rightly after
device     the graph of a trace names a device or a dtype of its own before, and after the fix fewer
dropout    a trace in eval mode answers twice the same only after
export     `export(path)` raises, or what it wrote does not `hold` before; after, it does
load       `export(path)` reads what was saved there before and after
text       nothing is run: a GPU or the onnx package would be needed, or a comment is all there is
"""

from __future__ import annotations

import importlib.util
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.fixes import FixCase, params
from tests.releases import release

torch = pytest.importorskip("torch")
# The frontend raises what it happens to meet: a `+` before a value is an AttributeError of its own.
REFUSALS = (torch.jit.frontend.FrontendError, RuntimeError, ValueError, AttributeError)
KINDS = {"script", "changes", "gradient", "trace", "device", "dropout", "export", "load", "text"}


def names_of(tmp_path: Path, text: str, name: str) -> dict[str, Any]:
    """What a program binds, run from a file so that torch.jit.script finds its source; its own last call apart."""
    path = tmp_path / f"{name}.py"
    path.write_text(
        "\n".join(line for line in text.splitlines() if not line.startswith("torch.jit.")), encoding="utf-8"
    )
    spec = importlib.util.spec_from_file_location(f"fix_{name}", path)
    assert spec
    assert spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec.loader.exec_module(module)
    return vars(module)


@pytest.fixture(autouse=True)
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A directory to write to, and no word of torch about its own deprecation."""
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def same(one: Any, other: Any) -> bool:
    """Whether two answers are of one type and hold the same."""
    if isinstance(one, (list, tuple)):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and _alike(one, other)
    return type(one) is type(other) and one == other


def _alike(one: Any, other: Any) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and bool(torch.allclose(one, other))


def pair(case: FixCase, tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    return names_of(tmp_path, case.before, "before"), names_of(tmp_path, case.after, "after")


def test_every_page_is_of_a_kind() -> None:
    kinds = {param.values[0].kind for param in params()}  # type: ignore[attr-defined]
    assert kinds == KINDS


@pytest.mark.parametrize("case", params("script"))
def test_the_compiler_refuses_it_before_and_takes_it_after(case: FixCase, tmp_path: Path) -> None:
    before, after = pair(case, tmp_path)
    with pytest.raises(REFUSALS):
        torch.jit.script(before["subject"])(*before["example"])
    given = before["example"]
    wanted = before["subject"](*given)
    assert same(after["subject"](*given), wanted)
    assert same(torch.jit.script(after["subject"])(*given), wanted)


def compiled_answer(bound: dict[str, Any], given: Any) -> Any:
    """What a compiled function answers; the message where it compiles, and raises when it runs."""
    compiled = torch.jit.script(bound["subject"])
    try:
        return compiled(*given)
    except RuntimeError as error:
        return str(error)


@pytest.mark.parametrize("case", params("changes"))
def test_the_compiled_answer_is_that_of_eager_mode_only_after(case: FixCase, tmp_path: Path) -> None:
    before, after = pair(case, tmp_path)
    given = before["example"]
    wanted = before["subject"](*given)
    assert not same(compiled_answer(before, given), wanted)
    assert same(after["subject"](*given), wanted)
    assert same(torch.jit.script(after["subject"])(*given), wanted)


@pytest.mark.parametrize("case", params("gradient"))
def test_the_compiled_function_keeps_gradients_out_only_after(case: FixCase, tmp_path: Path) -> None:
    before, after = pair(case, tmp_path)
    given = before["example"]
    wanted = before["subject"](*given)
    assert torch.jit.script(before["subject"])(*given).requires_grad
    for answer in (after["subject"](*given), torch.jit.script(after["subject"])(*given)):
        assert not answer.requires_grad
        assert tuple(answer.shape) == tuple(wanted.shape)


@pytest.mark.parametrize("case", params("trace"))
def test_a_trace_follows_other_inputs_only_after(case: FixCase, tmp_path: Path) -> None:
    before, after = pair(case, tmp_path)
    other = before["other"]
    wanted = before["subject"](other)
    assert same(after["subject"](other), wanted)
    traced = torch.jit.trace(before["subject"], before["example"], check_trace=False)
    try:
        answer = traced(other)
    except RuntimeError:
        answer = None
    moves = " to(" in str(traced.graph) or "aten::to" in str(traced.graph)
    assert not same(answer, wanted) or moves
    fixed = torch.jit.trace(after["subject"], before["example"], check_trace=False)
    assert same(fixed(other), wanted)


@pytest.mark.parametrize("case", params("device"))
def test_a_trace_names_fewer_devices_after(case: FixCase, tmp_path: Path) -> None:
    before, after = pair(case, tmp_path)
    other = before["other"]
    assert same(after["subject"](other), before["subject"](other))
    graphs = [str(torch.jit.trace(one["subject"], before["example"]).graph) for one in (before, after)]
    before_and_after = [graph.count('value="cpu"') for graph in graphs]
    assert before_and_after[1] < before_and_after[0]


@pytest.mark.parametrize("case", params("dropout"))
def test_a_trace_in_eval_mode_drops_nothing_only_after(case: FixCase, tmp_path: Path) -> None:
    answers = []
    for bound in pair(case, tmp_path):
        traced = torch.jit.trace(bound["subject"].eval(), bound["example"], check_trace=False)
        answers.append(torch.equal(traced(bound["example"]), traced(bound["example"])))
    assert answers == [False, True]


def holds(bound: dict[str, Any], path: str) -> bool:
    """Whether what a program exports is there and as it should be."""
    try:
        if bound["holds"].__code__.co_names[:1] != ("export",):
            bound["export"](path)
        return bool(bound["holds"](path))
    except Exception:
        return False


# What these mend is no failure on a CPU: time, another machine's devices, or what a file may do.
RUNS_BOTH_WAYS = {"no-grad-around-capture", "weights-only"}


@pytest.mark.parametrize("case", params("export"))
def test_what_is_exported_holds_only_after(case: FixCase, tmp_path: Path) -> None:
    if case.name == "right-loader" and release() < (2, 6):
        pytest.skip("torch 2.6: before it torch.load took an archive for one of its own")
    before, after = pair(case, tmp_path)
    assert holds(after, str(tmp_path / "after.pt"))
    assert holds(before, str(tmp_path / "before.pt")) is (case.name in RUNS_BOTH_WAYS)


@pytest.mark.parametrize("case", params("load"))
def test_what_is_loaded_is_the_same_after(case: FixCase, tmp_path: Path) -> None:
    path = str(tmp_path / "net.pt")
    for bound in pair(case, tmp_path):
        torch.jit.script(bound["Net"]()).save(path) if "Net" in bound else None
        assert bound["holds"](path)

"""`tsl diff` on what torch itself saves, and the example of docs/diff.md."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.checkout import ROOT
from tests.conftest import Project

torch = pytest.importorskip("torch", reason="torch is not installed, so nothing can be saved")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_the_example_of_the_page_is_what_tsl_prints(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "diff.md").read_text(encoding="utf-8")
    source = re.findall(r"```python\n(.*?)```", page, re.S)[0]
    shown = re.findall(r"```console\n\$ tsl diff old.pt new.pt\n(.*?)```", page, re.S)[0]
    path = project.write("gate.py", source)
    exec(compile(source, str(path), "exec"), {"__name__": "gate"})
    done = project.tsl("diff", "old.pt", "new.pt", "--isolated", "--no-findings")
    assert (done.code, done.err) == (0, "")
    assert done.out == shown


class Block(torch.nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self) -> None:
        super().__init__()
        self.lin, self.norm = torch.nn.Linear(4, 4), torch.nn.BatchNorm1d(4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.norm(self.lin(x)) + x)


def net(*depths: int) -> Any:
    stages = [torch.nn.Sequential(*(Block() for _ in range(depth))) for depth in depths]
    return torch.nn.Sequential(*stages, torch.nn.Linear(4, 2)).eval()


def form(project: Project, *arguments: str) -> dict[str, Any]:
    done = project.tsl("diff", "old.pt", "new.pt", "--isolated", "--format", "json", "--no-findings", *arguments)
    assert (done.code, done.err) == (0, "")
    found: dict[str, Any] = json.loads(done.out)
    return found


WAYS: dict[str, Callable[[Any], Any]] = {
    "traced": lambda module: torch.jit.trace(module, torch.ones(3, 4)),
    "scripted": torch.jit.script,
    "frozen": lambda module: torch.jit.freeze(torch.jit.script(module)),
}


@pytest.mark.parametrize("way", ["traced", "scripted"])  # a frozen model has no modules
def test_a_deeper_model_has_blocks_more(project: Project, way: str) -> None:
    torch.jit.save(WAYS[way](net(1, 2)), "old.pt")
    torch.jit.save(WAYS[way](net(2, 5)), "new.pt")
    found = form(project)
    assert [(one["kind"], one["title"], one["modules"], one["weights"]) for one in found["changes"]] == [
        ("added", "Block", ["0.1"], 7),
        ("added", "Block", ["1.2", "1.3", "1.4"], 21),
    ]


@pytest.mark.parametrize("way", WAYS)
def test_other_numbers_and_another_file_are_no_difference(project: Project, way: str) -> None:
    torch.jit.save(WAYS[way](net(2, 2)), "old.pt")
    again = WAYS[way](net(2, 2))
    torch.jit.save(again, "between.pt")
    torch.jit.save(torch.jit.load("between.pt"), "new.pt")
    found = form(project)
    weights = [one for one in found["changes"] if not _other_numbers(one)]
    assert weights == []


def _other_numbers(change: dict[str, Any]) -> bool:
    """Whether a change says that a small tensor constant holds other numbers, as a frozen model's biases do."""
    return all(detail["new"].endswith("with other contents") for detail in change["details"])


def test_a_loaded_model_is_the_one_that_was_saved(project: Project) -> None:
    model = torch.jit.script(net(2, 2))
    torch.jit.save(model, "old.pt")
    torch.jit.save(torch.jit.load("old.pt"), "new.pt")
    found = form(project)
    assert (found["changes"], found["retrained"]["weights"]) == ([], 0)


def test_half_precision_is_told_by_the_weights_alone(project: Project) -> None:
    torch.jit.save(torch.jit.script(net(1)), "old.pt")
    torch.jit.save(torch.jit.script(net(1).half()), "new.pt")
    found = form(project, "--input", "input=float32[3,4]")
    assert {(one["subject"], one["kind"]) for one in found["changes"]} == {("weight", "changed")}
    assert {detail["old"] for one in found["changes"] for detail in one["details"]} == {"float32"}


def test_what_is_alike_is_told_together(project: Project) -> None:
    torch.jit.save(torch.jit.script(net(3)), "old.pt")
    torch.jit.save(torch.jit.script(net(3).half()), "new.pt")
    done = project.tsl("diff", "old.pt", "new.pt", "--isolated", "--no-findings")
    assert "  ~ 20 weights\n      0.0.lin.weight, 0.0.lin.bias, 0.0.norm.weight and 17 more\n" in done.out
    assert "      dtype: float32 -> float16\n" in done.out
    assert done.out.count("float16") == 1
    project.tsl("diff", "old.pt", "new.pt", "--isolated", "--no-findings", "-o", "d.md")
    text = (project.root / "d.md").read_text(encoding="utf-8")
    assert "| weight `20 weights` |" in text
    assert text.count("float16") == 1


def test_modules_that_a_frozen_model_has_no_more_are_told_together(project: Project) -> None:
    scripted = torch.jit.script(net(2))
    torch.jit.save(scripted, "old.pt")
    torch.jit.save(torch.jit.freeze(scripted), "new.pt")
    done = project.tsl("diff", "old.pt", "new.pt", "--isolated", "--no-findings")
    assert (done.code, done.err) == (0, "")
    assert len([line for line in done.out.splitlines() if "-> the model" in line]) == 1


def test_a_list_is_the_same_whether_it_is_gathered_or_held(project: Project) -> None:
    scripted = torch.jit.script(torch.nn.Sequential(torch.nn.MaxPool2d(2, stride=[1, 1])).eval())
    torch.jit.save(scripted, "old.pt")
    torch.jit.save(torch.jit.freeze(scripted), "new.pt")
    assert {one["kind"] for one in form(project)["changes"]} == {"moved"}

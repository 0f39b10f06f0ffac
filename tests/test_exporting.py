"""The states of models in export scripts: how they join, which rule asks for which step, what a finding tells."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.checkout import ROOT
from tests.conftest import Project
from tests.engine import analysed
from tests.fences import SOURCE_RULES
from tsl.rule import verdicts
from tsl.source.exporting.marked import MARKS, WORDS
from tsl.source.exporting.orders import FETCHES, FREEZERS, MOVES, ONNX, REMOVED, TRACERS
from tsl.source.exporting.things import (
    NONE,
    UNKNOWN,
    Const,
    Map,
    Opaque,
    Ref,
    Seq,
    State,
    Thing,
    join_devices,
    join_states,
    join_things,
    join_values,
)
from tsl.source.facts import Function, Note, Step
from tsl.source.file import parse
from tsl.source.ways import STEPS

MODEL = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(self.fc(x))
"""
VALUES = [NONE, UNKNOWN, Const(1), Ref(1), Seq(()), Seq((Const(1),)), Map(()), Opaque((1,))]
THINGS = [
    Thing("model", "train", "cpu"),
    Thing("model", "eval", "cuda"),
    Thing("traced", "eval", "cpu|cuda", stages=frozenset({"baked"})),
    Thing("tensor", device="cpu", shape=(1, 4)),
]


def steps_in(text: str) -> list[Step]:
    """Every step out of order in a script about MODEL."""
    functions = analysed(MODEL + dedent(text)).functions
    return [fact for function in functions for fact in function.facts if isinstance(fact, Step)]


def told(text: str) -> list[str]:
    return [f"{step.qualname} {step.how}: {step.text}" for step in steps_in(text)]


@pytest.mark.parametrize("how", STEPS)
def test_every_step_is_asked_for_by_exactly_one_rule(how: str) -> None:
    file = parse("use.py", b"torch.call(value)\n")
    step = Step(file.tree.body[0], how, file, "value")
    function = Function("export", file.tree, file, (step,))
    assert len([rule for rule in SOURCE_RULES for _ in verdicts(rule, function)]) == 1


def test_values_of_two_kinds_are_never_equal() -> None:
    assert all((left == right) is (left is right) for left in VALUES for right in VALUES)


@pytest.mark.parametrize("left", VALUES)
@pytest.mark.parametrize("right", VALUES)
def test_a_join_holds_both_values_and_joining_again_changes_nothing(left: object, right: object) -> None:
    joined = join_values(left, right)
    assert join_values(joined, right) == joined
    assert set(joined.options if joined != left else (left,)) >= {left, right} if left != right else joined == left


@pytest.mark.parametrize("left", THINGS)
@pytest.mark.parametrize("right", THINGS)
def test_states_that_disagree_are_unknown_and_stay_so(left: Thing, right: Thing) -> None:
    joined = join_things(left, right)
    assert joined.mode == (left.mode if left.mode == right.mode else "?")
    assert join_things(joined, right) == joined
    assert join_things(left, left) == left


def test_devices_join_to_several_and_an_unknown_one_makes_all_unknown() -> None:
    assert join_devices("cpu", "cuda") == join_devices("cuda", "cpu|cuda") == "cpu|cuda"
    assert join_devices("cpu|cuda", "?") == "?"


def test_a_path_that_ended_takes_no_part_in_a_join() -> None:
    state = State()
    state.names["x"] = Const(1)
    assert join_states(None, state) is state
    assert join_states(state, None) is state
    assert join_states(None, None) is None


def test_a_finding_says_that_a_later_eval_is_too_late() -> None:
    (step,) = steps_in("""
        @torch.no_grad()
        def export():
            traced = torch.jit.trace(Net(), torch.ones(1, 4))
            traced.eval()
    """)
    assert [note.text for note in step.labels][-1] == "`eval()` here does not change what the trace does"
    assert all(isinstance(note, Note) for note in step.labels)


def test_a_helper_is_read_with_what_it_is_given() -> None:
    script = """
        def save(module, path):
            torch.save(module, path)

        def script():
            save(torch.jit.script(Net().eval()), "a.pt")

        def weights():
            save(Net().state_dict(), "b.pt")
    """
    assert told(script) == ["save pickled: module"]


def test_what_is_saved_later_in_the_file_is_known_to_what_loads_earlier() -> None:
    script = """
        def load():
            return torch.jit.load("a.pt", map_location="cpu")

        def save():
            torch.save(Net().state_dict(), "a.pt")
    """
    assert told(script) == ['load kind: "a.pt"']


def test_recursion_and_endless_loops_end() -> None:
    script = """
        def again(model, n):
            while True:
                model = again(model.eval(), n - 1)
                torch.jit.script(model)

        def other(model):
            return again(model, other(model))
    """
    assert told(script) == []


def test_a_named_root_is_judged_alone() -> None:
    script = MODEL + "\ndef export():\n    return torch.jit.trace(Net(), torch.ones(1, 4))\n"
    functions = analysed(script, "Net").functions
    assert not [fact for function in functions for fact in function.facts if isinstance(fact, Step)]


def test_a_file_that_exports_nothing_is_not_read_twice() -> None:
    assert told("model = Net()") == []


def test_the_table_of_orders_names_states_and_paths_that_exist() -> None:
    assert {state for state, _ in MOVES.values()} == {"mode", "device"}
    torch_paths = {*TRACERS, *FREEZERS, *ONNX, *REMOVED}
    assert all(path.startswith("torch.") for path in torch_paths)
    assert all(place is None or place >= 0 for place in FETCHES.values())


CAPTURE = """import torch


def export(model, x):
    torch.jit.trace(model, x)
    torch.jit.script(model)
"""


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        ({"requirements.txt": "torch==2.13.0\n", "deploy/requirements.txt": "numpy\ntorch == 2.4.1  # served\n"}, [5]),
        ({"requirements.txt": "torch==2.13.0\n", "docker/Dockerfile": "FROM pytorch/pytorch:2.6.0-cuda12.4\n"}, [5]),
        ({"requirements.txt": "torch==2.13.0\n", "environment.yml": "dependencies:\n  - pytorch=2.4\n"}, [5]),
        ({"requirements.txt": "torch==2.13.0\n", "requirements-dev.txt": "torch==2.13.1\n"}, []),
        ({"requirements.txt": "torch>=2.4\n", "deploy/requirements.txt": "torch==2.13.0\n"}, []),
        ({"requirements.txt": "pytorch-lightning==2.4.0\nmy-torch==1.0\ntorch==2.13.0\n"}, []),
        ({"requirements.txt": "# torch==2.4.0\ntorch==2.13.0\n"}, []),
    ],
)
def test_pins_of_torch_that_disagree_are_said_once_at_the_first_capture(
    project: Project, files: dict[str, str], lines: list[int]
) -> None:
    project.write("pyproject.toml", "")
    project.write("export.py", CAPTURE)
    for name, text in files.items():
        project.write(name, text)
    found = project.check("--select", "version-pins").findings
    assert [one["line"] for one in found] == lines
    assert [label["path"] for one in found for label in one["labels"]] == (
        sorted(files, reverse=True)[:2] if lines else []
    )


def test_a_pin_that_changes_is_seen_through_the_cache(project: Project) -> None:
    project.write("pyproject.toml", "")
    project.write("export.py", CAPTURE)
    project.write("requirements.txt", "torch==2.13.0\n")
    project.write("requirements-old.txt", "torch==2.4.0\n")
    command = ("check", "--select", "version-pins", "--format", "concise")
    assert project.tsl(*command).code == 1
    project.write("requirements-old.txt", "torch==2.13.0\n")
    assert project.tsl(*command).code == 0


def test_an_optional_rule_is_asked_by_its_own_name_alone(project: Project) -> None:
    project.write("save.py", "import torch\n\ntorch.jit.save(torch.jit.script(max), 'a.pt')\n")
    assert "TSL325" not in project.check("--select", "ALL").codes
    assert "TSL325" not in project.check("--select", "TSL32").codes
    assert project.check("--select", "unstamped-save").codes == ["TSL325"]
    project.write("pyproject.toml", '[tool.tsl]\nextend-select = ["unstamped-save"]\n')
    assert "TSL325" in project.check().codes


@pytest.mark.parametrize("path", sorted((ROOT / "fixtures" / "rules").glob("*.md")), ids=lambda path: path.stem)
def test_the_cheap_look_passes_over_nothing_that_is_marked(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").split("\n"):
        assert not MARKS.search(line) or any(word in line for word in WORDS)

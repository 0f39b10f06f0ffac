"""What the compiler refuses in another file, told at the line of the user's file that leads there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Project

LIBRARY = """\
import torch
from torch import nn


def helper(x):
    return x.numpy()


class Block(nn.Module):
    def forward(self, x):
        try:
            return helper(x)
        except ValueError:
            return x


class Base(nn.Module):
    def forward(self, x):
        return {1, 2}
"""
HEAD = "from torch import nn\n\nfrom middle import Outer\nfrom library import Base, Block, helper\n\n\n"
CALLS = HEAD + "class Net(nn.Module):\n    def forward(self, x):\n        return helper(x)\n"
HOLDS = (
    HEAD + "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.block = Block()\n"
)
LISTS = HOLDS.replace("Block()", "nn.ModuleList([Block(), Block()])")
INHERITS = HEAD + "class Net(Base):\n    pass\n"
THROUGH = HOLDS.replace("Block()", "Outer()")
MIDDLE = "from torch import nn\n\nfrom library import Block\n\n\nclass Outer(nn.Module):\n    def __init__(self):\n"
MIDDLE += "        super().__init__()\n        self.inner = Block()\n\n    def forward(self, x):\n        return x\n"
FORWARD = "\n    def forward(self, x):\n        return x\n"


def found(project: Project, *paths: str) -> list[dict[str, Any]]:
    done = project.tsl("check", "--capture", "script", "--select", "TSL2", "--format", "json", *paths)
    return done.findings


def written(project: Project, text: str) -> Project:
    project.write("library.py", LIBRARY)
    project.write("middle.py", MIDDLE)
    project.write("net.py", text)
    return project


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (CALLS, [(9, "TSL224", [6])]),
        (HOLDS + FORWARD, [(10, "TSL201", [11])]),
        (LISTS + FORWARD, [(10, "TSL201", [11])]),
        (INHERITS, [(7, "TSL202", [19])]),
    ],
    ids=["called", "held", "held in a list", "inherited"],
)
def test_a_cause_in_a_library_is_told_where_the_file_leads_to_it(project: Project, text: str, told: list[Any]) -> None:
    shown = [
        (one["line"], one["code"], [label["line"] for label in one["labels"]])
        for one in found(written(project, text), "net.py")
    ]
    assert shown == told


def test_a_step_through_a_third_file_is_a_label_of_its_own(project: Project) -> None:
    first = found(written(project, THROUGH + FORWARD), "net.py")[0]
    assert [(label["path"], label["line"]) for label in first["labels"]] == [("middle.py", 9), ("library.py", 11)]


def test_where_the_nearer_file_is_checked_too_it_is_told_there_alone(project: Project) -> None:
    written(project, THROUGH + FORWARD)
    assert {one["path"] for one in found(project, "net.py", "middle.py")} == {"middle.py"}
    assert {one["path"] for one in found(project, "net.py", "middle.py", "library.py")} == {"library.py"}


def test_each_class_that_takes_a_cause_is_told_of_it_and_once(project: Project) -> None:
    twice = CALLS.replace("helper(x)", "helper(x) + helper(x)") + CALLS.removeprefix(HEAD).replace("Net", "Other")
    assert [one["line"] for one in found(written(project, twice), "net.py")] == [9, 12]


def test_many_causes_of_one_rule_are_labels_of_one_finding(project: Project) -> None:
    written(project, CALLS)
    project.write("library.py", "def helper(x):\n    return x.numpy(), x.grad_fn\n")
    labels = [[label["column"] for label in one["labels"]] for one in found(project, "net.py")]
    assert labels == [[12, 23]]

"""Pictures of source: the control flow of a function, and what of it a trace loses."""

from __future__ import annotations

import ast
import textwrap

import pytest

from tests.checkout import ROOT
from tests.conftest import Project
from tsl.check import Settings, open_books
from tsl.config import Config
from tsl.draw.flow import flow
from tsl.draw.picture import Cluster, Mark, Picture
from tsl.draw.source import source_picture


def drawn(text: str, **found: str) -> Picture:
    """The picture of a function, with a finding on each line that `L5="TSL101"` names."""
    function = ast.parse(textwrap.dedent(text)).body[0]
    assert isinstance(function, ast.FunctionDef)
    lines = {int(line[1:]): Mark(code, "rule", "error", "is lost") for line, code in found.items()}
    return flow(
        "f",
        [("f", function)],
        "net.py",
        lambda first, last: [lines[at] for at in range(first, last + 1) if at in lines],
    )


def ways(picture: Picture) -> list[str]:
    """The edges as text: `1 -yes-> 3`, with a tilde where it is lost."""
    line = {box.number: box.lines[0].partition(":")[0] for box in picture.boxes()}
    return [f"{line[e.source]} -{e.label}{'~' if e.tone == 'lost' else ''}-> {line[e.target]}" for e in picture.edges]


IF = """\
def f(x):
    y = x + 1
    if y.sum() > 0:
        y = y * 2
    else:
        y = -y
    return y
"""


def test_what_is_kept_is_solid() -> None:
    picture = drawn(IF)
    assert ways(picture) == ["1 --> 2", "2 --> 3", "3 -yes-> 4", "3 -no-> 6", "4 --> 7", "6 --> 7"]
    assert {box.tone for box in picture.boxes()} == {""}
    assert picture.notes == ()


def test_a_lost_branch_is_dashed_with_both_its_arms() -> None:
    picture = drawn(IF, L3="TSL101")
    assert ways(picture) == ["1 --> 2", "2 --> 3", "3 -yes~-> 4", "3 -no~-> 6", "4 -~-> 7", "6 -~-> 7"]
    assert [box.lines[0][0] for box in picture.boxes() if box.tone == "lost"] == ["4", "6"]
    assert picture.notes[0].startswith("dashed: what a trace loses")


def test_another_finding_paints_and_dashes_nothing() -> None:
    picture = drawn(IF, L3="TSL401")
    assert "lost" not in {edge.tone for edge in picture.edges}
    assert [box.painted for box in picture.boxes()].count("error") == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "def f(x):\n    for i in range(3):\n        x = x + i\n    return x\n",
            ["1 --> 2", "2 -round-> 3", "3 -next-> 2", "2 -done-> 4"],
        ),
        (
            "def f(x):\n    while True:\n        if x:\n            break\n        continue\n    return x\n",
            ["1 --> 2", "2 -round-> 3", "3 -yes-> 4", "3 -no-> 5", "5 -next-> 2", "4 --> 6"],
        ),
        (
            "def f(x):\n    for i in x:\n        if i:\n            return i\n    else:\n        x = 1\n",
            ["1 --> 2", "2 -round-> 3", "3 -yes-> 4", "3 -no-> 2", "2 -done-> 6", "6 --> return None"],
        ),
        (
            "def f(x):\n    try:\n        x = g(x)\n    except ValueError:\n        raise\n"
            "    finally:\n        h()\n    return x\n",
            ["1 --> 2", "2 --> 3", "2 -except ValueError-> 5", "3 --> 7", "7 --> 8"],
        ),
        ("def f(x):\n    with g():\n        x = 1\n    return x\n", ["1 --> 2", "2 --> 3", "3 --> 4"]),
        (
            "def f(x):\n    match x:\n        case 1:\n            return 2\n"
            "        case _:\n            x = 3\n    return x\n",
            ["1 --> 2", "2 -case 1-> 4", "2 -case _-> 6", "6 --> 7"],
        ),
        (
            "def f(x):\n    match x:\n        case 1:\n            x = 2\n    return x\n",
            ["1 --> 2", "2 -case 1-> 4", "4 --> 5", "2 -none of them-> 5"],
        ),
        ("def f(x):\n    return x\n    x = 1\n", ["1 --> 2"]),
        ("def f(x):\n    pass\n", ["1 --> 2", "2 --> return None"]),
    ],
)
def test_control_goes_where_python_goes(text: str, expected: list[str]) -> None:
    assert ways(drawn(text)) == expected


def test_a_lost_loop_keeps_its_body_and_loses_its_rounds() -> None:
    picture = drawn("def f(x):\n    for i in x:\n        y = i\n    return y\n", L2="TSL108")
    assert ways(picture) == ["1 --> 2", "2 -round~-> 3", "3 -next~-> 2", "2 -done~-> 4"]
    assert [box.tone for box in picture.boxes()] == ["", "", "", ""]


def test_a_statement_with_a_finding_has_a_box_of_its_own() -> None:
    picture = drawn("def f(x):\n    a = 1\n    b = int(x)\n    c = 2\n    return c\n", L3="TSL105")
    assert [box.lines for box in picture.boxes() if box.kind == "statement"] == [
        ("2: a = 1",),
        ("3: b = int(x)",),
        ("4: c = 2",),
    ]
    (box,) = [box for box in picture.boxes() if box.marks]
    assert (box.place, box.text) == ("net.py:3", "b = int(x)")


def test_the_lines_of_the_fixtures_are_those_of_their_findings() -> None:
    path = ROOT / "fixtures" / "models" / "greedy_decoder.py"
    config = Config()
    picture = source_picture(str(path), "GreedyDecoder", Settings(config), open_books(config))
    (loop,) = [box for box in picture.boxes() if box.marks]
    line = path.read_text(encoding="utf-8").splitlines()[int(loop.place.rpartition(":")[2]) - 1]
    assert "# TSL102" in line
    assert [mark.code for mark in loop.marks] == ["TSL102"]
    assert {edge.label for edge in picture.edges if edge.tone == "lost"} == {"round", "no", "done"}


NET = """\
import torch


class Net(torch.nn.Module):
    def forward(self, x):
        return self.encode(x) + helper(x)

    def encode(self, x):
        if x.sum() > 0:
            return self.twice(x)
        return x

    def twice(self, x):
        return x * 2

    def unused(self, x):
        return x


def helper(x):
    return x
"""


def test_methods_that_are_called_are_drawn_with_their_findings(project: Project) -> None:
    project.write("net.py", NET)
    done = project.tsl("graph", "net.py", "--source", "--isolated")
    assert (done.code, done.err) == (0, "")
    assert "TSL101 tensor-branch" in done.out
    config = Config()
    picture = source_picture("net.py", "", Settings(config), open_books(config))
    assert [each.title for each in picture.members if isinstance(each, Cluster)] == ["forward", "encode", "twice"]


@pytest.mark.parametrize(("name", "title"), [("Net", "Net.forward"), ("Net.twice", "Net.twice"), ("helper", "helper")])
def test_a_part_of_the_file_is_named(project: Project, name: str, title: str) -> None:
    project.write("net.py", NET)
    done = project.tsl("graph", f"net.py:{name}", "--source", "--isolated", "--no-findings")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f'digraph "{title}"')
    assert "TSL" not in done.out


def test_a_chain_of_branches_that_is_too_long_is_one_line(project: Project) -> None:
    arms = "".join(f"    elif x == {number}:\n        y = {number}\n" for number in range(3_000))
    project.write("net.py", f"def f(x):\n    if x:\n        y = 0\n{arms}    return y\n")
    done = project.tsl("graph", "net.py:f", "--source", "--isolated", "--no-findings")
    assert (done.code, done.out) == (2, "")
    assert done.err == "tsl: net.py: cannot be drawn: its code nests too deeply\n"


def test_nothing_of_the_file_is_run(project: Project) -> None:
    project.write("net.py", f"open('ran', 'w').close()\n{NET}")
    assert project.tsl("graph", "net.py", "--source", "--isolated").code == 0
    assert not (project.root / "ran").exists()

"""Reading what the fuser says, and the reason that follows from it; needs no torch."""

from __future__ import annotations

import re

import pytest

from tests.checkout import ROOT
from tsl.fusion.log import MOVED, Section, read
from tsl.fusion.reasons import Seen, reason_of
from tsl.ir.fused import REASONS, Node, Plan, Unfused, form_of, read_plan

HALF = "Half(4, 8, strides=[8, 1], requires_grad=0, device=cpu)"
FLOAT = "Float(4, 8, strides=[8, 1], requires_grad=0, device=cpu)"
AWAY = "Float(requires_grad=0, device=cuda:0)"
GRAPH = f"""
Before TExprFuser:
graph(%x : {FLOAT},
      %s : {AWAY}):
  %one : int = prim::Constant[value=1]() # net.py:3:8
  %h : {HALF} = aten::to(%x, %one) # net.py:4:8
  %y : {HALF} = aten::exp(%h) # net.py:5:8
  %l : Tensor[] = prim::ListConstruct(%y, %h)
  %c : {HALF} = aten::cat(%l, %one) # net.py:6:8
  %n : Scalar = aten::item(%s) # net.py:7:8
  %z : Tensor = aten::mul(%x, %n) # net.py:8:8
  return (%c)
After removing redundant profile nodes:
graph(%x : {FLOAT}):
  return (%x)
"""


def log(said: str, graph: str = GRAPH) -> Section:
    """The one section of a log in which the fuser says something of the graph above."""
    text = "\n".join(f"[DEBUG tensorexpr_fuser.cpp:650] {line}" for line in (graph + said).splitlines() if line)
    (section,) = read(text)
    return section


def reason(name: str, kind: str, said: str, *makers: str) -> tuple[str, str]:
    """Why an operator of that graph is in no group."""
    section = log(said)
    return reason_of(Seen(kind, name, section.inputs(name), makers), section)


def test_the_types_and_makers_are_those_of_the_graph_before_the_pass() -> None:
    section = log("")
    assert section.types["y"] == HALF
    made = section.makers["y"]
    assert (made.kind, made.inputs, made.path, made.line) == ("aten::exp", ("h",), "net.py", 5)
    assert section.inputs("c") == ("y", "h", "one")


def test_groups_are_counted_in_the_graph_after_the_pass() -> None:
    section = log("After TExprFuser:\ngraph(%x : Tensor):\nwith prim::TensorExprGroup_0 = graph(%a : Tensor):")
    assert (section.groups, section.symbolic) == (1, False)


@pytest.mark.parametrize(
    ("name", "kind", "condition", "told"),
    [
        ("y", "aten::exp", "typesAreSupported(node)", ("dtype", "float16")),
        ("y", "aten::relu_", "tensorexpr::isSupported(node)", ("in place", "")),
        ("y", "aten::sum", "tensorexpr::isSupported(node)", ("reduction", "")),
        ("y", "aten::erf", "tensorexpr::isSupported(node)", ("not supported", "")),
        ("z", "aten::mul", "allShapesAreKnown(node)", ("not run", "")),
        ("y", "aten::exp", "allShapesAreKnown(node)", ("shape unknown", "")),
        ("y", "aten::exp", "isFusableOnDevice(node)", ("device off", "")),
        ("y", "aten::batch_norm", "!toIValue(node->input(5)).value().toBool()", ("training", "")),
        ("y", "aten::batch_norm", "node->input(5)->node()->kind() == prim::Constant", ("training flag", "")),
        ("c", "aten::cat", "node->input(0)->uses().size() == 1", ("list", "")),
    ],
)
def test_a_condition_that_an_operator_fails_is_its_reason(
    name: str, kind: str, condition: str, told: tuple[str, str]
) -> None:
    assert reason(name, kind, f"Considering node:%{name} : Tensor = {kind}()\nFailed cond {condition}") == told


def test_a_number_that_was_read_is_the_reason_of_what_takes_it() -> None:
    said = "Considering node:%z : Tensor = aten::mul(%x, %n)\nFailed cond tensorexpr::isSupported(node)"
    assert reason("z", "aten::mul", said, "prim::Param", "aten::item") == ("number", "")


def test_what_cannot_be_moved_is_told_of_the_operator_that_was_tried() -> None:
    said = "Considering node:%c : Tensor = aten::cat(%l)\nIteratively pull input nodes into the fusion group...\n"
    said += "Trying to merge: %y : Tensor = aten::exp(%h)\nFailed to move because of AliasDB checks!"
    assert log(said).unmerged == {"y": [MOVED]}
    assert reason("y", "aten::exp", said) == ("order", "")


def test_an_accepted_operator_without_a_partner_is_alone() -> None:
    said = "Considering node:%y : Tensor = aten::exp(%h)\nIteratively pull input nodes into the fusion group..."
    assert reason("y", "aten::exp", said) == ("alone", "")


def test_text_that_is_no_log_has_no_section() -> None:
    assert read("") == ()
    assert read("Before TExprFuser:\ngraph(%x : Tensor):") == ()


def test_every_reason_has_words_and_stands_in_the_documentation() -> None:
    text = (ROOT / "docs" / "fusion.md").read_text(encoding="utf-8")
    told = re.findall(r"return \(?\"([a-z ]+)\"", (ROOT / "tsl" / "fusion" / "reasons.py").read_text(encoding="utf-8"))
    assert set(told) <= set(REASONS)
    assert [reason for reason in REASONS if reason not in text] == []


def test_a_plan_travels_as_json() -> None:
    node = Node("aten::exp", "net.py", 5, "layer")
    plan = Plan((), (Unfused(node, "dtype", "float16", node, True),), 2, 1, (node,))
    assert read_plan(form_of(plan)) == plan

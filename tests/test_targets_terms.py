"""What targets take on terms: control flow, dtypes, operators taken apart or partly. Needs no torch."""

from __future__ import annotations

import pytest

from tests.ir_fences import graph_of
from tsl.ir.facts import GraphFacts
from tsl.target.facts import TargetFacts
from tsl.target.named import targets

HEAD = """\
graph(%x : Tensor, %n : int, %flag : bool):
  %zero : int = prim::Constant[value=0]()
  %one : int = prim::Constant[value=1]()
  %two : int = prim::Constant[value=2]()
  %double : int = prim::Constant[value=7]()
  %true : bool = prim::Constant[value=1]()
  %none : NoneType = prim::Constant()
  %ones : int[] = prim::ListConstruct(%one, %one)
  %twos : int[] = prim::ListConstruct(%two, %two)
"""


def facts(body: str, *names: str) -> TargetFacts:
    return TargetFacts(GraphFacts([graph_of(f"{HEAD}{body}  return (%y)\n")]), targets(names))


def controls(body: str, *names: str) -> list[tuple[str, str, list[str]]]:
    return [(one.why, one.words, [each.text for each in one.targets]) for one in facts(body, *names).controls()]


def branch(one: str, other: str, condition: str = "%flag", before: str = "") -> str:
    """An If whose arms leave what two lines make, each called `%a`."""
    arms = "".join(
        f"    block{number}():\n      {line}\n      -> (%a{number})\n" for number, line in enumerate((one, other))
    )
    return f"{before}  %y : Tensor = prim::If({condition})\n{arms}"


RELU = "%a{} : Tensor = aten::relu(%x)"


@pytest.mark.parametrize(
    ("one", "words"),
    [
        ("%a0 : Tensor = aten::squeeze(%x, %zero)", "numbers of dimensions that differ by 1"),
        ("%a0 : Tensor = aten::unsqueeze(%x, %zero)", "numbers of dimensions that differ by 1"),
        ("%a0 : Tensor = aten::select(%x, %zero, %zero)", "numbers of dimensions that differ by 1"),
        ("%a0 : Tensor = aten::tanh(%x)", ""),
        ("%a0 : Tensor = aten::squeeze(%x)", ""),  # which takes as many as there are
        ("%a0 : Tensor = aten::softplus(%x, %one, %n)", ""),
    ],
)
def test_arms_that_differ_in_dimensions_are_told_where_that_is_sure(one: str, words: str) -> None:
    found = controls(branch(one, RELU.format(1)), "onnx:13", "coreml", "export", "libtorch:2.0")
    assert found == ([("dimensions", words, ["onnx:13", "coreml"])] if words else [])


def test_a_branch_on_the_rank_is_decided_by_the_example() -> None:
    rank = "  %rank : int = aten::dim(%x)\n  %test : bool = aten::gt(%rank, %one)\n"
    size = rank.replace("aten::dim(%x)", "aten::size(%x, %zero)")
    arms = ("%a0 : Tensor = aten::squeeze(%x, %zero)", RELU.format(1), "%test")
    assert controls(branch(*arms, rank), "onnx:13") == []
    assert [why for why, _, _ in controls(branch(*arms, size), "onnx:13")] == ["dimensions"]


def test_arms_that_differ_in_dtype_are_told() -> None:
    zeros = "%a{} : Tensor = aten::zeros(%ones, {}, %none, %none, %none)"
    body = branch(zeros.format(0, "%double"), zeros.format(1, "%none"))
    assert controls(body, "onnx:17") == [("dtypes", "`float64` and `float32`", ["onnx:17"])]
    assert controls(branch(zeros.format(0, "%none"), zeros.format(1, "%none")), "onnx:17") == []


def test_an_arm_that_only_raises_leaves_nothing_to_compare() -> None:
    body = """\
  %y : Tensor = prim::If(%flag)
    block0():
      %flat : Tensor = aten::squeeze(%x, %zero)
      -> (%flat)
    block1():
      %words : str = prim::Constant[value="no"]()
       = prim::RaiseException(%words, %none)
      %never : Tensor = prim::Uninitialized()
      -> (%never)
"""
    assert controls(body, "onnx:13") == []


DATA = "  %sum : Tensor = aten::sum(%x, %none)\n  %test : bool = aten::Bool(%sum)\n"
SIZE = "  %size : int = aten::size(%x, %zero)\n  %test : bool = aten::gt(%size, %one)\n"
TRACED = SIZE.replace("aten::gt(%size, %one)", "aten::Bool(%number)").replace(
    "  %test", "  %number : Tensor = prim::NumToTensor(%size)\n  %test"
)


@pytest.mark.parametrize(("before", "told"), [(DATA, True), (SIZE, False), (TRACED, False), ("", False)])
def test_a_branch_that_data_decides_ends_an_export(before: str, told: bool) -> None:
    body = branch(RELU.format(0), "%a1 : Tensor = aten::tanh(%x)", "%test" if before else "%flag", before)
    asked = ("export", "onnx-dynamo", "executorch", "tensorrt", "onnx:13", "libtorch:2.0")
    expected = [("data", "", ["export", "onnx-dynamo", "executorch"]), ("data", "", ["tensorrt"])]
    assert controls(body, *asked) == (expected if told else [])


LOOP = """\
  %y : Tensor = prim::Loop({rounds}, {start}, %x)
    block0(%i : int, %old : Tensor):
      %new : Tensor = aten::tanh(%old)
      -> ({goes_on}, %new)
"""


@pytest.mark.parametrize(
    ("rounds", "goes_on", "why"),
    [("%two", "%true", "rounds"), ("%n", "%true", "tensors"), ("%two", "%flag", "tensors")],
)
def test_a_loop_over_tensors_stays_with_torch(rounds: str, goes_on: str, why: str) -> None:
    (found,) = controls(LOOP.format(rounds=rounds, start="%true", goes_on=goes_on), "tensorrt", "onnx:13", "export")
    assert (found[0], found[2]) == (why, ["tensorrt"])


def test_an_arm_that_is_never_taken_is_not_told() -> None:
    loop = LOOP.format(rounds="%n", start="%true", goes_on="%true").replace("\n", "\n    ").replace("%y :", "%z :")
    arm = f"    block{{}}():\n    {loop.rstrip()}\n      -> (%z)\n"
    body = f"  %y : Tensor = prim::If({{}})\n    block0():\n      -> (%x)\n{arm.format(1)}"
    assert controls(body.format("%true"), "tensorrt") == []
    assert [why for why, _, _ in controls(body.format("%flag"), "tensorrt")] == ["tensors"]


def test_a_loop_of_many_rounds_is_not_unrolled() -> None:
    many = "  %many : int = prim::Constant[value=64]()\n" + LOOP.format(rounds="%many", start="%true", goes_on="%true")
    assert [why for why, _, _ in controls(many, "tensorrt")] == ["tensors"]
    assert [why for why, _, _ in controls(many.replace("=64", "=63"), "tensorrt")] == ["rounds"]


def test_the_first_tensor_of_a_dtype_that_is_lacked_is_told() -> None:
    body = """\
  %wide : Tensor = aten::cumsum(%x, %zero, %double)
  %more : Tensor = aten::mul(%wide, %wide)
  %y : Tensor = aten::add(%more, %more, %one)
"""
    assert [(one.operator, one.words) for one in facts(body, "tensorrt").dtypes()] == [("aten::cumsum", "float64")]
    assert list(facts(body, "onnx:13", "coreml").dtypes()) == []


def test_what_is_taken_apart_is_told_once() -> None:
    body = "  %a : Tensor = aten::remainder(%x, %n)\n  %y : Tensor = aten::remainder(%a, %n)\n"
    (one,) = facts(body, "tensorrt").terms()
    assert (one.why, one.words, len(one.nodes)) == ("apart", "3 operators (floor_divide, mul, sub)", 2)
    assert list(facts(body, "tensorrt:1.0").terms()) == []  # which has none
    assert list(facts(body, "onnx:13").terms()) == []


@pytest.mark.parametrize(("dilation", "why"), [("%ones", []), ("%twos", ["refused"])])
def test_a_form_that_the_graph_shows_is_refused(dilation: str, why: list[str]) -> None:
    body = f"  %y : Tensor = aten::max_pool2d(%x, %twos, %twos, %ones, {dilation}, %flag)\n"
    assert [one.why for one in facts(body, "tensorrt").terms()] == why


def test_a_form_that_only_a_run_shows_is_told_with_its_condition() -> None:
    (one,) = facts("  %y : Tensor = aten::roll(%x, %ones, %ones)\n", "tensorrt").terms()
    assert (one.why, one.words) == ("partly", "only where the size of the rolled dimension is fixed")


@pytest.mark.parametrize("kind", ["aten::addmm_", "aten::sinc_"])
def test_what_writes_in_place_is_looked_up_as_what_does_not(kind: str) -> None:
    body = f"  %y : Tensor = {kind}(%x)\n"
    told = {one.operator for one in facts(body, "executorch").unknown()}
    assert told == set()
    lacked = facts(body.replace(kind, "aten::erfinv_"), "executorch", "onnx-dynamo")
    assert {one.operator for one in lacked.unknown()} == {"aten::erfinv_"}

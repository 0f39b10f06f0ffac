"""Sizes that a graph insists on: found where they are the cause, silent where the model's weights are."""

from __future__ import annotations

import pytest

from tests.saved import module, tensor
from tsl.ir.abstract import Tensor
from tsl.ir.baked import TRIES, baked_sizes
from tsl.ir.deploy import Deploy
from tsl.ir.module_tree import Tree
from tsl.ir.solved import solve
from tsl.ir.text import read_graph
from tsl.ir.uses import Uses

HEAD = """graph(%self : __torch__.net.Net, %x : Tensor):
  %none : NoneType = prim::Constant()
  %no : bool = prim::Constant[value=0]()
  %zero : int = prim::Constant[value=0]()
  %one : int = prim::Constant[value=1]()
  %six : int = prim::Constant[value=6]()
  %eight : int = prim::Constant[value=8]()
  %rest : int = prim::Constant[value=-1]()
"""
WEIGHT = '  %w : Tensor = prim::GetAttr[name="weight"](%self)\n'


def baked(body: str, *shape: int) -> list[tuple[str, int, int, str, str]]:
    graph = read_graph(f"{HEAD}{body}  return (%r)\n")
    tree = Tree(module("net.Net", weight=tensor(8, 4)))
    solved = solve(graph, Deploy("cpu"), tree, [Tensor("cpu", "float32", shape)])
    found = baked_sizes(solved, Uses(graph))
    return [(one.input, one.dimension, one.size, one.node.kind, one.fails.node.kind) for one in found]


VIEW = "  %l : int[] = prim::ListConstruct({sizes})\n  %r : Tensor = aten::view(%x, %l)\n"
ADDS = (
    "  %s : Tensor = aten::arange(%eight, %none, %none, %none, %none)\n"
    "  %n : Tensor = aten::neg(%s)\n  %r : Tensor = aten::add(%x, %n, %one)\n"
)
PRODUCT = WEIGHT + "  %m : Tensor = aten::matmul(%x, %w)\n"
CUT = WEIGHT + "  %c : Tensor = aten::slice(%w, %zero, %zero, %six, %one)\n  %r : Tensor = aten::mul(%x, %c)\n"


@pytest.mark.parametrize(
    ("body", "shape", "expected"),
    [
        (VIEW.format(sizes="%six, %eight"), (6, 2, 4), [("x", 0, 6, "aten::view", "aten::view")]),
        (ADDS, (2, 8), [("x", 1, 8, "aten::arange", "aten::add")]),
        (VIEW.format(sizes="%rest, %eight"), (6, 8), []),  # the graph takes any number of rows
        (VIEW.format(sizes="%rest, %eight"), (8, 1), []),  # one that is not asked for there
        (WEIGHT + "  %r : Tensor = aten::matmul(%x, %w)\n", (6, 8), []),  # the weights ask for it
        (
            WEIGHT + "  %m : Tensor = aten::matmul(%x, %w)\n" + VIEW.replace("%x", "%m").format(sizes="%eight, %six"),
            (12, 8),
            [],
        ),
        (CUT, (6, 4), []),  # cut out of what has no more than eight: twelve would not be there
        (VIEW.format(sizes="%one, %one"), (1, 1), []),
    ],
)
def test_a_size_is_baked_where_it_is_what_fails(
    body: str, shape: tuple[int, ...], expected: list[tuple[str, int, int, str, str]]
) -> None:
    assert baked(body, *shape) == expected


def test_the_nearest_written_size_that_cures_is_named() -> None:
    body = (
        "  %a : Tensor = aten::arange(%six, %none, %none, %none, %none)\n"
        "  %l : int[] = prim::ListConstruct(%six, %eight)\n  %v : Tensor = aten::view(%x, %l)\n"
        "  %t : Tensor = aten::transpose(%v, %zero, %one)\n  %r : Tensor = aten::add(%t, %a, %one)\n"
    )
    assert baked(body, 6, 2, 4) == [("x", 0, 6, "aten::view", "aten::view")]


def test_a_graph_is_interpreted_a_bounded_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    from tsl.ir.solved import Solved

    real, times = Solved.again, []
    monkeypatch.setattr(Solved, "again", lambda *given: times.append(1) or real(*given))
    body = VIEW.format(sizes=", ".join(["%six", "%eight"] * 30))
    baked(body, *([6, 8] * 30))
    assert 0 < len(times) <= TRIES

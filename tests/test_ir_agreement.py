"""The archive road against the torch road, node by node, over the small zoo.

`make agree` holds the same over the whole zoo. Bars are those of the issue; where the small zoo does better, that is
what is held. Needs torch.
"""

from __future__ import annotations

import random
import warnings
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.agreement import MEASURES, Comparison, Road, both_roads, compare, meetings, totals
from tests.releases import since
from tsl.ir.graph import Graph
from tsl.ir.text import read_graph

torch = pytest.importorskip("torch", reason="torch is not installed, so there is nothing to agree with")

FUNCTIONS, INLINED = 0.999, 0.995  # shares of torch's nodes, by each measure but lines


@pytest.fixture(scope="session")
def roads(small_zoo: Path) -> dict[str, Road]:
    """What both roads make of each archive."""
    return {path.name: both_roads(path) for path in sorted(small_zoo.glob("*.pt"))}


def told(roads: dict[str, Road], part: str) -> list[tuple[str, Comparison]]:
    """Every comparison of a part, with the archive's and the function's name."""
    return [
        (f"{archive} {name}", found) for archive, road in roads.items() for name, found in totals(getattr(road, part))
    ]


def test_the_small_zoo_has_what_it_says(roads: dict[str, Road]) -> None:
    ways = Counter(".".join(name.split(".")[1:-1]) for name in roads)
    assert set(ways) == {"trace", "script", "trace.frozen", "script.frozen"}
    assert ways["script"] == ways["script.frozen"] == 28
    assert ways["trace"] == 13


@since((2, 13), "the table of schemas and the passes are of this release, and others have other graphs")
@pytest.mark.parametrize(("part", "bar"), [("functions", FUNCTIONS), ("inlined", INLINED)])
def test_the_roads_agree_on_nodes_order_edges_types_and_names(roads: dict[str, Road], part: str, bar: float) -> None:
    whole: Counter[str] = sum((found.counts for _, found in told(roads, part)), Counter())
    shares = {measure: whole[measure] / whole["nodes"] for measure in MEASURES if measure != "lines"}
    assert min(shares.values()) >= bar, shares


@pytest.mark.parametrize("part", ["functions", "inlined"])
def test_source_lines_are_the_same_wherever_torch_has_one(roads: dict[str, Road], part: str) -> None:
    wrong = [
        f"{name}: {difference}"
        for name, found in told(roads, part)
        for difference in found.differences
        if difference.startswith("lines:")
    ]
    assert not wrong, "\n".join(wrong[:20])


@since((2, 13), "the table of schemas and the passes are of this release, and others have other graphs")
@pytest.mark.parametrize("part", ["functions", "inlined"])
def test_every_graph_is_the_same(roads: dict[str, Road], part: str) -> None:
    wrong = [f"{name}: {found.differences[0]}" for name, found in told(roads, part) if found.differences]
    assert not wrong, "\n".join(wrong[:20])


class Halved(torch.nn.Module):
    """A module that calls one of its own methods, in which autocast is on."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)

    def half(self, x: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return self.linear(x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.half(x)


@pytest.mark.xfail(
    strict=True, reason="torch writes the casts of autocast into what it inlines; inlining here does not"
)
def test_inlining_writes_the_casts_of_autocast(tmp_path: Path) -> None:
    path = tmp_path / "halved.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(Halved()), str(path))
    assert not [found.differences for _, found in totals(both_roads(path).inlined) if found.differences]


GRAPH = read_graph(
    """\
graph(%x : Tensor, %y : Tensor):
  %one : int = prim::Constant[value=1]()
  %a : Tensor = aten::add(%x, %y, %one) # net.py:3:4 #| {"schema": "aten::add.Tensor(...)"}
  %b : Tensor = aten::relu(%a) # net.py:4:4
  return (%b)
"""
)


def changed(place: int, **fields: object) -> Graph:
    """That graph with other fields in the node at a place."""
    nodes = list(GRAPH.nodes)
    nodes[place] = nodes[place]._replace(**fields)
    return GRAPH._replace(nodes=tuple(nodes))


def test_a_graph_agrees_with_itself() -> None:
    found = compare(GRAPH, GRAPH)
    assert found.differences == ()
    assert {found.counts[measure] for measure in MEASURES if measure != "lines"} == {3}
    assert found.counts["lines"] == found.counts["with_line"] == 2


@pytest.mark.parametrize(
    ("mine", "words"),
    [
        (changed(1, inputs=GRAPH.nodes[1].inputs[::-1]), "edges: aten::add"),
        (changed(2, kind="aten::gelu"), "missing 1 of aten::relu"),
        (changed(2, source=None), "lines: aten::relu"),
        (changed(0, attributes=(("value", 2),)), "edges: aten::add"),
        (changed(2, attributes=(("name", "n"),)), "names: aten::relu"),
        (GRAPH._replace(nodes=GRAPH.nodes[:2], outputs=GRAPH.nodes[1].outputs), "missing 1 of aten::relu"),
    ],
)
def test_a_graph_that_differs_is_told_with_what_differs(mine: Graph, words: str) -> None:
    assert any(difference.startswith(words) for difference in compare(mine, GRAPH).differences)


@pytest.mark.parametrize("seed", range(40))
def test_nodes_meet_along_a_longest_common_subsequence(seed: int) -> None:
    chance = random.Random(seed)
    ours = [chance.randrange(4) for _ in range(chance.randrange(30))]
    torchs = list(ours)
    for _ in range(chance.randrange(8)):
        place = chance.randrange(len(torchs) + 1)
        torchs[place : place + chance.randrange(2)] = [chance.randrange(4) for _ in range(chance.randrange(2))]
    pairs = meetings(ours, torchs)
    assert pairs == sorted(pairs)
    assert len({one for one, _ in pairs}) == len({other for _, other in pairs}) == len(pairs)
    assert all(ours[one] == torchs[other] for one, other in pairs)
    assert len(pairs) == longest(ours, torchs)


def longest(ours: list[int], torchs: list[int]) -> int:
    """The length of a longest common subsequence, by the table of the textbooks."""
    row = [0] * (len(torchs) + 1)
    for one in ours:
        before = row
        row = [0]
        for place, other in enumerate(torchs):
            row.append(before[place] + 1 if one == other else max(row[-1], before[place + 1]))
    return row[-1]

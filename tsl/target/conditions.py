"""The places of a model that targets take on conditions: its control flow, its dtypes, some forms of its operators.

What these conditions are is in `control` and `terms`. What is asked of the graph as it runs (inlined, without the arms
that are never taken) is asked only where a target has such conditions, because interpreting a graph takes its time.

Needs the graphs' facts and targets. It will never know a rule or a severity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from tsl.ir.facts import GraphFacts, NodeFact
from tsl.ir.graph import Frame
from tsl.ir.uses import Uses
from tsl.record import Record
from tsl.target.control import BRANCH, ENGINES, LOOP, TAKERS, controls
from tsl.target.judge import judge_of
from tsl.target.named import Target, listed
from tsl.target.terms import LACKING, LIMITS, foreign_dtypes

MOST_PLACES = 20
APART, PARTLY, REFUSED, DTYPE = "apart", "partly", "refused", "dtype"


class Term(Record):
    """What targets take on terms only, as a place: why (of `tsl.target.control`, or APART to DTYPE), and words."""

    nodes: tuple[NodeFact, ...]
    targets: tuple[Target, ...]
    why: str
    words: str = ""

    @property
    def operator(self) -> str:
        """`aten::roll`, `prim::Loop`."""
        return self.nodes[0].kind

    @property
    def thing(self) -> str:
        """`branch` or `loop`, where it is one."""
        return {BRANCH: "branch", LOOP: "loop"}.get(self.operator, "")

    @property
    def text(self) -> str:
        """The targets in words."""
        return listed([f"`{target.text}`" for target in self.targets], "and")

    @property
    def is_of_torch(self) -> bool:
        """Whether torch runs it in place of the target."""
        return all(target.table.name == "tensorrt" for target in self.targets)

    @property
    def frame(self) -> Frame | None:
        return self.nodes[0].frame

    @property
    def written(self) -> Frame | None:
        return self.nodes[0].written

    @property
    def where(self) -> str:
        return self.nodes[0].where

    @property
    def others(self) -> tuple[tuple[NodeFact, str], ...]:
        """The other places, each once."""
        return others_of(self.nodes)

    @property
    def anchor(self) -> str:
        return f"{self.why}: {self.nodes[0].anchor}"


def others_of(nodes: tuple[NodeFact, ...]) -> tuple[tuple[NodeFact, str], ...]:
    """The places of all nodes but the first, each once."""
    places = dict[Frame, NodeFact]()
    for node in nodes[1:]:
        place = node.frame or node.written
        if place is not None:
            places.setdefault(place, node)
    return tuple((node, f"and here, in {node.where}") for node in islice(places.values(), MOST_PLACES))


def controls_of(graphs: GraphFacts, targets: Sequence[Target]) -> Iterator[Term]:
    """The branches and loops that targets do not take as they are."""
    asked = frozenset[str]().union(*TAKERS.values())
    if not asked & {target.table.name for target in targets} or not any(graphs.nodes(BRANCH, LOOP)):
        return
    for solved in graphs.foretold.solved:
        for found in controls(solved, graphs.foretold.dead):
            about = tuple(target for target in targets if target.table.name in TAKERS[found.why])
            ends = tuple(target for target in about if target.table.name not in ENGINES)
            left = tuple(target for target in about if target.table.name in ENGINES)
            for some in filter(None, (ends, left)):
                yield Term((graphs.at(found.node),), some, found.why, found.words)


def apart_on(target: Target, nodes: Iterable[NodeFact]) -> Iterator[Term]:
    """The operators that a target takes apart, each once."""
    judge = judge_of(target.table)
    found: dict[str, list[NodeFact]] = {}
    for node in nodes:
        if judge.apart(node) and judge.takes(node, target.version):
            found.setdefault(node.kind, []).append(node)
    for nodes in found.values():
        yield Term(tuple(nodes), (target,), APART, judge.apart(nodes[0]))


def partly_on(target: Target, graphs: GraphFacts) -> Iterator[Term]:
    """The operators of which a target refuses some forms, each once for those it surely and those it may refuse."""
    limits = LIMITS.get(target.table.name, {})
    if not limits or not any(graphs.nodes(*limits)):
        return
    judge = judge_of(target.table)
    found: dict[tuple[str, str], list[NodeFact]] = {}
    for solved in graphs.foretold.solved:
        uses = Uses(solved.graph)
        for inner in uses.nodes:
            limit = limits.get(inner.kind)
            shown = limit.shown(inner, uses) if limit else False
            if shown is not False and judge.takes(graphs.at(inner), target.version):
                found.setdefault((inner.kind, REFUSED if shown else PARTLY), []).append(graphs.at(inner))
    for (kind, why), nodes in found.items():
        yield Term(tuple(nodes), (target,), why, limits[kind].words)


def dtypes_on(target: Target, graphs: GraphFacts) -> Iterator[Term]:
    """Where a model begins to compute in dtypes that a target lacks."""
    lacking = LACKING.get(target.table.name)
    if not lacking:
        return
    for solved in graphs.foretold.solved:
        for found in foreign_dtypes(solved, lacking):
            yield Term((graphs.at(found.node),), (target,), DTYPE, found.dtype)

"""What a rule about targets is asked with: a model, the targets it is to run on, and what they lack of it.

Definitions:
1. An operator is *unknown* to a target that does not take one of its nodes (see `judge`). It is told once, however many
   nodes there are, with all targets that lack it.
2. A converter (ONNX, Core ML, TensorRT, torch.export) is held to what it meets (see `live`); what loads a model, to
   all of it.
3. A release is *too old* where the first release that has all a model calls, or that reads its file, comes after it.
4. What is taken on *terms* (see `terms`) or as control flow (see `control`) is asked of the graph as it runs: inlined,
   and without the arms that are never taken.
5. torch records no place of some nodes: of a `with`, and of `is`. They stand at the one before, which makes what is
   entered, and at the one after, which is the branch.

Needs the graphs' facts and tables. It will never know a rule or a severity.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import islice

from tsl.ir.facts import GraphFacts, NodeFact
from tsl.ir.graph import Frame
from tsl.record import Record
from tsl.target.conditions import Term, apart_on, controls_of, dtypes_on, others_of, partly_on
from tsl.target.control import EXPORTED
from tsl.target.judge import is_foreign, judge_of
from tsl.target.live import unmet
from tsl.target.lock import Drift
from tsl.target.named import Target, listed
from tsl.target.rewrites import help_of
from tsl.target.runtime import Need, need_of

CONVERTERS = EXPORTED | {"onnx", "coreml", "tensorrt"}
NEAR = 3
COMPARED = frozenset({"aten::__is__", "aten::__isnot__"})


class Gap(Record):
    """A target that lacks an operator, and its first version that has it; empty where none does."""

    target: Target
    since: str

    @property
    def text(self) -> str:
        """`onnx:13` (from opset 14 on)."""
        later = f" (from {self.target.table.version_of} {self.since} on)" if self.since else ""
        return f"`{self.target.text}`{later}"

    @property
    def falls_back(self) -> bool:
        """Whether it leaves the operator to torch: Torch-TensorRT cuts the graph there, and runs the rest itself."""
        return self.target.table.name == "tensorrt"


class Unknown(Record):
    """An operator that targets lack (1), as a place: the first node that calls it, and the others.

    `near` is the node beside the first one that has a place, where that has none (5).
    """

    first: NodeFact
    nodes: tuple[NodeFact, ...]
    gaps: tuple[Gap, ...]
    near: tuple[NodeFact, ...] = ()

    @property
    def operator(self) -> str:
        """`aten::roll`."""
        return self.first.kind

    @property
    def is_foreign(self) -> bool:
        """Whether another library brings it."""
        return is_foreign(self.operator)

    @property
    def falls_back(self) -> bool:
        """Whether all that lack it leave it to torch."""
        return all(gap.falls_back for gap in self.gaps)

    @property
    def targets(self) -> str:
        """The targets in words: `onnx:13` (from opset 14 on) and `coreml`."""
        return listed([gap.text for gap in self.gaps], "and")

    @property
    def help(self) -> str:
        """What to write instead; empty where nothing is known."""
        return help_of(self.operator)

    @property
    def frame(self) -> Frame | None:
        return self.first.frame or (self.near[0].frame if self.near else None)

    @property
    def written(self) -> Frame | None:
        return self.first.written

    @property
    def where(self) -> str:
        return self.first.where

    @property
    def others(self) -> tuple[tuple[NodeFact, str], ...]:
        """The other places, each once."""
        return others_of(self.nodes)

    @property
    def anchor(self) -> str:
        return f"operator: {self.operator}"


class TooOld(Record):
    """A release that is too old for a model (3), and what the model needs."""

    target: Target
    need: Need

    @property
    def anchor(self) -> str:
        return f"runtime: {self.target.table.name}"


class TargetFacts:
    """A model and its targets as rules see them.

    `reader` is the first release that reads the file, if known; `drifts` is what has drifted from its lock.
    """

    def __init__(
        self, graphs: GraphFacts, targets: tuple[Target, ...], reader: str = "", drifts: tuple[Drift, ...] = ()
    ) -> None:
        self.graphs, self.targets, self.drifts, self._reader = graphs, targets, drifts, reader

    def unknown(self) -> Iterator[Unknown]:
        """The operators that targets lack, in the order in which the model first calls them (1)."""
        lacking: dict[str, list[NodeFact]] = {}
        gaps: dict[str, dict[str, Gap]] = {}
        for node in self.graphs.nodes():
            found = tuple(self._gaps(node))
            if found:
                lacking.setdefault(node.kind, []).append(node)
                known = gaps.setdefault(node.kind, {})
                for gap in found:
                    known.setdefault(gap.target.text, gap)
        for kind, nodes in lacking.items():
            near = () if nodes[0].frame else tuple(self._near(nodes[0]))
            yield Unknown(nodes[0], tuple(nodes), tuple(gaps[kind].values()), near)

    def _near(self, node: NodeFact) -> Iterator[NodeFact]:
        """The node next to one without a place, if it has one (5)."""
        inside = [one for one in self.graphs.nodes() if one.function == node.function and one.module == node.module]
        place = next(place for place, one in enumerate(inside) if one.visit is node.visit)
        before, after = inside[:place][::-1], inside[place + 1 :]
        around = after if node.kind in COMPARED else before
        yield from islice((one for one in around[:NEAR] if one.frame), 1)

    def _gaps(self, node: NodeFact) -> Iterator[Gap]:
        is_unmet = id(node.visit.node) in self._unmet
        for target in self.targets:
            judge = judge_of(target.table)
            if is_unmet and target.table.name in CONVERTERS:
                continue
            if not judge.takes(node, target.version):
                yield Gap(target, judge.first_after(node, target.version))

    @cached_property
    def _unmet(self) -> frozenset[int]:
        return frozenset[int]().union(*map(unmet, self.graphs.graphs))

    def controls(self) -> Iterator[Term]:
        """The branches and loops that targets do not take as they are (4)."""
        return controls_of(self.graphs, self.targets)

    def terms(self) -> Iterator[Term]:
        """The operators that targets take apart, or partly (4), each once."""
        for target in self.targets:
            met = (node for node in self.graphs.nodes() if id(node.visit.node) not in self._unmet)
            yield from apart_on(target, met)
            yield from partly_on(target, self.graphs)

    def dtypes(self) -> Iterator[Term]:
        """Where a model begins to compute in dtypes that targets lack (4)."""
        for target in self.targets:
            yield from dtypes_on(target, self.graphs)

    def too_old(self) -> Iterator[TooOld]:
        """The releases among the targets that are too old (3)."""
        releases = [target for target in self.targets if target.table.name == "libtorch"]
        if not releases:
            return
        need = need_of(self.graphs.nodes(), self._reader)
        for target in releases:
            versions = target.table.versions
            if need.version and versions.index(need.version) > versions.index(target.version):
                yield TooOld(target, need)

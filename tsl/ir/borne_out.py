"""What is foretold of a model, held against a simulation of it.

Definitions:
1. A conflict is *borne out* where the simulation refuses the same node, a wait where it waits there.
2. It is *contradicted* where the conflict is sure and the simulation ran the node and refused nothing there.
3. The simulation finds something *alone* where it surely refuses a node that nothing is foretold of. Of sizes that were
   guessed it finds nothing alone.

Needs what `tsl.ir.solved` found and what `tsl.ir.simulate` told. It will never run anything, or know a rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tsl.ir.graph import Node
from tsl.ir.solved import Solved
from tsl.record import Record

if TYPE_CHECKING:
    from tsl.ir.simulate import Key, Refused, Run, Simulation

DOMAINS = ("device", "dtype", "shape")


class Counts(Record):
    """How the conflicts and waits of a model fare (1-3)."""

    borne_out: int = 0
    alone: int = 0
    contradicted: int = 0
    waits_borne_out: int = 0


class BorneOut:
    """The nodes of solved graphs, with what a simulation found of each."""

    def __init__(self, solved: Sequence[Solved], simulation: Simulation) -> None:
        self.solved, self._runs = tuple(solved), simulation.runs
        self._keys: dict[int, Key] = {}
        self._nodes: dict[Key, Node] = {}
        for each in self.solved:
            for graph in (each.graph, *each.called):
                for place, node in enumerate(graph.walk()):
                    self._keys[id(node)] = graph.name, place
                    self._nodes[graph.name, place] = node

    def is_refused(self, node: Node) -> bool:
        """(1)"""
        key = self._keys.get(id(node))
        return any(each.key == key for run in self._runs for each in run.refused)

    def is_waited_at(self, nodes: Sequence[Node]) -> bool:
        """(1)"""
        keys = {self._keys.get(id(node)) for node in nodes}
        return any(keys & set(run.waits) for run in self._runs)

    def contradicted(self) -> Iterator[Node]:
        """(2)"""
        for solved in self.solved:
            for found in solved.conflicts(*DOMAINS):
                key = self._keys.get(id(found.node))
                ran = any(key in run.through for run in self._runs)
                if found.sure and ran and not self.is_refused(found.node):
                    yield found.node

    def alone(self) -> Iterator[tuple[Node, Refused]]:
        """(3), in the order of the graphs."""
        foretold = {id(found.node) for solved in self.solved for found in solved.conflicts(*DOMAINS)}
        met: set[Key] = set()
        for run in self._runs:
            for refused in sorted(run.refused):
                node = self._nodes.get(refused.key)
                if node is None or refused.key in met or not _counts(run, refused) or id(node) in foretold:
                    continue
                met.add(refused.key)
                yield node, refused

    def counts(self) -> Counts:
        """How many there are of each."""
        found = [each.node for solved in self.solved for each in solved.conflicts(*DOMAINS)]
        waits = [each for solved in self.solved for each in solved.syncs()]
        return Counts(
            sum(map(self.is_refused, found)),
            sum(1 for _ in self.alone()),
            sum(1 for _ in self.contradicted()),
            sum(self.is_waited_at(each.nodes) for each in waits),
        )


def _counts(run: Run, refused: Refused) -> bool:
    return refused.sure and not (run.guessed and refused.domain != "device")

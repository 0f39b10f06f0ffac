"""What is known of the nodes and values of a graph that is drawn, beyond the graph itself.

Definitions:
1. A value that is a tensor is written as its dtype and shape, and its device where a deployment was asked for or that
   is not the CPU: `float32[1, 64, H] cuda:0`. What is not known of it is left out; where nothing is, its type stands.
2. A node *transfers* where the tensor it makes is on another device than the one it takes; a badge says from where to
   where, and the value's edges are painted. It *waits* where the host surely waits for a device there.
3. A line of source is read from what the archive recorded; else from the file its place names, where that is Python
   and lies in the working directory.
4. All is told of the very graph that is drawn, interpreted under the plan's deployment and inputs, or as it was saved.

Needs an archive that is open, and a plan. It will never decide what is a finding.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from tsl.archive.archive import Archive
from tsl.archive.code import Class
from tsl.archive.module import tensors
from tsl.check.judge import ask
from tsl.check.plan import Plan
from tsl.draw.picture import Badge, Mark
from tsl.draw.places import place_of, written
from tsl.draw.sketch import Told
from tsl.ir import entry
from tsl.ir.deployed import tree_of
from tsl.ir.device import ANYWHERE, CPU
from tsl.ir.facts import GraphFacts, NodeFact
from tsl.ir.foretold import WHERE_SAVED, given_inputs
from tsl.ir.graph import Graph, Node, Value
from tsl.ir.shape import spell
from tsl.ir.solved import ONCE, Solved, solve

MOVES = frozenset({"aten::to", "aten::cpu", "aten::cuda", "aten::copy_", "aten::_to_copy"})
LARGEST = 2_000_000  # bytes of a file that lines are read from


def told_of(graph: Graph, archive: Archive, plan: Plan, *, findings: bool = True) -> tuple[Told, Sequence[str]]:
    """All that is known (1-4), and a line for each finding that is about no node.

    Raises RuleCallError where a rule fails, InputError where inputs do not fit.
    """
    known = _Known(graph, archive, plan)
    marks, loose = known.marks() if findings else ({}, ())
    badges, lines = known.badges(), _Lines(archive)
    tones = known.tones()
    told = Told(
        marks=lambda node: marks.get(id(node), ()),
        badges=lambda node: badges.get(id(node), ()),
        text=lines.of,
        value=known.written,
        weight=lambda path: known.weights.get(path, ""),
        edge_tone=lambda value, taker: tones.get((value.number, id(taker)), tones.get((value.number, 0), "")),
    )
    return told, loose


class _Known:
    """A graph, interpreted."""

    def __init__(self, graph: Graph, archive: Archive, plan: Plan) -> None:
        self._graph, self._archive, self._plan = graph, archive, plan
        method = graph.name.rpartition(".")[2]
        recorded = entry.recorded(archive.traced_inputs.get(method, ()))
        inputs = given_inputs(graph, plan.inputs) if plan.inputs and method == "forward" else recorded
        self._solved = solve(graph, plan.deploy or WHERE_SAVED, tree_of(archive), inputs or None)
        self.weights = {
            path: f"[{', '.join(map(str, tensor.shape))}]" for path, tensor in tensors(archive.module) if tensor.shape
        }

    def marks(self) -> tuple[Mapping[int, Sequence[Mark]], Sequence[str]]:
        """What the rules of graphs find, by the identity of the node; and what they find that is on none, as lines."""
        plan, lines = self._plan, _Lines(self._archive)
        shown = plan.shown_in(self._archive.path, frozenset())
        facts = self._facts()
        found: dict[int, list[Mark]] = {}
        loose: list[str] = []
        for rule in plan.rules_of("ir"):
            for verdict in ask(rule, facts) if rule.code in shown else ():
                severity = plan.severities.get(rule.code, verdict.severity)
                if not isinstance(verdict.node, NodeFact):
                    loose.append(f"{rule.code} {rule.name}: {verdict.sentence}")
                else:
                    node = verdict.node.visit.node
                    place, text = written(place_of(node)), lines.of(node)
                    mark = Mark(rule.code, rule.name, severity.label, verdict.sentence, place, text)
                    found.setdefault(id(node), []).append(mark)
        return found, loose

    def _facts(self) -> GraphFacts:
        archive = self._archive
        devices = frozenset(tensor.device for _, tensor in tensors(archive.module))

        def moves(owner: str, name: str) -> bool:
            held = archive.code.find(owner)
            return isinstance(held, Class) and name in (*held.parameters, *held.buffers)

        deploy = self._plan.deploy
        return GraphFacts(
            [self._graph], moves=moves, devices=devices, deploy=deploy, solve=lambda asked, by_example: [self._solved]
        )

    def written(self, value: Value) -> str:
        """A value as it is at a run (1), nothing where that is not known."""
        return tensor_text(self._solved, value, everywhere=self._plan.deploy is not None)

    def badges(self) -> Mapping[int, Sequence[Badge]]:
        """The transfers and waits (2), by the identity of the node."""
        found: dict[int, list[Badge]] = {}
        for node in self._graph.walk():
            way = self._way(node)
            if way:
                found.setdefault(id(node), []).append(Badge("transfer", f"{way[0]} \N{RIGHTWARDS ARROW} {way[1]}"))
        for sync in self._solved.syncs():
            times = "" if sync.multiplicity == ONCE else f" {sync.multiplicity}"
            for node in sync.nodes if sync.certain else ():
                found.setdefault(id(node), []).append(Badge("sync", f"waits for {sync.device}{times}"))
        return found

    def tones(self) -> Mapping[tuple[int, int], str]:
        """The tones of edges (2): by the number of the value, and the identity of who takes it or 0 for all."""
        found: dict[tuple[int, int], str] = {}
        for node in self._graph.walk():
            if self._way(node):
                found[node.outputs[0].number, 0] = "transfer"
        for sync in self._solved.syncs():
            for node in sync.nodes if sync.certain else ():
                found.update(((value.number, id(node)), "sync") for value in node.inputs)
        return found

    def _way(self, node: Node) -> tuple[str, str] | None:
        """From which device to which a node transfers, None where it does not or is not known to."""
        if node.kind not in MOVES or not node.inputs or not node.outputs:
            return None
        source = node.inputs[1 if node.kind == "aten::copy_" else 0]
        way = self._solved.device_of(source), self._solved.device_of(node.outputs[0])
        return way if ANYWHERE not in way and way[0] != way[1] else None


class _Lines:
    """Lines of source (3)."""

    def __init__(self, archive: Archive) -> None:
        self._recorded: dict[str, dict[int, str]] = {}
        for path, first, text in archive.code.recorded():
            lines = self._recorded.setdefault(path, {})
            lines.update(enumerate(text.split("\n"), first))
        self._files: dict[str, list[str]] = {}

    def of(self, node: Node) -> str:
        """The line a node comes from, nothing where it is not to be had."""
        place = place_of(node)
        if place is None:
            return ""
        found = self._recorded.get(place.path, {}).get(place.line)
        if found is not None:
            return found.strip()
        lines = self._lines(place.path)
        return lines[place.line - 1].strip() if 0 < place.line <= len(lines) else ""

    def _lines(self, path: str) -> list[str]:
        if path not in self._files:
            self._files[path] = _read(path)
        return self._files[path]


def _read(path: str) -> list[str]:
    here, place = os.path.realpath(os.getcwd()), os.path.realpath(path)
    if not place.endswith(".py") or os.path.commonpath([here, place]) != here or not os.path.isfile(place):
        return []
    try:
        with open(place, encoding="utf-8") as file:
            return file.read(LARGEST).split("\n")
    except (OSError, UnicodeDecodeError):
        return []


def tensor_text(solved: Solved, value: Value, *, everywhere: bool) -> str:
    """A value that is a tensor (1). `everywhere` asks for its device on the CPU too."""
    if solved.tensor_of(value) is None:
        return ""
    shape, device = solved.shape_of(value), solved.device_of(value)
    sizes = spell(shape) if shape is not None else ""
    dtype = solved.dtype_of(value) or ("Tensor" if sizes else "")
    where = f" {device}" if device != ANYWHERE and (everywhere or device != CPU) else ""
    return f"{dtype}{sizes}{where}".strip() if dtype or where else ""

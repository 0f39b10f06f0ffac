"""What the rules of graphs find in a graph that is drawn, by node.

The rules are asked about the drawn graph itself, so that a finding is on the very node it is about; which of them, and
how grave, is what `tsl check` shows for the file. Needs a plan. It will never match findings with nodes by their lines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tsl.archive.archive import Archive
from tsl.archive.code import Class
from tsl.archive.module import tensors
from tsl.check.judge import ask
from tsl.check.plan import Plan
from tsl.draw.picture import Mark
from tsl.ir.facts import GraphFacts, NodeFact
from tsl.ir.graph import Graph, Node


def marks_of(graph: Graph, archive: Archive, plan: Plan) -> Callable[[Node], Sequence[Mark]]:
    """Who tells the findings of a node of the graph. Raises RuleCallError where a rule fails."""
    facts = _facts(graph, archive)
    shown = plan.shown_in(archive.path, frozenset())
    found: dict[int, list[Mark]] = {}
    for rule in plan.rules_of("ir"):
        if rule.code not in shown:
            continue
        for verdict in ask(rule, facts):
            severity = plan.severities.get(rule.code, verdict.severity)
            mark = Mark(rule.code, rule.name, severity.label, verdict.sentence)
            if isinstance(verdict.node, NodeFact):
                found.setdefault(id(verdict.node.visit.node), []).append(mark)
    return lambda node: _of(node, found)


def _of(node: Node, found: dict[int, list[Mark]]) -> Sequence[Mark]:
    return found.get(id(node), ())


def _facts(graph: Graph, archive: Archive) -> GraphFacts:
    """What is known of the nodes of a graph that calls nothing any more."""
    devices = frozenset(tensor.device for _, tensor in tensors(archive.module))

    def moves(owner: str, name: str) -> bool:
        found = archive.code.find(owner)
        return isinstance(found, Class) and name in (*found.parameters, *found.buffers)

    return GraphFacts([graph], moves=moves, devices=devices)

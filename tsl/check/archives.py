"""All that can be said about one saved file: opened, asked every archive rule, and its graphs every rule of graphs.

Needs the rooms of archives and graphs, loaded for the first such file; nothing of one is run. It is in no cache: to
know that a file is the same all of its bytes but the weights would be read, which is most of the work, and its size and
time do not tell.

A finding stands on the file as a whole, whose bytes have no lines. What it is about:
1. of a graph, the place in the user's files that was recorded when the model was made, as a label, or the place in the
   archive's own code where none was; a rule has one finding for each such place;
2. of the archive itself, what the place calls itself (its anchor).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.archive.archive import Archive, open_archive
from tsl.archive.facts import ArchiveFacts
from tsl.cache import Judged
from tsl.check.judge import ask, merge
from tsl.check.simulated import asked_of_simulation, note_of
from tsl.diagnostic import Diagnostic, Evidence, Label, Span
from tsl.ir.facts import GraphFacts, NodeFact, facts_of, plain
from tsl.project import shown
from tsl.record import Record
from tsl.rule import Rule, Verdict

if TYPE_CHECKING:
    from tsl.check.plan import Plan
    from tsl.ir.graph import Frame
    from tsl.ir.simulate import Simulation
    from tsl.target.facts import Unknown

UNREAD = "TSL903"
MOST_KINDS = 3  # of each domain, in a line on what is not known


def notes_of(facts: GraphFacts) -> tuple[str, ...]:
    """How much of the graphs of a model has no transfer function, and how a simulation went, in a line each."""
    went = note_of(facts, facts.simulation) if facts.simulation else ""
    told = []
    for domain, kinds in facts.foretold.unknown().items():
        most = sorted(kinds, key=lambda kind: (-kinds[kind], kind))[:MOST_KINDS]
        of = ", ".join(f"{kind} {kinds[kind]}" for kind in most)
        told.append(f"{domain} {sum(kinds.values())}{f' ({of})' if of else ''}")
    return tuple(filter(None, [f"nodes without a transfer function: {', '.join(told) or 'none'}", went]))


def judge_archive(
    path: str, data: bytes | None, roots: tuple[str, ...], plan: Plan, simulation: Simulation | None = None
) -> tuple[Judged, tuple[str, ...]]:
    """All findings of the archive at a path, or in the bytes that stand for it, with what came of simulating it, and
    what a verbose run says of it.

    Raises OSError, RuleCallError, and InputError where the model does not take the inputs of the plan.
    """
    with open_archive(path, data) as archive:
        found = list(_of_file(path, archive, plan))
        notes: tuple[str, ...] = ()
        try:
            facts = facts_of(archive, plan.deploy, plan.inputs, simulation=simulation)
            found += _of_graphs(path, archive, facts, plan)
            if facts and plan.settings.verbose and not any(one.code == UNREAD for one in found):
                notes = notes_of(facts)
        except RecursionError:
            found.append(_unread(path, plan.rule(UNREAD), TOO_DEEP))
    return Judged(merge(found), unmatched_roots=roots), notes


def _of_file(path: str, archive: Archive, plan: Plan) -> Iterator[Diagnostic]:
    for rule, verdict in asked_of_file(archive, plan):
        yield _diagnostic(path, rule, verdict, str(verdict.node.anchor))


def _of_graphs(path: str, archive: Archive, facts: GraphFacts | None, plan: Plan) -> Iterator[Diagnostic]:
    if facts is None:
        if plan.lock:
            yield _of_another_kind(path, archive, plan.rule("TSL610"))
        return
    if plan.inputs:
        _ = facts.foretold  # says of inputs that the model does not take
    for rule, verdict in asked_of_graphs(facts, plan):
        yield _diagnostic(path, rule, verdict, verdict.node.anchor, tuple(_labels(path, verdict.node)))
    if plan.targets or plan.lock:
        yield from _of_targets(path, archive, facts, plan)
    for part in unread_of(facts):
        yield _unread(path, plan.rule(UNREAD), part)


def asked_of_file(archive: Archive, plan: Plan) -> Iterator[tuple[Rule, Verdict]]:
    """What the rules on archives find in one. Raises RuleCallError."""
    facts = ArchiveFacts(archive)
    for rule in plan.rules_of("archive"):
        for verdict in ask(rule, facts):
            yield rule, verdict


def asked_of_graphs(facts: GraphFacts, plan: Plan) -> Iterator[tuple[Rule, Verdict]]:
    """What the rules on graphs, and a simulation alone, find in those of a model.

    Raises RuleCallError, or RecursionError (see TOO_DEEP).
    """
    for rule in plan.rules_of("ir"):
        for verdict in ask(rule, facts):
            yield rule, verdict
    yield from asked_of_simulation(facts, plan)


class Unread(Record):
    """A part of a model that was not checked: a function, or all of it where it is empty, and why."""

    function: str
    reason: str

    @property
    def message(self) -> str:
        """That it was not, in a sentence."""
        what = f"the graph of `{self.function}`" if self.function else "its graph"
        return f"{what} is not checked: {self.reason}"

    @property
    def anchor(self) -> str:
        """What identifies the part."""
        return f"graph: {self.function}"


TOO_DEEP = Unread("", "the code nests too deeply")


def unread_of(facts: GraphFacts) -> tuple[Unread, ...]:
    """What was not checked of a model whose rules have been asked."""
    found = [Unread(plain(function), reason) for function, reason in facts.unread.items()]
    if not facts.is_complete:
        found.append(Unread("", "its methods call each other without end"))
    return tuple(found)


def asked_of_targets(archive: Archive, graphs: GraphFacts, plan: Plan) -> Iterator[tuple[Rule, Verdict]]:
    """What the rules on targets and locks find, each with the remedy that its place has. Raises RuleCallError."""
    from tsl.archive.inspection.parts import versions_of
    from tsl.target.facts import TargetFacts
    from tsl.target.lock import LockError, drifts, lock_of

    try:
        drifted = drifts(plan.lock, lock_of(archive, graphs)) if plan.lock else ()
    except LockError:
        drifted = ()  # that the graph is not checked is a finding of its own
    facts = TargetFacts(graphs, plan.targets, versions_of(archive).runtime, drifted)
    for rule in plan.rules_of("target") if plan.targets or plan.lock else ():
        for verdict in ask(rule, facts):
            yield rule._replace(help=getattr(verdict.node, "help", "") or rule.help), verdict


def _of_targets(path: str, archive: Archive, graphs: GraphFacts, plan: Plan) -> Iterator[Diagnostic]:
    for rule, verdict in asked_of_targets(archive, graphs, plan):
        place = verdict.node
        labels = tuple(_labels(path, place)) if hasattr(place, "where") else ()
        yield _diagnostic(path, rule, verdict, place.anchor, labels)


def _of_another_kind(path: str, archive: Archive, rule: Rule) -> Diagnostic:
    """That a file which is held to the lock of a model holds none."""
    message = f"the lock is of a `TorchScript` model, and this is a `{archive.kind.title}`"
    return Diagnostic(_whole(path), rule.code, rule.name, rule.severity, message, rule.help, "kind", (Evidence.IR,))


def _unread(path: str, rule: Rule, part: Unread) -> Diagnostic:
    severity, evidence = rule.severity, (Evidence.IR,)
    return Diagnostic(_whole(path), rule.code, rule.name, severity, part.message, rule.help, part.anchor, evidence)


def _diagnostic(path: str, rule: Rule, verdict: Verdict, anchor: str, labels: tuple[Label, ...] = ()) -> Diagnostic:
    sentence, severity, evidence = verdict.sentence, verdict.severity, evidence_of(verdict)
    return Diagnostic(_whole(path), rule.code, rule.name, severity, sentence, rule.help, anchor, evidence, labels)


def evidence_of(verdict: Verdict) -> tuple[Evidence, ...]:
    """What a finding about a graph rests on."""
    is_simulated = getattr(verdict.node, "simulated", False)
    return (Evidence.IR, Evidence.SIMULATED) if is_simulated else (Evidence.IR,)


def _labels(path: str, node: NodeFact | Unknown) -> Iterator[Label]:
    """The recorded place of a node (1), or the one in the archive's code, and the other places it speaks of."""
    if node.frame:
        yield Label(recorded_span(node.frame), f"recorded here, in {node.where}")
    elif node.written:
        frame = node.written
        yield Label(recorded_span(frame._replace(path=f"{path}/{frame.path}")), f"written here, in {node.where}")
    for other, text in node.others:
        if other.frame and other.frame != node.frame:
            yield Label(recorded_span(other.frame), text)
        elif not other.frame and other.written and other.written != node.written:
            yield Label(recorded_span(other.written._replace(path=f"{path}/{other.written.path}")), text)


def recorded_span(frame: Frame) -> Span:
    """Where a recorded place says that it is, whatever is there now."""
    line, column = max(frame.line, 1), max(frame.column, 1)
    return Span(_near(frame.path), line, column, line, column + 1)


def _near(recorded: str) -> str:
    """A recorded path, from the working directory where it lies below it."""
    here = os.path.join(os.getcwd(), "")
    return shown(recorded) if recorded.startswith(here) else recorded


def _whole(path: str) -> Span:
    return Span(path, 1, 1, 1, 1)

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
from tsl.diagnostic import Diagnostic, Evidence, Label, Span
from tsl.ir.facts import NodeFact, facts_of, plain
from tsl.project import shown
from tsl.rule import Rule, Verdict

if TYPE_CHECKING:
    from tsl.check.plan import Plan
    from tsl.ir.graph import Frame

UNREAD = "TSL903"
MOST_KINDS = 3  # of each domain, in a line on what is not known


def unknown_in(path: str, data: bytes | None, plan: Plan) -> str:
    """How much of an archive's graphs has no transfer function, in a line; nothing where there is no graph."""
    with open_archive(path, data) as archive:
        facts = facts_of(archive, plan.deploy, plan.inputs)
        if facts is None:
            return ""
        unknown = facts.foretold.unknown()
    told = []
    for domain, kinds in unknown.items():
        most = sorted(kinds, key=lambda kind: (-kinds[kind], kind))[:MOST_KINDS]
        of = ", ".join(f"{kind} {kinds[kind]}" for kind in most)
        told.append(f"{domain} {sum(kinds.values())}{f' ({of})' if of else ''}")
    return f"nodes without a transfer function: {', '.join(told) or 'none'}"


def judge_archive(path: str, data: bytes | None, roots: tuple[str, ...], plan: Plan) -> Judged:
    """All findings of the archive at a path, or in the bytes that stand for it.

    Raises OSError, RuleCallError, and InputError where the model does not take the inputs of the plan.
    """
    with open_archive(path, data) as archive:
        found = [*_of_file(path, archive, plan), *_of_graphs(path, archive, plan)]
    return Judged(merge(found), unmatched_roots=roots)


def _of_file(path: str, archive: Archive, plan: Plan) -> Iterator[Diagnostic]:
    facts = ArchiveFacts(archive)
    for rule in plan.rules_of("archive"):
        for verdict in ask(rule, facts):
            yield _diagnostic(path, rule, verdict, str(verdict.node.anchor))


def _of_graphs(path: str, archive: Archive, plan: Plan) -> Iterator[Diagnostic]:
    try:
        facts = facts_of(archive, plan.deploy, plan.inputs)
        if facts is None:
            return
        if plan.inputs:
            _ = facts.foretold  # says of inputs that the model does not take
        for rule in plan.rules_of("ir"):
            for verdict in ask(rule, facts):
                yield _diagnostic(path, rule, verdict, verdict.node.anchor, tuple(_labels(path, verdict.node)))
    except RecursionError:
        yield _unread(path, plan.rule(UNREAD), "", "the code nests too deeply")
        return
    for function, reason in facts.unread.items():
        yield _unread(path, plan.rule(UNREAD), plain(function), reason)
    if not facts.is_complete:
        yield _unread(path, plan.rule(UNREAD), "", "its methods call each other without end")


def _unread(path: str, rule: Rule, function: str, reason: str) -> Diagnostic:
    """That a graph, or the part of it that a function is, was not checked."""
    what = f"the graph of `{function}`" if function else "its graph"
    message, anchor = f"{what} is not checked: {reason}", f"graph: {function}"
    return Diagnostic(_whole(path), rule.code, rule.name, rule.severity, message, rule.help, anchor, (Evidence.IR,))


def _diagnostic(path: str, rule: Rule, verdict: Verdict, anchor: str, labels: tuple[Label, ...] = ()) -> Diagnostic:
    sentence, severity = verdict.sentence, verdict.severity
    return Diagnostic(_whole(path), rule.code, rule.name, severity, sentence, rule.help, anchor, (Evidence.IR,), labels)


def _labels(path: str, node: NodeFact) -> Iterator[Label]:
    """The recorded place of a node (1), or the one in the archive's code, and the other places it speaks of."""
    if node.frame:
        yield Label(_span(node.frame), f"recorded here, in {node.where}")
    elif node.written:
        frame = node.written
        yield Label(_span(frame._replace(path=f"{path}/{frame.path}")), f"written here, in {node.where}")
    for other, text in node.others:
        if other.frame and other.frame != node.frame:
            yield Label(_span(other.frame), text)


def _span(frame: Frame) -> Span:
    line, column = max(frame.line, 1), max(frame.column, 1)
    return Span(_near(frame.path), line, column, line, column + 1)


def _near(recorded: str) -> str:
    """A recorded path, from the working directory where it lies below it."""
    here = os.path.join(os.getcwd(), "")
    return shown(recorded) if recorded.startswith(here) else recorded


def _whole(path: str) -> Span:
    return Span(path, 1, 1, 1, 1)

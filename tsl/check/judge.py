"""All that can be said about one file, before anyone selects: load, analyse, ask every rule, merge.

Needs the source engine, loaded for the first file that is in no cache. It will never drop a finding because of what a
user asked to see.

A file that cannot be analysed has one finding that says so:
1. over LIMIT bytes nothing in it is read (TSL902);
2. what does not decode or parse is told where it breaks (TSL900).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tsl.cache import Judged
from tsl.diagnostic import Diagnostic, Label, Span
from tsl.rule import Rule, Verdict, verdicts

if TYPE_CHECKING:
    from tsl.check.plan import Plan
    from tsl.source.facts import Function
    from tsl.source.file import SourceError

LIMIT = 2 * 1024 * 1024


class RuleCallError(Exception):
    """A rule raised something while it was asked about a function."""


def load(path: str) -> bytes:
    """The bytes of a file, or the first LIMIT + 1 of them. Raises OSError."""
    with open(path, "rb") as file:
        return file.read(LIMIT + 1)


def judge(path: str, data: bytes, roots: tuple[str, ...], plan: Plan) -> Judged:
    """All findings in a file of these bytes, from the cache where they are known.

    Raises RuleCallError when a rule fails, RecursionError when code is nested too deeply for the engine.
    """
    known = plan.cache.get(path, data, roots) if plan.cache else None
    if known is not None:
        return known
    judged = _judge(path, data, roots, plan)
    if plan.cache:
        plan.cache.put(path, data, roots, judged)
    return judged


def _judge(path: str, data: bytes, roots: tuple[str, ...], plan: Plan) -> Judged:
    from tsl.source import analyse
    from tsl.source.file import SourceError, parse

    if len(data) > LIMIT:
        return Judged((_too_large(path, plan.rule("TSL902")),), unmatched_roots=roots)
    try:
        file = parse(path, data)
    except SourceError as error:
        return Judged((_broken(path, error, plan.rule("TSL900")),), unmatched_roots=roots)
    analysis = analyse(file, roots)
    found = (one for function in analysis.functions for rule in plan.source_rules for one in _ask(rule, function))
    return Judged(merge(found), analysis.captures, analysis.unmatched_roots)


def _ask(rule: Rule, function: Function) -> Iterator[Diagnostic]:
    try:
        for verdict in verdicts(rule, function):
            yield _diagnostic(rule, function, verdict)
    except RecursionError:
        raise
    except Exception as error:  # a rule may be a user's own; the driver says which one failed on which file
        raise RuleCallError(f"{type(error).__name__}: {error}, in the rule {rule.name}") from error


def _diagnostic(rule: Rule, function: Function, verdict: Verdict) -> Diagnostic:
    file = function.file
    span = file.span(verdict.node)
    labels = tuple(Label(file.span(node), text) for node, text in verdict.labels)
    anchor = f"{function.qualname}: {file.lines[span.line - 1].strip()}"
    return Diagnostic(span, rule.code, rule.name, verdict.severity, verdict.sentence, rule.help, anchor, labels=labels)


def merge(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Findings in the order of the text, one for each place and code: the gravest. Anchors that recur are counted."""
    gravest: dict[tuple[Span, str], Diagnostic] = {}
    for one in found:
        known = gravest.setdefault((one.span, one.code), one)
        if one.severity > known.severity:
            gravest[one.span, one.code] = one
    return tuple(_counted(sorted(gravest.values(), key=lambda one: (one.span, one.code))))


def _counted(found: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    met: dict[tuple[str, str], int] = {}
    for one in found:
        times = met[one.code, one.anchor] = met.get((one.code, one.anchor), 0) + 1
        yield one if times == 1 else one._replace(anchor=f"{one.anchor} #{times}")


def _broken(path: str, error: SourceError, rule: Rule) -> Diagnostic:
    span = Span(path, error.line, error.column, error.line, error.column + 1)
    message = f"nothing in this file is checked: {error.message}"
    return Diagnostic(span, rule.code, rule.name, rule.severity, message, rule.help, error.message)


def _too_large(path: str, rule: Rule) -> Diagnostic:
    message = f"nothing in this file is checked: it has more than {LIMIT // 1024**2} MiB"
    return Diagnostic(Span(path, 1, 1, 1, 1), rule.code, rule.name, rule.severity, message, rule.help, "size")

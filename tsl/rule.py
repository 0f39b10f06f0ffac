"""A rule: a page and a question in one file.

A rule's file holds a docstring (its page, see `tsl.page`) and one function marked with a decorator of this module. The
function is asked about one judged function, archive or graph at a time and yields findings; it holds no state and walks
no tree: facts belong to the engines. A finding is `(place, sentence)`, or `(place, sentence, severity)` where the rule
knows better than its default. A place is an `ast` node, or anything that has a `node` and `labels`, such as
`tsl.source.facts.Use`; of an archive it is a `tsl.archive.facts.Spot`, of a graph a `tsl.ir.facts.NodeFact`, and
`tsl.target.facts` has places of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from tsl.diagnostic import Severity
from tsl.record import Record
from tsl.remedy import REMEDIES

CODE = re.compile(r"[A-Z]{2,6}[0-9]{3}")

Finding = tuple[Any, ...]
Check = Callable[[Any], Iterator[Finding]]


class RuleError(Exception):
    """A rule's file breaks the form a rule has; the message says what to write instead."""


class Rule(Record):
    """A loaded rule. `name` is the function's name with dashes, and reads well after "allow".

    `engine` says who is asked: `source`, `archive`, `ir`, `target` or `run`, or `driver` for what tsl says about its
    own run. An `optional` rule is asked where its own name or code is selected, and by no family. `fix` is the name of
    what mends a finding (`tsl.remedy.REMEDIES`), empty where nothing does. `title` is that of its page, empty where the
    page was not read: `tsl.page` reads it.
    """

    code: str
    name: str
    severity: Severity
    since: str
    help: str
    engine: str
    check: Check
    path: str = ""
    optional: bool = False
    fix: str = ""
    title: str = ""


class Verdict(Record):
    """A finding of a rule with everything filled in; each label has a `file`, a `node` and a `text`.

    `about` is what the place tells a fix.
    """

    node: Any
    sentence: str
    severity: Severity
    labels: tuple[Any, ...]
    about: str = ""


def source_rule(
    code: str, *, severity: str, since: str, help: str, optional: bool = False, fix: str = ""
) -> Callable[[Check], Rule]:
    """Marks a function as a question to the source engine; it is called with a `tsl.source.facts.Function`.

    `code` is the stable code (`TSL101`; a rulebook of your own uses a prefix of its own), `severity` one of error,
    warning and info, `since` the version the rule came in, `help` the remedy in one sentence, `fix` the name of what
    mends a finding, one of `tsl.remedy.REMEDIES`. Raises RuleError when one of them is not of that form.
    """
    return _marker(code, severity, since, help, "source", optional, fix)


def archive_rule(code: str, *, severity: str, since: str, help: str) -> Callable[[Check], Rule]:
    """Marks a function as a question about a file that was saved; it is called with a `tsl.archive.facts.ArchiveFacts`.

    The arguments are those of `source_rule`. Raises RuleError when one of them is not of that form.
    """
    return _marker(code, severity, since, help, "archive")


def ir_rule(code: str, *, severity: str, since: str, help: str) -> Callable[[Check], Rule]:
    """Marks a function as a question about what a model runs; it is called with a `tsl.ir.facts.GraphFacts`.

    The arguments are those of `source_rule`. Raises RuleError when one of them is not of that form.
    """
    return _marker(code, severity, since, help, "ir")


def target_rule(code: str, *, severity: str, since: str, help: str) -> Callable[[Check], Rule]:
    """Marks a function as a question about a model and its targets; it is called with a `tsl.target.facts.TargetFacts`.

    The arguments are those of `source_rule`. Raises RuleError when one of them is not of that form.
    """
    return _marker(code, severity, since, help, "target")


def run_rule(code: str, *, severity: str, since: str, help: str) -> Callable[[Check], Rule]:
    """Marks a function as a question about what a run of a model showed.

    It is called with a `tsl.ir.fused_facts.FusionFacts`; the arguments are those of `source_rule`.
    Raises RuleError when one of them is not of that form.
    """
    return _marker(code, severity, since, help, "run")


def driver_rule(code: str, *, severity: str, since: str, help: str, fix: str = "") -> Callable[[Check], Rule]:
    """Marks the page of something the driver itself reports; the function is never called and yields nothing."""
    return _marker(code, severity, since, help, "driver", fix=fix)


def verdicts(rule: Rule, subject: Any) -> Iterator[Verdict]:
    """What a rule finds in a subject. A value that is traced on some paths only is one severity lower."""
    for place, sentence, *given in rule.check(subject):
        severity = given[0] if given else rule.severity
        if not getattr(place, "certain", True):
            severity = Severity(max(severity - 1, Severity.INFO))
        labels = tuple(getattr(place, "labels", ()))
        yield Verdict(getattr(place, "node", place), sentence, severity, labels, getattr(place, "about", ""))


def _marker(
    code: str, severity: str, since: str, help: str, engine: str, optional: bool = False, fix: str = ""
) -> Callable[[Check], Rule]:
    if not CODE.fullmatch(code):
        raise RuleError(f"{code!r} is not a rule code; write capital letters and three digits, such as TSL101")
    try:
        level = Severity.parse(severity)
    except ValueError as error:
        raise RuleError(str(error)) from None
    if fix and fix not in REMEDIES:
        raise RuleError(f"no fix is called {fix!r}; tsl.remedy.REMEDIES lists them")

    def mark(check: Check) -> Rule:
        name = check.__name__.replace("_", "-")
        return Rule(code, name, level, since, help, engine, check, optional=optional, fix=fix)

    return mark

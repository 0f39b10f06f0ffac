"""All that can be said about one file, before anyone selects: load, analyse, ask every rule, merge.

Needs the source engine, loaded for the first file that is in no cache. It will never drop a finding because of what a
user asked to see.

A file that cannot be analysed has one finding that says so:
1. over LIMIT bytes nothing in it is read (TSL902);
2. what does not decode or parse is told where it breaks (TSL900).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from zlib import crc32

from tsl.cache import Judged
from tsl.diagnostic import Diagnostic, Label, Span
from tsl.rule import Rule, Verdict, verdicts

if TYPE_CHECKING:
    from tsl.check.plan import Plan
    from tsl.source.facts import Function
    from tsl.source.file import SourceError
    from tsl.source.modules import Modules

LIMIT = 2 * 1024 * 1024
# Parsed modules held at once; one takes about half a megabyte with what is known of it.
MODULES_KEPT = 1000
# What joins the question to the cache where files are held to torch.jit.script whatever they say; no root is called so.
COMPILES = "(script)"
# Rules of which a line can have several findings: each is about an operator, wherever that is called.
BY_SUBJECT = frozenset({"TSL601", "TSL606"})
LACKING = "TSL601"


# What the rules of a family ask for: where a function has no such fact, none of them is called.
ASKED_FOR = {"TSL2": "Refusal", "TSL3": "Step"}


class RuleCallError(Exception):
    """A rule raised something while it was asked."""


def load(path: str) -> bytes:
    """The bytes of a file, or the first LIMIT + 1 of them. Raises OSError."""
    with open(path, "rb") as file:
        return file.read(LIMIT + 1)


class Judge:
    """Judges the files of a run one after another; what one of them needed to know of others is known for the next."""

    __slots__ = ("_modules", "_plan", "_rules")

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._rules: dict[str, list[Rule]] = {}
        for rule in plan.rules_of("source"):
            self._rules.setdefault(ASKED_FOR.get(rule.code[:4], ""), []).append(rule)
        self._modules: Modules | None = None

    def judge(self, path: str, data: bytes, roots: tuple[str, ...]) -> Judged:
        """All findings that judging a file of these bytes makes, from the cache where they are known.

        Raises RuleCallError when a rule fails, RecursionError when code is nested too deeply for the engine.
        """
        cache = self._plan.cache
        question = (*roots, COMPILES) if self._plan.compiles else roots
        question += tuple(f"({target.text} {crc32(target.table.text.encode())})" for target in self._plan.targets)
        known = cache.get(path, data, question) if cache else None
        if known is not None:
            return known
        judged = self._judged(path, data, roots)
        if cache:
            cache.put(path, data, question, judged)
        return judged

    def _judged(self, path: str, data: bytes, roots: tuple[str, ...]) -> Judged:
        from tsl.source import analyse
        from tsl.source.file import SourceError

        plan = self._plan
        if len(data) > LIMIT:
            return Judged((_too_large(path, plan.rule("TSL902")),), unmatched_roots=roots)
        modules = self._read_so_far()
        try:
            file = modules.parse(path, data)
        except SourceError as error:
            return Judged((_broken(path, error, plan.rule("TSL900")),), unmatched_roots=roots)
        analysis = analyse(file, roots, modules, compiles=plan.compiles)
        found = (
            _diagnostic(rule, function, verdict)
            for function in analysis.functions
            for rule in self._asked(function)
            for verdict in ask(rule, function)
        )
        gravest = merge([*found, *self._lacking(analysis.functions)])
        rests_on = modules.dependencies(file)
        return Judged(
            gravest,
            analysis.captures,
            analysis.unmatched_roots,
            tuple(sorted(rests_on.read)),
            tuple(sorted(rests_on.absent)),
        )

    def _lacking(self, functions: Iterable[Function]) -> Iterator[Diagnostic]:
        """The calls of what the targets of the run lack, as far as the text shows it."""
        if not self._plan.targets:
            return
        from tsl.target.written import WrittenFacts

        rule = self._plan.rule(LACKING)
        for function in functions:
            for verdict in ask(rule, WrittenFacts(function, self._plan.targets)):
                told = rule._replace(help=verdict.node.help or rule.help)
                yield _diagnostic(told, function, verdict._replace(node=verdict.node.call))

    def _asked(self, function: Function) -> Iterator[Rule]:
        """The rules that may find something in a function."""
        there = {type(fact).__name__ for fact in function.facts}
        for kind, rules in self._rules.items():
            if not kind or kind in there:
                yield from rules

    def _read_so_far(self) -> Modules:
        from tsl.source.modules import Modules

        if self._modules is None:
            from tsl.target.exporters import Exporters

            self._modules = Modules(self._plan.search, self._plan.texts, self._watched(), Exporters())
        self._modules.forget(MODULES_KEPT)
        return self._modules

    def _watched(self) -> frozenset[str]:
        """What is noted besides what rules watch."""
        if not self._plan.targets:
            return frozenset()
        from tsl.target.written import watched

        return watched()


def ask(rule: Rule, subject: Any) -> Iterator[Verdict]:
    """What a rule finds in a subject. Raises RuleCallError where it raises anything but RecursionError."""
    try:
        yield from verdicts(rule, subject)
    except RecursionError:
        raise
    except Exception as error:  # a rule may be a user's own; the driver says which one failed on which file
        raise RuleCallError(f"{type(error).__name__}: {error}, in the rule {rule.name}") from error


def _diagnostic(rule: Rule, function: Function, verdict: Verdict) -> Diagnostic:
    file = function.file
    span = file.span(verdict.node)
    labels = tuple(Label(note.file.span(note.node), note.text) for note in verdict.labels)
    anchor = f"{function.qualname}: {file.lines[span.line - 1].strip()}"
    found = Diagnostic(span, rule.code, rule.name, verdict.severity, verdict.sentence, rule.help, anchor)
    return found._replace(labels=labels, about=verdict.about)


def merge(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Findings in the order of the text, one for each place and code: the gravest, the first in
    the alphabet of equal ones."""
    gravest: dict[tuple[Any, ...], Diagnostic] = {}
    for one in found:
        key = (one.span, one.code, _place_within(one))
        known = gravest.setdefault(key, one)
        if (one.severity, known.message, known.labels) > (known.severity, one.message, one.labels):
            gravest[key] = one
    return tuple(sorted(gravest.values(), key=lambda one: (one.span, one.code, one.labels, one.anchor)))


def _place_within(found: Diagnostic) -> Any:
    """What tells findings apart that stand on a whole file: the first place they label, else what they are about."""
    span = found.span
    if (span.line, span.column) != (span.end_line, span.end_column):
        return None
    return found.labels[0].span if found.labels and found.code not in BY_SUBJECT else found.anchor


def counted(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The findings of one file with anchors that recur told apart by a number."""
    met: dict[tuple[str, str], int] = {}
    numbered = []
    for one in found:
        times = met[one.code, one.anchor] = met.get((one.code, one.anchor), 0) + 1
        numbered.append(one if times == 1 else one._replace(anchor=f"{one.anchor} #{times}"))
    return tuple(numbered)


def _broken(path: str, error: SourceError, rule: Rule) -> Diagnostic:
    span = Span(path, error.line, error.column, error.line, error.column + 1)
    message = f"nothing in this file is checked: {error.message}"
    return Diagnostic(span, rule.code, rule.name, rule.severity, message, rule.help, error.message)


def _too_large(path: str, rule: Rule) -> Diagnostic:
    message = f"nothing in this file is checked: it has more than {LIMIT // 1024**2} MiB"
    return Diagnostic(Span(path, 1, 1, 1, 1), rule.code, rule.name, rule.severity, message, rule.help, "size")

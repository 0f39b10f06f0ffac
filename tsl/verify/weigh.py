"""Findings and refusals of the compiler side by side: what a compilation says of what `tsl check` says.

Needs no torch. It will never make a finding.

1. A refusal *confirms* the errors of family TSL2 on the innermost line of its stack on which there are some, and those
   that lead to that line from another file where none stands on it.
2. An error that none confirms *compiles* where the compiler made something of a line of it; then it is a false alarm,
   or true of another model of that class. Otherwise the compiler never reached it: it stops at its first error.
3. What is no error says that the code compiles, and is neither.
"""

from __future__ import annotations

from tsl.diagnostic import Diagnostic, Evidence, Severity, Span
from tsl.entry.place import Place
from tsl.outcome import Outcome
from tsl.record import Record
from tsl.verify.compiled import Compilation, Refused

FAMILY = "TSL2"


class Weighed(Record):
    """The findings of family TSL2 in `outcome`, the confirmed ones with evidence RUN, and what became of each error.

    `by_refusal` holds, for each refusal, the findings it confirms: none where tsl is silent.
    """

    outcome: Outcome
    by_refusal: tuple[tuple[Diagnostic, ...], ...]
    compiles: tuple[Diagnostic, ...]
    unreached: tuple[Diagnostic, ...]

    @property
    def confirmed(self) -> int:
        """How many findings are confirmed."""
        return len({id(found) for group in self.by_refusal for found in group})


def weigh(told: Compilation, outcome: Outcome) -> Weighed:
    """What a compilation says of the findings of a check of its file."""
    found = [one for one in outcome.diagnostics if one.code.startswith(FAMILY)]
    errors = [number for number, one in enumerate(found) if one.severity == Severity.ERROR]
    groups = [_confirmed(refusal, found, errors) for refusal in told.refused]
    confirmed = frozenset(number for group in groups for number in group)
    found = [
        one._replace(evidence=(*one.evidence, Evidence.RUN)) if number in confirmed else one
        for number, one in enumerate(found)
    ]
    rest = [found[number] for number in errors if number not in confirmed]
    return Weighed(
        outcome._replace(diagnostics=tuple(found), lines=_lines_of(told, outcome)),
        tuple(tuple(found[number] for number in group) for group in groups),
        tuple(one for one in rest if _is_reached(one, told)),
        tuple(one for one in rest if not _is_reached(one, told)),
    )


def _confirmed(refusal: Refused, found: list[Diagnostic], errors: list[int]) -> list[int]:
    for place in refusal.stack:
        here = [number for number in errors if _covers(found[number].span, place)]
        direct = [number for number in here if not found[number].labels]
        there = [number for number in errors if any(_covers(label.span, place) for label in found[number].labels)]
        if here or there:
            return direct or here or there
    return []


def _covers(span: Span, place: Place) -> bool:
    return span.path == place.path and span.line <= place.line <= span.end_line


def _is_reached(one: Diagnostic, told: Compilation) -> bool:
    return any((one.span.path, line) in told.reached for line in range(one.span.line, one.span.end_line + 1))


def _lines_of(told: Compilation, outcome: Outcome) -> dict[str, tuple[str, ...]]:
    """The source lines a report shows: those of the findings, and of where the compiler stops."""
    from tsl.verify.confirm import text_of

    lines = {path: tuple(held) for path, held in outcome.lines.items()}
    for path in sorted({refusal.stack[0].path for refusal in told.refused if refusal.stack} - lines.keys()):
        lines[path] = tuple(text_of(path).splitlines())
    return lines

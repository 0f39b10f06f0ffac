"""The line that says what a run came to, in words. It will never say which findings there were."""

from __future__ import annotations

from collections.abc import Iterable

from tsl.diagnostic import Severity
from tsl.outcome import Outcome
from tsl.report.paint import Line, Segment


def summary(outcome: Outcome) -> Line:
    """`Found 3 errors, 2 warnings and 1 info in 304 files (2 suppressed)`, or that there was nothing to find."""
    remarks = tuple(
        f"{number} {word}"
        for number, word in (
            (outcome.fixed, "fixed"),
            (outcome.suppressed, "suppressed"),
            (outcome.accepted, "in the baseline"),
            (outcome.elsewhere, "outside the change"),
            (len(outcome.failures), "not checked"),
        )
        if number
    )
    aside = f" ({', '.join(remarks)})" if remarks else ""
    where = counted(outcome.files, "file")
    if outcome.diagnostics:
        worst = max(found.severity for found in outcome.diagnostics)
        counts = tally({level: outcome.count(level) for level in Severity})
        return [Segment("Found "), Segment(counts, worst.label), Segment(f" in {where}{aside}")]
    if outcome.failures:
        return [Segment(f"Found nothing in {where}{aside}")]
    if not outcome.files:
        return [Segment(f"Nothing to check: no files{aside}")]
    return [Segment("All clear", "help"), Segment(f": {where}{aside}")]


def tally(counts: dict[Severity, int]) -> str:
    """Counts by severity in words, worst first, those of zero left out: `3 errors, 2 warnings and 1 info`."""
    return listed(counted(counts[level], level.label) for level in sorted(counts, reverse=True) if counts[level])


def counted(number: int, noun: str) -> str:
    """A number and its noun, in the plural where it takes one: `1 file`, `304 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(words: Iterable[str]) -> str:
    """Words as English lists them: `a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last

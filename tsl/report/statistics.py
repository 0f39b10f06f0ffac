"""The counts of a run by rule, the most frequent first. It will never show single findings."""

from __future__ import annotations

from collections import Counter

from tsl.diagnostic import Severity
from tsl.outcome import Outcome
from tsl.report.paint import Line, Segment
from tsl.report.summary import tally


def table(outcome: Outcome) -> list[Line]:
    """A heading and one line for each rule that found something; no lines where none did."""
    counts: dict[tuple[str, str], Counter[Severity]] = {}
    for found in outcome.diagnostics:
        counts.setdefault((found.code, found.rule), Counter())[found.severity] += 1
    if not counts:
        return []
    rows = sorted(counts.items(), key=lambda row: (-row[1].total(), row[0]))
    cells = [("count", "code", "rule", "severity", "")]
    cells += [
        (str(n.total()), code, rule, tally({level: n[level] for level in Severity}), max(n).label)
        for (code, rule), n in rows
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    return [_row(row, widths, heading=not index) for index, row in enumerate(cells)]


def _row(row: tuple[str, str, str, str, str], widths: list[int], *, heading: bool) -> Line:
    count, code, rule, severity, style = row
    text = f"{count:>{widths[0]}}  {code:<{widths[1]}}  {rule:<{widths[2]}}  "
    return [Segment(text + severity, "quiet")] if heading else [Segment(text), Segment(severity, style)]

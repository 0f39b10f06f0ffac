"""The concise report: one finding, one line, as editors and grep read it. It will never show source."""

from __future__ import annotations

from tsl.diagnostic import Diagnostic
from tsl.outcome import Outcome
from tsl.report.cells import visible
from tsl.report.paint import Line, Segment, paint
from tsl.report.statistics import table
from tsl.report.summary import summary


def concise(outcome: Outcome, *, color: bool, statistics: bool) -> str:
    """`path:line:column: severity CODE [rule-name] message` for each finding, the counts where wanted, the summary."""
    lines = [_finding(found) for found in outcome.diagnostics]
    if statistics:
        lines += table(outcome)
    return paint([*lines, summary(outcome)], color=color)


def _finding(found: Diagnostic) -> Line:
    span = found.span
    return [
        Segment(visible(span.path), "strong"),
        Segment(f":{span.line}:{span.column}: "),
        Segment(f"{found.severity.label} {found.code}", found.severity.label),
        Segment(f" [{found.rule}] {visible(found.message)}"),
    ]

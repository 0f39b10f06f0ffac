"""The report for people: each finding with its source, its story and its remedy, then what the run came to.

Needs the source lines the outcome carries; where it has none for a place, the place is named instead of shown. It
will never read a file, and never colour a word itself (see `tsl.report.paint`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tsl.diagnostic import Diagnostic, Label, Severity, Span
from tsl.outcome import Outcome
from tsl.report.cells import visible
from tsl.report.excerpt import Mark, bar, excerpt, label_marks, main_marks
from tsl.report.paint import Line, Segment, paint
from tsl.report.statistics import table
from tsl.report.summary import summary

Files = Mapping[str, Sequence[str]]


def text(outcome: Outcome, *, color: bool, statistics: bool) -> str:
    """Every finding in full, the counts where wanted, and the summary.

    The first finding of a rule also says how to read more about the rule. An info in the very place of an error or a
    warning is a line of that one.
    """
    lines: list[Line] = []
    told: set[str] = set()
    main = {found.span: found for found in reversed(outcome.diagnostics) if found.severity > Severity.INFO}
    infos: dict[Span, list[Diagnostic]] = {}
    for found in outcome.diagnostics:
        if found.severity == Severity.INFO and found.span in main:
            infos.setdefault(found.span, []).append(found)
    for found in outcome.diagnostics:
        if found.severity == Severity.INFO and found.span in main:
            continue
        also = infos.get(found.span, ()) if found is main.get(found.span) else ()
        lines += _finding(found, also, outcome.lines, explain=found.rule not in told)
        told.add(found.rule)
    if statistics and outcome.diagnostics:
        lines += [*table(outcome), []]
    return paint([*lines, summary(outcome)], color=color)


def _finding(found: Diagnostic, also: Sequence[Diagnostic], files: Files, *, explain: bool) -> Iterator[Line]:
    style = found.severity.label
    yield [
        Segment(f"{style}[{found.code}]", style),
        Segment(f" {found.rule}: {visible(found.message)}", "strong"),
    ]
    labels = [label._replace(text=visible(label.text)) for label in dict.fromkeys(found.labels)]
    drawable = [label for label in labels if _has_line(files, label.span.path, label.span.line)]
    gutter = len(str(max(span.end_line for span in (found.span, *(label.span for label in drawable)))))
    yield _arrow("-->", found.span.path, found.span.line, found.span.column, gutter)
    for path in dict.fromkeys((found.span.path, *(label.span.path for label in drawable))):
        yield from _file(path, found, [label for label in drawable if label.span.path == path], files, gutter)
    for label in labels:
        if label not in drawable:
            span = label.span
            yield [*_arrow(":::", span.path, span.line, span.column, gutter), Segment(f" {label.text}", "label")]
    yield [Segment(f"{'':>{gutter}} = ", "gutter"), Segment("help: ", "help"), Segment(visible(found.help))]
    for other in also:
        told = f"{other.severity.label}[{other.code}] {other.rule}: {visible(other.message)}"
        yield [Segment(f"{'':>{gutter}} = ", "gutter"), Segment("also: ", "help"), Segment(told)]
    if explain:
        yield [Segment(f"{'':>{gutter}} = ", "gutter"), Segment("more: ", "help"), Segment(f"tsl explain {found.rule}")]
    yield []


def _file(path: str, found: Diagnostic, labels: Sequence[Label], files: Files, gutter: int) -> Iterator[Line]:
    """The excerpt of one file; a file other than the finding's own is named first."""
    lines = files.get(path, ())
    marks: list[Mark] = []
    if path == found.span.path:
        marks += main_marks(found.span, found.severity.label, lines)
    else:
        yield _arrow(":::", path, labels[0].span.line, labels[0].span.column, gutter)
    for label in labels:
        marks += label_marks(label, lines)
    if marks:
        yield [bar(gutter)]
        yield from excerpt(marks, lines, gutter)
        yield [bar(gutter)]


def _arrow(sign: str, path: str, line: int, column: int, gutter: int) -> list[Segment]:
    return [Segment(f"{'':>{gutter}}{sign} ", "gutter"), Segment(f"{visible(path)}:{line}:{column}")]


def _has_line(files: Files, path: str, line: int) -> bool:
    return 0 < line <= len(files.get(path, ()))

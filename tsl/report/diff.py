"""A difference of two models for people, and as JSON.

1. Changes stand under what they are about, with a sign: `+` added, `-` removed, `~` changed, `>` moved. Those that are
   alike in all but their place are told together. Findings that are kept are counted and not shown.
2. JSON has all that the values of `tsl.diff.change` have, but for the numbers of items.

Needs differences. It will never decide what is different.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tsl.diagnostic import Diagnostic
from tsl.diff.change import SUBJECTS, Change, Difference
from tsl.report.cells import visible
from tsl.report.diff_words import (
    SIGNS,
    TITLES,
    Row,
    consequences_of,
    details_of,
    findings_tally,
    retrained_of,
    rows,
    sizes_of,
    tally,
)
from tsl.report.jsonform import diagnostic_form
from tsl.report.paint import Line, Segment, paint

VERSION = 1
STYLES = {"added": "help", "removed": "error", "changed": "warning", "moved": "info"}


def difference_text(difference: Difference, *, color: bool) -> str:
    """The changes and the findings in full, then what they come to."""
    return paint(_lines(difference), color=color)


def _lines(difference: Difference) -> Iterator[Line]:
    yield [Segment(visible(f"{difference.old} -> {difference.new}"), "strong"), Segment(f": {sizes_of(difference)}")]
    for subject in SUBJECTS:
        told = rows(difference, subject)
        if told:
            yield []
            yield [Segment(TITLES[subject], "strong")]
            for row in told:
                yield from _row(row)
    found = difference.findings
    for word, sign, style, those in (("new", "+", "error", found.new), ("fixed", "-", "help", found.fixed)):
        if those:
            yield []
            yield [Segment(f"{word} findings", "strong")]
            for one in those:
                yield from _finding(one, sign, style)
    yield []
    yield from _end(difference)


def _row(row: Row) -> Iterator[Line]:
    change = row.first
    remark, place = row.remark, f"  ({row.place})" if row.place else ""
    first = Segment(f"  {SIGNS[change.kind]} {visible(row.name)}", STYLES[change.kind])
    yield [first, Segment(visible(f"  {remark}" if remark else "")), Segment(visible(place), "quiet")]
    if row.near:
        yield [Segment(f"      {visible(row.near)}", "quiet")]
    for text in details_of(change):
        yield [Segment(f"      {visible(text)}")]


def _finding(found: Diagnostic, sign: str, style: str) -> Iterator[Line]:
    head = f"  {sign} {found.severity.label}[{found.code}]"
    yield [Segment(head, style), Segment(f" {found.rule}: {visible(found.message)}")]
    for place in places_of(found):
        yield [Segment(f"      {visible(place)}", "quiet")]


def places_of(found: Diagnostic) -> Sequence[str]:
    """Where a finding stands: its line, or where what it says of an archive was recorded."""
    if found.span.path.endswith(".py"):
        return (f"{found.span.path}:{found.span.line}",)
    return tuple(dict.fromkeys(f"{one.span.path}:{one.span.line} {one.text}" for one in found.labels))


def _end(difference: Difference) -> Iterator[Line]:
    for text in (consequences_of(difference), retrained_of(difference), *difference.notes):
        if text:
            yield [Segment(visible(text), "quiet")]
    if difference.changes:
        yield [Segment(tally(difference), "warning")]
    else:
        yield [Segment("No difference", "help"), Segment(" in what they run and hold")]
    found = findings_tally(difference)
    if found:
        yield [Segment(found, "error" if difference.findings.new else "")]


def difference_json(difference: Difference) -> str:
    """All of it as one JSON object, ended by a newline (2); docs/diff.md says what the keys mean."""
    import json

    from tsl import __version__

    found = difference.findings
    form = {
        "version": VERSION,
        "tool": {"name": "tsl", "version": __version__},
        "old": difference.old,
        "new": difference.new,
        "operators": {"old": difference.operators[0], "new": difference.operators[1]},
        "changes": [_form(change) for change in difference.changes],
        "consequences": dict(difference.consequences),
        "retrained": {"weights": difference.retrained[0], "of": difference.retrained[1]},
        "findings": {
            "new": list(map(diagnostic_form, found.new)),
            "fixed": list(map(diagnostic_form, found.fixed)),
            "kept": list(map(diagnostic_form, found.kept)),
        },
        "notes": list(difference.notes),
    }
    return json.dumps(form, indent=2) + "\n"


def _form(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "subject": change.subject,
        "title": change.title,
        "module": change.module,
        "modules": list(change.modules),
        "count": change.total,
        "weights": change.weights,
        "place": change.place or None,
        "near": change.near or None,
        "method": change.method or None,
        "details": [dict(zip(detail._fields, detail, strict=True)) for detail in change.details],
    }

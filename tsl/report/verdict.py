"""The reports on a verdict: for people and for machines, what a run of the model against its trace came to.

Needs the verdict and what it confirms. It will never read a file, decide an exit code, or know torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tsl.diagnostic import Diagnostic, Span
from tsl.entry.place import Place
from tsl.report.cells import visible
from tsl.report.excerpt import bar, excerpt, main_marks
from tsl.report.jsonform import diagnostic_form
from tsl.report.paint import Line, Segment, paint
from tsl.report.summary import counted
from tsl.verify.verdict import Confirmation, Divergence, LostCheck, Node, Verdict, form_of

VERSION = 1
Files = Mapping[str, Sequence[str]]


def verdict_text(verdict: Verdict, confirmation: Confirmation, *, color: bool) -> str:
    """Every divergence with its line, what differs and what it confirms; lost checks; findings left; the summary."""
    files = confirmation.outcome.lines
    lines: list[Line] = []
    for found, confirmed in zip(verdict.divergences, confirmation.by_divergence, strict=True):
        lines += [*_divergence(found, confirmed, files), []]
    for lost, confirmed in zip(verdict.lost_checks, confirmation.by_check, strict=True):
        lines += [*_lost_check(lost, confirmed, files), []]
    if confirmation.unconfirmed and verdict.counts.ran:
        lines += [*_unconfirmed(confirmation.unconfirmed), []]
    return paint([*lines, _summary(verdict)], color=color)


def verdict_json(verdict: Verdict, confirmation: Confirmation) -> str:
    """The verdict as one JSON object, ended by a newline; docs/verify.md says what the keys mean."""
    import json

    from tsl import __version__

    form = {
        "version": VERSION,
        "tool": {"name": "tsl", "version": __version__},
        "path": verdict.path,
        "entry": verdict.entry,
        "inputs": list(verdict.inputs),
        "divergences": _with_findings(verdict.divergences, confirmation.by_divergence),
        "lost_checks": _with_findings(verdict.lost_checks, confirmation.by_check),
        "diagnostics": [diagnostic_form(found) for found in confirmation.outcome.diagnostics],
        "perturbations": form_of(verdict.counts),
        "notes": list(verdict.notes),
        "failure": form_of(verdict.failure),
    }
    return json.dumps(form, indent=2) + "\n"


def _with_findings(found: Sequence[Any], confirmed: Sequence[Sequence[Diagnostic]]) -> list[dict[str, Any]]:
    pairs = zip(found, confirmed, strict=True)
    return [form_of(one) | {"confirms": [finding.fingerprint for finding in findings]} for one, findings in pairs]


def _divergence(found: Divergence, confirmed: Sequence[Diagnostic], files: Files) -> Iterator[Line]:
    yield [Segment("diverges", "error"), Segment(f": {visible(found.perturbation)}", "strong")]
    gutter = len(str(found.place.line)) if found.place else 1
    yield from excerpt_at(found.place, confirmed, files, gutter, "error")
    yield remark(gutter, "differs", found.difference)
    if found.decision:
        call, example, here = found.decision
        yield remark(gutter, "decides", f"{call}: {example} with the example, {here} here")
    if found.node:
        yield remark(gutter, "graph", f"from {_node(found.node, found.place)} on it is another")
    if found.times > 1:
        yield remark(gutter, "also", f"under {counted(found.times - 1, 'other perturbation')}")
    yield _confirms(gutter, confirmed)


def _lost_check(lost: LostCheck, confirmed: Sequence[Diagnostic], files: Files) -> Iterator[Line]:
    yield [Segment("check is lost", "info"), Segment(f": {visible(lost.perturbation)}", "strong")]
    gutter = len(str(lost.place.line)) if lost.place else 1
    yield from excerpt_at(lost.place, confirmed, files, gutter, "info")
    yield remark(gutter, "differs", f"eager raises {lost.error}, the trace does not")
    yield _confirms(gutter, confirmed)


def excerpt_at(
    place: Place | None, confirmed: Sequence[Diagnostic], files: Files, gutter: int, style: str
) -> Iterator[Line]:
    """The lines that show a place, with what a finding on its line marks, or all of it."""
    if place is None:
        yield [Segment("  the line is not known", "quiet")]
        return
    span = next((one.span for one in confirmed if one.span.line == place.line), None)
    lines = files.get(place.path, ())
    if span is None:
        text = lines[place.line - 1] if place.line <= len(lines) else ""
        span = Span(place.path, place.line, len(text) - len(text.lstrip()) + 1, place.line, len(text.rstrip()) + 1)
    yield [Segment(f"{'':>{gutter}}--> ", "gutter"), Segment(f"{visible(span.path)}:{span.line}:{span.column}")]
    marks = main_marks(span, style, lines)
    if marks:
        yield [bar(gutter)]
        yield from excerpt(marks, lines, gutter)
        yield [bar(gutter)]


def remark(gutter: int, word: str, text: str) -> Line:
    """A line under an excerpt that says one thing more."""
    return [Segment(f"{'':>{gutter}} = ", "gutter"), Segment(f"{word}: ", "help"), Segment(visible(text))]


def _confirms(gutter: int, confirmed: Sequence[Diagnostic]) -> Line:
    names = ", ".join(f"{one.code} {one.rule} in line {one.span.line}" for one in confirmed)
    return remark(gutter, "confirms", names or "no finding: tsl check says nothing there")


def _node(node: Node, near: Place | None) -> str:
    place = node.place
    if place is None:
        return node.kind
    in_file = "" if near is not None and near.path == place.path else f" of {place.path}"
    return f"{node.kind} in line {place.line}{in_file}"


def _unconfirmed(found: Sequence[Diagnostic]) -> Iterator[Line]:
    yield [Segment("not confirmed by this search:", "strong")]
    for one in found:
        level = one.severity.label
        place = f"  {visible(one.span.path)}:{one.span.line}:{one.span.column}: "
        yield [Segment(place), Segment(f"{level} {one.code}", level), Segment(f" [{one.rule}] {visible(one.message)}")]


def _summary(verdict: Verdict) -> Line:
    """`Diverged at 2 lines; 96 perturbations ran, of which the model refused 8`."""
    counts = verdict.counts
    ran = counted(counts.ran, "perturbation")
    asides = [f"the model refused {counts.refused}"] if counts.refused else []
    asides += [f"{counts.unsteady} had no steady answer"] if counts.unsteady else []
    asides += [f"{counts.planned - counts.ran} were left for want of time"] if counts.planned > counts.ran else []
    found = counted(len(verdict.divergences), "divergence")
    what = f": {ran}" + (f" ({', '.join(asides)})" if asides else "")
    if verdict.failure:
        return [Segment("Not finished", "warning"), Segment(f": {found} so far")]
    if verdict.divergences:
        return [Segment(f"Found {found}", "error"), Segment(what)]
    return [Segment("No divergence", "help"), Segment(what)]

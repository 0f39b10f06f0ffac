"""The reports on a compilation: for people and for machines, what torch.jit.script says of a model and of the findings.

Needs the compilation and what it says of the findings. It will never read a file, decide an exit code, or know torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tsl.diagnostic import Diagnostic
from tsl.report.cells import visible
from tsl.report.jsonform import diagnostic_form
from tsl.report.paint import Line, Segment, paint
from tsl.report.summary import counted
from tsl.report.verdict import Files, excerpt_at, remark
from tsl.verify.compiled import Compilation, Refused
from tsl.verify.verdict import form_of
from tsl.verify.weigh import Weighed

VERSION = 1
SHOWN_CALLS = 4


def compiled_text(told: Compilation, weighed: Weighed, *, color: bool) -> str:
    """Every refusal with its line and what it confirms; errors that compile, errors not reached; the summary."""
    lines: list[Line] = []
    for refusal, confirmed in zip(told.refused, weighed.by_refusal, strict=True):
        lines += [*_refused(refusal, confirmed, weighed.outcome.lines), []]
    for title, found in (
        ("compiles all the same:", weighed.compiles),
        ("never reached by the compiler:", weighed.unreached),
    ):
        if found:
            lines += [*_listed(title, found), []]
    return paint([*lines, _summary(told, weighed)], color=color)


def compiled_json(told: Compilation, weighed: Weighed) -> str:
    """The compilation as one JSON object, ended by a newline; docs/verify.md says what the keys mean."""
    import json

    from tsl import __version__

    pairs = zip(told.refused, weighed.by_refusal, strict=True)
    form = {
        "version": VERSION,
        "tool": {"name": "tsl", "version": __version__},
        "path": told.path,
        "entry": told.entry,
        "model": told.model,
        "parts": told.parts,
        "refused": [form_of(one) | {"confirms": [found.fingerprint for found in group]} for one, group in pairs],
        "compiles": [one.fingerprint for one in weighed.compiles],
        "unreached": [one.fingerprint for one in weighed.unreached],
        "diagnostics": [diagnostic_form(found) for found in weighed.outcome.diagnostics],
        "failure": form_of(told.failure),
    }
    return json.dumps(form, indent=2) + "\n"


def _refused(refusal: Refused, confirmed: Sequence[Diagnostic], files: Files) -> Iterator[Line]:
    yield [Segment("refused", "error"), Segment(f": {visible(refusal.part)}", "strong")]
    place = refusal.stack[0] if refusal.stack else None
    gutter = len(str(place.line)) if place else 1
    yield from excerpt_at(place, confirmed, files, gutter, "error")
    yield remark(gutter, "says", refusal.message)
    for call in refusal.stack[1 : SHOWN_CALLS + 1]:
        yield remark(gutter, "called", f"from {call.path}:{call.line}")
    if not confirmed:
        yield remark(gutter, "silent", "tsl check finds nothing where the compiler stops")
        return
    names = ", ".join(f"{one.code} {one.rule} in line {one.span.line}" for one in confirmed)
    yield remark(gutter, "confirms", names)


def _listed(title: str, found: Sequence[Diagnostic]) -> Iterator[Line]:
    yield [Segment(title, "strong")]
    for one in found:
        place = f"  {visible(one.span.path)}:{one.span.line}:{one.span.column}: "
        level = one.severity.label
        yield [Segment(place), Segment(f"{level} {one.code}", level), Segment(f" [{one.rule}] {visible(one.message)}")]


def _summary(told: Compilation, weighed: Weighed) -> Line:
    """`Refused in 2 places: of 4 errors 2 are confirmed, 0 compile, 2 were never reached (5 parts compiled alone)`."""
    total = weighed.confirmed + len(weighed.compiles) + len(weighed.unreached)
    what = (
        f": of {counted(total, 'error')} of tsl check {weighed.confirmed} confirmed,"
        f" {len(weighed.compiles)} compiled, {len(weighed.unreached)} never reached"
    )
    if told.failure:
        return [Segment("Not finished", "warning"), Segment(what)]
    if told.refused:
        alone = f" ({counted(told.parts - 1, 'part')} tried alone)" if told.parts > 1 else ""
        return [Segment(f"Refused in {counted(len(told.refused), 'place')}", "error"), Segment(what + alone)]
    return [Segment(f"{told.model} compiles", "help"), Segment(what)]

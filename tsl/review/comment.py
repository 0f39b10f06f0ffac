"""A review as one comment in Markdown.

1. It begins with MARKER, by which whoever posts it finds the one it posted before.
2. It says first what is new, then each model with its picture and its table. What is the same takes one line, and a
   finding is told once.
3. A comment has at most LIMIT characters: GitHub takes 65,536. Where it has more, pictures go first, then rows.

Needs a review. It will never send anything.
"""

from __future__ import annotations

from collections.abc import Iterator

from tsl.diff.change import Findings
from tsl.report.diff_markdown import MOST, code, difference_markdown, findings_markdown, plain
from tsl.report.summary import counted, listed
from tsl.review.against import Review, Reviewed

MARKER = "<!-- tsl review -->"
LIMIT = 60_000
FEWER = 8
MERMAID = ".mmd"


def comment(review: Review) -> str:
    """The comment, ended by a newline (1-3)."""
    for pictures, most in ((True, MOST), (False, MOST), (False, FEWER), (False, 0)):
        text = "\n".join(_lines(review, pictures, most)) + "\n"
        if len(text) <= LIMIT:
            return text
    return f"{MARKER}\n## {_title(review)}\n\nThere is more to say than a comment holds; see the files of this run.\n"


def _title(review: Review) -> str:
    found = review.findings
    told = [f"{counted(len(found.new), 'new finding')}" if found.new else "no new finding"]
    if found.fixed:
        told.append(f"{len(found.fixed)} fixed")
    differ = sum(one.difference is not None and not one.difference.is_empty for one in review.models)
    if review.models:
        told.append(f"{differ} of {counted(len(review.models), 'model')} changed")
    return f"tsl: {listed(told)}"


def _lines(review: Review, pictures: bool, most: int) -> Iterator[str]:
    yield from (MARKER, f"## {_title(review)}", "", f"Compared with {code(review.base, in_table=False)}.")
    yield from findings_markdown(review.findings, most)
    if review.findings.kept:
        yield from ("", f"<sub>{counted(len(review.findings.kept), 'finding')} as before</sub>")
    for one in review.models:
        yield ""
        yield from _model(one, review.findings, pictures, most)
    for failure in review.failures:
        yield from ("", f"⚠️ {plain(f'{failure.subject}: {failure.message}')}")


def _model(one: Reviewed, told: Findings, pictures: bool, most: int) -> Iterator[str]:
    if one.difference is None:
        yield f"### {code(one.word, in_table=False)}"
        yield from ("", plain(one.note) or "not compared")
        return
    if one.difference.is_empty:
        yield f"### {code(one.word, in_table=False)}"
        yield from ("", "the same model")
        return
    drawn = dict(one.pictures).get(MERMAID, "") if pictures else ""
    difference = one.difference._replace(findings=_without(one.difference.findings, told))
    yield difference_markdown(difference, level=3, picture=drawn, most=most).rstrip("\n")
    others = [suffix for suffix, _ in one.pictures if suffix != MERMAID]
    if others:
        yield from (
            "",
            f"<sub>the picture is attached to the run: {', '.join(file_of(one, each) for each in others)}</sub>",
        )


def _without(findings: Findings, told: Findings) -> Findings:
    """The findings of a model but those that are told already."""
    known = {(one.code, one.span, one.message) for one in (*told.new, *told.fixed)}
    new, fixed = (
        tuple(one for one in found if (one.code, one.span, one.message) not in known)
        for found in (findings.new, findings.fixed)
    )
    return Findings(new, fixed)


def file_of(one: Reviewed, suffix: str) -> str:
    """The name of a file that goes with a model: `src-net.py-build.html`."""
    stem = "".join(sign if sign.isalnum() or sign in "._-" else "-" for sign in one.word)
    return f"{stem.strip('.-')}{suffix}"

"""A difference of two models as Markdown, for a comment on a change.

1. Whatever comes from a model stands in code spans, whose fences are longer than any run of backticks in it, on one
   line: it can neither close a cell of a table nor mention a person.
2. So many rows of a table are shown at most; how many more there are is said.

Needs differences. It will never send anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tsl.diagnostic import Diagnostic
from tsl.diff.change import SUBJECTS, Difference, Findings
from tsl.report.cells import visible
from tsl.report.diff import places_of
from tsl.report.diff_words import (
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

MOST = 50
MARKS = {"added": "🟢 added", "removed": "🔴 removed", "changed": "🟠 changed", "moved": "🔵 moved"}
GRAVITY = {"error": "🔴 error", "warning": "🟠 warning", "info": "🔵 info"}


def difference_markdown(difference: Difference, *, level: int = 2, picture: str = "", most: int = MOST) -> str:
    """The difference under a heading of a level, with the Mermaid text of a picture where one is given (2)."""
    return "\n".join(_lines(difference, "#" * level, picture, most)) + "\n"


def code(text: str, *, in_table: bool = True) -> str:
    """A text as a code span that shows it as it is (1)."""
    text = visible(text).replace("|", "\\|") if in_table else visible(text)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    fence = "`" * (longest + 1)
    return f"{fence}{pad}{text}{pad}{fence}" if text else ""


def _lines(difference: Difference, heading: str, picture: str, most: int) -> Iterator[str]:
    yield f"{heading} {code(difference.old, in_table=False)} → {code(difference.new, in_table=False)}"
    yield ""
    yield _sentence(difference)
    if picture:
        yield from ("", "```mermaid", picture.rstrip("\n"), "```")
    if difference.changes:
        yield from ("", "| | what | where | change |", "|---|---|---|---|")
        ordered = [row for subject in SUBJECTS for row in rows(difference, subject)]
        yield from (_row(row) for row in ordered[:most])
        yield from _rest(len(ordered), "changes", most)
    yield from findings_markdown(difference.findings, most)
    for text in (consequences_of(difference), retrained_of(difference), *difference.notes):
        if text:
            yield from ("", f"<sub>{plain(text)}</sub>")


def _sentence(difference: Difference) -> str:
    told = [sizes_of(difference), tally(difference) or "no difference in what they run and hold"]
    return "; ".join(filter(None, [*told, findings_tally(difference)])) + "."


def _row(row: Row) -> str:
    change = row.first
    details = [*details_of(change), row.near if row.others else ""] if details_of(change) else [row.remark, row.near]
    told = [code(text) for text in details if text]
    name = f"{TITLES[change.subject].rstrip('s')} {code(row.name)}"
    return f"| {MARKS[change.kind]} | {name} | {code(row.place)} | {'<br>'.join(told)} |"


def findings_markdown(findings: Findings, most: int = MOST) -> Iterator[str]:
    """Tables of the findings that are new and fixed, line by line; nothing where there is none (2)."""
    for word, found in (("New findings", findings.new), ("Fixed findings", findings.fixed)):
        if found:
            yield from ("", f"**{word}**", "", "| | rule | finding | where |", "|---|---|---|---|")
            yield from map(_finding, found[:most])
            yield from _rest(len(found), "findings", most)


def _finding(found: Diagnostic) -> str:
    where = "<br>".join(code(place) for place in _first(places_of(found)))
    return f"| {GRAVITY[found.severity.label]} | {found.code} {code(found.rule)} | {plain(found.message)} | {where} |"


def _first(places: Sequence[str]) -> Sequence[str]:
    return places[:2]


def plain(text: str) -> str:
    """A sentence of tsl's own, with what it quotes in code spans and the rest as plain text."""
    parts = re.split(r"`([^`]*)`", visible(text))
    return "".join(code(part) if place % 2 else _escaped(part) for place, part in enumerate(parts))


def _escaped(text: str) -> str:
    return re.sub(r"([\\*_<>\[\]|#~@])", r"\\\1", text)


def _rest(count: int, what: str, most: int) -> Iterator[str]:
    if count > most:
        yield ""
        yield f"and {count - most:,} more {what}; `tsl diff` lists them all"

"""Edits on a text: which of them go together, and the text after them.

Definitions:
1. Lines end with a line feed, a carriage return or both, as Python has it; columns count characters from 1. Nothing
   else ends a line.
2. What is put in has the line ends of the text: those of its first line.
3. Two fixes *meet* where stretches of theirs overlap or touch: what the second would change is no longer what it saw.
   Fixes that are made of the same edits are one.

Needs nothing but texts. It will never parse or read a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from tsl.diagnostic import Edit, Fix

END = re.compile(r"\r\n|\r|\n")

Stretch = tuple[tuple[int, int], tuple[int, int]]


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text after edits that do not overlap (1, 2)."""
    starts = [0, *(match.end() for match in END.finditer(text))]
    first = END.search(text)
    newline = first[0] if first else "\n"
    for edit in sorted(edits, key=_stretch, reverse=True):
        span = edit.span
        start, end = (
            starts[line - 1] + column - 1 if line <= len(starts) else len(text)
            for line, column in ((span.line, span.column), (span.end_line, span.end_column))
        )
        text = text[:start] + edit.text.replace("\n", newline) + text[end:]
    return text


def all_of(fixes: Iterable[Fix]) -> list[Edit]:
    """The edits of fixes that do not meet, those that several have in common once."""
    return list(dict.fromkeys(edit for fix in fixes for edit in fix.edits))


def apart(fixes: Sequence[Fix]) -> Iterator[int]:
    """The numbers of the fixes, first come first served, that do not meet (3)."""
    taken: list[Stretch] = []
    kept: list[tuple[Edit, ...]] = []
    for number, fix in enumerate(fixes):
        if fix.edits in kept:
            yield number
            continue
        own = [_stretch(edit) for edit in fix.edits]
        if not any(_meet(one, other) for one in own for other in taken):
            taken += own
            kept.append(fix.edits)
            yield number


def _stretch(edit: Edit) -> Stretch:
    span = edit.span
    return (span.line, span.column), (span.end_line, span.end_column)


def _meet(one: Stretch, other: Stretch) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]

"""A source excerpt: lines of a file with their numbers, and under them what is meant.

Needs the lines of the file and the marks on them. The main place is underlined with `^`, a second place with `-` and
its text; marks of one line share one underline. It will never read a file or know a rule.

Definitions:
1. A *mark* is a stretch of one line; a span over several lines is several marks, its text on the last of them.
2. Marks are painted widest first, so that a narrow one stays visible inside a wide one; of two alike the main one wins.
3. The text of the rightmost mark stands beside the underline where nothing lies further right; every other text hangs
   below its mark on a bar. The text of a mark outside the window of a long line names its column instead.
4. Between two marked lines, one line is shown, more become `...`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tsl.diagnostic import Label, Span
from tsl.record import Record
from tsl.report.cells import MARGIN, WIDTH, view
from tsl.report.paint import Line, Segment

MOST_LINES = 6  # a longer span is shown by its first and last line
GAP = "..."


class Mark(Record):
    """A stretch of a line to underline. `start` and `end` count characters from 0, `end` exclusive."""

    line: int
    start: int
    end: int
    style: str
    text: str = ""

    @property
    def main(self) -> bool:
        """Whether it is the place the finding is about."""
        return self.style != "label"


class Drawn(Record):
    """A mark with the cells it fills in the line as shown."""

    left: int
    right: int
    mark: Mark


def main_marks(span: Span, style: str, lines: Sequence[str]) -> list[Mark]:
    """The marks of the place a finding is about; none where the file has no such line."""
    return _marks(span, style, "", lines)


def label_marks(label: Label, lines: Sequence[str]) -> list[Mark]:
    """The marks of a second place."""
    return _marks(label.span, "label", label.text, lines)


def excerpt(marks: Iterable[Mark], lines: Sequence[str], gutter: int) -> Iterator[Line]:
    """The lines that carry marks, underlined, behind line numbers of a width of `gutter`."""
    by_line: dict[int, list[Mark]] = {}
    for mark in marks:
        by_line.setdefault(mark.line, []).append(mark)
    last = 0
    for number in sorted(by_line):
        if last and number == last + 2:
            yield _source(view(lines[last], 0, 0).text, last + 1, gutter)
        elif last and number > last + 2:
            yield [Segment(GAP, "gutter")]
        yield from _marked(by_line[number], lines[number - 1], number, gutter)
        last = number


def bar(gutter: int) -> Segment:
    """The edge of the gutter on a line without number."""
    return Segment(f"{'':>{gutter}} |", "gutter")


def _marks(span: Span, style: str, text: str, lines: Sequence[str]) -> list[Mark]:
    if span.line > len(lines):
        return []
    last = max(span.line, min(span.end_line, len(lines)))
    numbers: Iterable[int] = range(span.line, last + 1)
    if last - span.line >= MOST_LINES:
        numbers = (span.line, last)
    marks = []
    for number in numbers:
        line = lines[number - 1]
        start = span.column - 1 if number == span.line else len(line) - len(line.lstrip())
        end = span.end_column - 1 if number == span.end_line else len(line.rstrip())
        if number == span.line or end > start:
            marks.append(Mark(number, start, max(end, start), style))
    return [*marks[:-1], *(mark._replace(text=text) for mark in marks[-1:])]


def _marked(marks: Sequence[Mark], line: str, number: int, gutter: int) -> Iterator[Line]:
    shown = view(line, *_focus(marks))
    yield _source(shown.text, number, gutter)
    drawn = [Drawn(*cells, mark) for mark in marks if (cells := shown.cells(mark.start, mark.end))]
    for row in _rows(drawn):
        yield [bar(gutter), Segment(" "), *row]
    for mark in marks:
        if mark.text and all(one.mark is not mark for one in drawn):
            yield [bar(gutter), Segment(f" {mark.text} (column {mark.start + 1})", "label")]


def _source(text: str, number: int, gutter: int) -> Line:
    return [Segment(f"{number:>{gutter}} |", "gutter"), Segment(f" {text}")]


def _focus(marks: Sequence[Mark]) -> tuple[int, int]:
    """The characters of a line that must be seen: all marks where they fit, else the main one or the first."""
    start, end = min(mark.start for mark in marks), max(mark.end for mark in marks)
    if end - start < WIDTH - 2 * MARGIN:
        return start, end
    first = min(marks, key=lambda mark: (not mark.main, mark.start))
    return first.start, first.end


def _rows(drawn: Sequence[Drawn]) -> Iterator[Line]:
    """The underline of a line and the texts that hang below it (definitions 2 and 3)."""
    grid: dict[int, tuple[str, str]] = {}
    for left, right, mark in sorted(drawn, key=lambda one: (one.left - one.right, one.mark.main)):
        grid.update((cell, ("^" if mark.main else "-", mark.style)) for cell in range(left, right))
    texts = sorted({(one.left, one.right, one.mark.text) for one in drawn if one.mark.text}, reverse=True)
    beside = ""
    if texts and texts[0][1] == max(grid) + 1:
        beside = texts.pop(0)[2]
    yield [*_painted(grid), Segment(f" {beside}", "label")]
    columns = [left for left, _, _ in texts]
    if columns:
        yield _painted(dict.fromkeys(columns, ("|", "label")))
    for left, _, text in texts:
        bars = {column: ("|", "label") for column in columns if column < left}
        yield [*_painted(bars, left), Segment(text, "label")]


def _painted(grid: dict[int, tuple[str, str]], width: int = 0) -> list[Segment]:
    """A row of cells as segments, filled with spaces up to `width`."""
    end = max(grid, default=-1) + 1
    cells = [grid.get(cell, (" ", "")) for cell in range(max(end, width))]
    row: list[Segment] = []
    for character, style in cells:
        if row and row[-1].style == style:
            row[-1] = Segment(row[-1].text + character, style)
        else:
            row.append(Segment(character, style))
    return row

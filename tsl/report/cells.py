"""Source lines as terminal cells: what is shown for each character, and in which column it stands.

Needs only the standard library, and `unicodedata` only where a line is not ASCII. Text from a checked file is not
trusted: control and direction-changing characters come out as visible stand-ins and never reach the terminal. It will
never contain colours or line numbers.
"""

from __future__ import annotations

from tsl.record import Record

TAB = 4
WIDTH = 120  # cells of source shown of one line
MARGIN = 20  # cells shown before a mark that lies far to the right
ELLIPSIS = "..."

_HIDDEN = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x061C, 0x200E, 0x200F, 0xFEFF)))
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class View(Record):
    """A line as shown. `columns[i]` is the cell where character `first + i` begins; the last entry is the end.

    `cut` says that the line goes on where the window ends.
    """

    text: str
    first: int
    columns: tuple[int, ...]
    cut: bool = False

    def cells(self, start: int, end: int) -> tuple[int, int] | None:
        """The cells that characters `start` to `end` (from 0, end exclusive) fill, at least one; None if out of view.

        The place just after the line counts as in view, for that is where things are missing.
        """
        last = self.first + len(self.columns) - 1
        if start < self.first or start > last or (start == last and self.cut):
            return None
        left = self.columns[start - self.first]
        right = self.columns[min(max(end, start), last) - self.first]
        return left, max(right, left + 1)


def visible(text: str) -> str:
    """The text with every character that would act on a terminal replaced by one that shows it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_glyph, text))


def view(line: str, start: int, end: int) -> View:
    """A line as shown, windowed around the characters `start` to `end` (from 0) where it is too long to show whole."""
    line = line.rstrip("\r\n")
    if len(line) <= WIDTH and line.isascii() and line.isprintable():
        return View(line, 0, tuple(range(len(line) + 1)))
    glyphs, columns = _layout(line)
    if columns[-1] <= WIDTH:
        return View("".join(glyphs), 0, tuple(columns))
    first, last = _window(columns, min(start, len(line)), min(end, len(line)))
    head = ELLIPSIS if first else ""
    cut = last < len(line)
    shift = columns[first] - len(head)
    text = head + "".join(glyphs[first:last]) + ELLIPSIS * cut
    return View(text, first, tuple(column - shift for column in columns[first : last + 1]), cut)


def _layout(line: str) -> tuple[list[str], list[int]]:
    """What is shown for each character, and the cell each begins at, with the end of the line as one more."""
    glyphs, columns, column = [], [], 0
    for character in line:
        glyph = " " * (TAB - column % TAB) if character == "\t" else _glyph(character)
        glyphs.append(glyph)
        columns.append(column)
        column += len(glyph) if character == "\t" else _width(glyph)
    return glyphs, [*columns, column]


def _window(columns: list[int], start: int, end: int) -> tuple[int, int]:
    """The characters to show: from a margin before `start`, and further left where the line ends early."""
    from bisect import bisect_left, bisect_right

    room = WIDTH - 2 * len(ELLIPSIS)
    left = columns[start] - MARGIN if columns[max(start, end)] > room else 0
    left = max(0, min(left, columns[-1] - room))
    first = bisect_left(columns, left)
    last = bisect_right(columns, columns[first] + room) - 1
    return first, last


def _glyph(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)  # the control pictures block mirrors the control codes
    if code == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    if character in _HIDDEN or 0x80 <= code < 0xA0 or 0xD800 <= code < 0xE000:
        return _REPLACEMENT
    return " " if character.isspace() else character


def _width(glyph: str) -> int:
    """How many cells a character fills on a terminal: 2 where East Asian wide, 0 where it joins the one before."""
    if glyph.isascii():
        return 1
    from unicodedata import category, east_asian_width

    if category(glyph) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(glyph) in "WF" else 1

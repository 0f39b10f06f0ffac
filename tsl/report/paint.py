"""Lines of styled text, and the one place where they become a string.

A report lays out segments; a segment names a style by its role and never by its colour. Needs rich, and only where
colour is wanted: importing it costs more than checking a file. It will never wrap, measure or lay out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from tsl.record import Record

# Roles are the keys. The colours are the terminal's own sixteen, so that they suit its theme.
STYLES = {
    "error": "bold red",
    "warning": "bold yellow",
    "info": "bold cyan",
    "strong": "bold",
    "gutter": "blue",
    "label": "bright_blue",
    "help": "green",
    "quiet": "dim",
}


class Segment(Record):
    """A stretch of text in one style; an empty style is the terminal's own."""

    text: str
    style: str = ""


Line = Sequence[Segment]


def paint(lines: Iterable[Line], *, color: bool) -> str:
    """The lines as one string, each ended by a newline; without spaces at their ends, in colour where wanted."""
    dress = _dressed if color else _plain
    return "".join("".join(dress(*segment) for segment in _trimmed(line)) + "\n" for line in lines)


def _trimmed(line: Line) -> list[Segment]:
    """The line without blank segments and spaces at its end."""
    kept = list(line)
    while kept and not kept[-1].text.strip():
        kept.pop()
    if kept:
        kept[-1] = kept[-1]._replace(text=kept[-1].text.rstrip())
    return kept


def _plain(text: str, style: str) -> str:
    return text


def _dressed(text: str, style: str) -> str:
    return _painter(style)(text) if style else text


@cache
def _painter(style: str) -> Callable[[str], str]:
    """What wraps a text in the escape codes of a role."""
    from rich.color import ColorSystem
    from rich.style import Style

    parsed = Style.parse(STYLES[style])
    return lambda text: parsed.render(text, color_system=ColorSystem.STANDARD)

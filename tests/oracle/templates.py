"""Tables of texts with holes, by what they make: one text a line, `{t}` for a tensor, `{n}` for a number, and so on."""

from __future__ import annotations

from collections.abc import Collection

from tests.oracle.writer import Writer

Templates = tuple[tuple[str, str], ...]


def templates(**texts: str) -> Templates:
    """A table: each line of each text, with the word for what it makes."""
    lines = ((makes, line.strip()) for makes, text in texts.items() for line in text.splitlines())
    return tuple((makes, line) for makes, line in lines if line)


def chosen(writer: Writer, table: Templates, made: Collection[str], **holes: object) -> tuple[str, str]:
    """A filled line of the table, among those that make one of these, and which it makes."""
    makes, text = writer.pick([line for line in table if line[0] in made])
    return makes, text.format(**holes)


def lines(text: str) -> tuple[str, ...]:
    """The lines of a text, for a table whose lines all make the same."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def filled(writer: Writer, table: tuple[str, ...], **holes: object) -> str:
    """A filled line of a table whose lines all make the same."""
    return writer.pick(table).format(**holes)

"""What every command needs to speak with its user: configuration, rules, files, colour, lines on standard error.

Such a line is `tsl: SUBJECT: message`. Needs the driver for rules, loaded where they are asked for. It will never know
a command.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING

from tsl.config import Config, SettingError, read

if TYPE_CHECKING:
    from tsl.check import Books

CANNOT = 2


@contextmanager
def pages_needed(subject: str) -> Iterator[None]:
    """Says of a rule without a page that it is needed, and for what; most reports need none and never load pages."""
    try:
        yield
    except Exception as error:
        from tsl.page import PageError

        if not isinstance(error, PageError):
            raise
        raise SettingError(subject, str(error)) from None


def write(path: str, text: str | bytes, what: str) -> None:
    """Puts a text into a file, whole or not at all."""
    from tsl.project import reason
    from tsl.project import write as put

    try:
        put(path, text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise SettingError(path, f"cannot write the {what}: {reason(error)}") from None


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Says in one line of a file that it is not there, may not be read, or is no archive."""
    from tsl.archive.archive import ArchiveError
    from tsl.project import reason

    try:
        yield
    except OSError as error:
        raise SettingError(path, f"cannot be read: {reason(error)}") from None
    except ArchiveError as error:
        raise SettingError(path, f"is no archive: {error.message}") from None


def books(options: SimpleNamespace) -> tuple[Books, int]:
    """The rules there are, and the exit code that rulebooks which do not load make it."""
    from tsl.check import open_books

    books = open_books(configuration(options))
    for failure in books.failures:
        say(*failure)
    return books, CANNOT if books.failures else 0


def configuration(options: SimpleNamespace) -> Config:
    if options.isolated and options.config is not None:
        raise SettingError("--isolated", "reads no configuration, and --config names one; leave one of them out")
    return Config() if options.isolated else read(options.config)


def wants_color(when: str, *, is_terminal: bool) -> bool:
    if when != "auto":
        return when == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return is_terminal


def say(*parts: str) -> None:
    """One line on standard error, whatever a path or an exception's message holds."""
    text = ": ".join(("tsl", *parts))
    line = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
    print(line, file=sys.stderr)

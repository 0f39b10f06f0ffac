"""Reading a command's arguments by a table of them, and the help that the same table makes.

Needs nothing beyond what a run loads anyway: argparse costs a tenth of checking one file, and more with each flag. A
wrong argument is a SettingError of one line that names the nearest right one. It will never know a command; the tables
are in `tsl.cli.forms`.

1. `--flag VALUE` and `--flag=VALUE`; with a short flag `-f VALUE` and `-fVALUE`. A flag is spelled out in full.
2. Flags and words come in any order; after `--` all are words, and `-` is one anywhere.
3. A flag that is given twice counts as it is given last, unless its values add up.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from tsl.config import SettingError, nearest
from tsl.record import Record

INDENT, NARROW, WIDEST = 25, 80, 100


class Option(Record):
    """A flag: its spellings, the name of its value or nothing for a switch, what it is for.

    `read` makes a value of a text or raises ValueError; with `adds_up` it makes a list of values to add.
    """

    flags: tuple[str, ...]
    value: str
    help: str
    read: Callable[[str], Any] = str
    default: Any = None
    adds_up: bool = False

    @property
    def key(self) -> str:
        """The name a value is read under: `stdin_filename` for `--stdin-filename`."""
        return self.flags[-1].lstrip("-").replace("-", "_")


class Form(Record):
    """What a command takes: words, from `least` to `most` of them, and options in groups with titles."""

    command: str
    usage: str
    about: str
    word: str
    word_help: str
    groups: tuple[tuple[str, tuple[Option, ...]], ...]
    least: int = 0
    most: int | None = 0
    end: str = ""

    @property
    def options(self) -> Iterator[Option]:
        return (option for _, options in self.groups for option in options)


HELP = Option(("-h", "--help"), "", "show this help")


def parse(form: Form, arguments: Sequence[str]) -> SimpleNamespace:
    """The values of all options by their keys, and the `words`. Raises SettingError."""
    options = {flag: option for option in (HELP, *form.options) for flag in option.flags}
    values: dict[str, Any] = {option.key: option.default for option in options.values()}
    words: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            words += rest
        elif argument == "-" or not argument.startswith("-"):
            words.append(argument)
        else:
            _take(argument, rest, options, values, form)
    if not values["help"]:
        _count(words, form)
    return SimpleNamespace(words=words, **values)


def _take(argument: str, rest: Iterator[str], options: dict[str, Option], values: dict[str, Any], form: Form) -> None:
    """Puts the value of a flag among the values, taking its text from the rest where it is not attached."""
    flag, text = _split(argument)
    option = options.get(flag)
    if option is None:
        near = nearest(flag.lstrip("-"), [known.lstrip("-") for known in options]).replace("mean ", "mean --")
        raise SettingError(flag, f"there is no such option{near or f'; see tsl {form.command} --help'}")
    if not option.value:
        if text is not None:
            raise SettingError(flag, "is a switch and takes no value")
        values[option.key] = True
        return
    if text is None:
        text = next(rest, "-")
        if text.startswith("-"):
            raise SettingError(flag, f"needs {option.value}: {option.help.partition(';')[0]}")
    try:
        value = option.read(text)
    except ValueError as error:
        raise SettingError(flag, str(error)) from None
    values[option.key] = [*(values[option.key] or ()), *value] if option.adds_up else value


def _split(argument: str) -> tuple[str, str | None]:
    """A flag and the text attached to it, None where there is none (1)."""
    if argument.startswith("--"):
        flag, equals, text = argument.partition("=")
        return flag, text if equals else None
    return argument[:2], argument[2:] or None


def _count(words: Sequence[str], form: Form) -> None:
    if len(words) < form.least:
        raise SettingError(form.command, f"needs {form.word}; see tsl {form.command} --help")
    if form.most is not None and len(words) > form.most:
        raise SettingError(words[form.most], f"is one argument too many; see tsl {form.command} --help")


def help_of(form: Form) -> str:
    """The help of a command, as wide as the terminal and no wider than is good to read."""
    width = min(_columns(), WIDEST)
    groups = [(title, [_row(option) for option in options]) for title, options in form.groups]
    if form.word:
        groups[0][1].insert(0, (form.word, form.word_help))
    groups.append(("help", [_row(HELP)]))
    parts = [f"usage: tsl {form.command} {form.usage}", "\n".join(_wrapped(form.about, "", width))]
    for title, rows in groups:
        lines = [line for head, text in rows for line in _entry(head, text, width)]
        parts.append("\n".join([f"{title}:", *lines]))
    return "\n\n".join([*parts, *filter(None, [form.end])]).rstrip() + "\n"


def _row(option: Option) -> tuple[str, str]:
    return f"{', '.join(option.flags)} {option.value}".rstrip(), option.help


def _entry(head: str, text: str, width: int) -> list[str]:
    """A name and what it is for, beside it, or below where it is too long for that."""
    lines = _wrapped(text, " " * INDENT, width)
    if len(head) > INDENT - 4:
        return [f"  {head}", *lines]
    return [f"  {head}".ljust(INDENT) + lines[0][INDENT:], *lines[1:]]


def _wrapped(text: str, indent: str, width: int) -> list[str]:
    from textwrap import wrap

    return wrap(text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def _columns() -> int:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 2 * INDENT:
        return int(columns)
    try:
        return os.get_terminal_size().columns or NARROW
    except OSError:
        return NARROW

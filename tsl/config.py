"""What a project asks of tsl: the table `[tool.tsl]` of its pyproject.toml, or a tsl.toml with the same keys.

Needs a TOML reader, loaded once a file that speaks of tsl is met. It knows the form of each key and will never know a
rule: what a rule's name means is for the driver to say, and `Config.origin` tells it where the name stands.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tsl.diagnostic import Severity
from tsl.project import reason, shown
from tsl.record import Record

CAPTURES = ("auto", "trace", "script", "both")
OWN, SHARED = "tsl.toml", "pyproject.toml"


class SettingError(Exception):
    """A setting that cannot be followed: where it stands, and one line that says what to write instead."""

    def __init__(self, subject: str, message: str) -> None:
        super().__init__(f"{subject}: {message}")
        self.subject, self.message = subject, message


class Config(Record):
    """What holds for every run in a project. Paths and patterns count from `directory`; `file` is where it was read.

    `flags` are the keys that a command line has set over it.
    """

    select: tuple[str, ...] = ("ALL",)
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] = ()
    severity: tuple[tuple[str, Severity], ...] = ()
    capture: str = "auto"
    targets: tuple[str, ...] = ()
    target_files: tuple[str, ...] = ()
    deploy: str = ""
    rulebooks: tuple[str, ...] = ()
    src: tuple[str, ...] = (".", "src")
    directory: str = "."
    file: str = ""
    flags: frozenset[str] = frozenset()

    def origin(self, key: str) -> str:
        """Where a key was set, as an error names it: `--select` or `pyproject.toml: select`."""
        word = key.replace("_", "-")
        return f"--{FLAGS.get(word, word)}" if key in self.flags or not self.file else f"{self.file}: {word}"

    def with_flags(self, **given: Any) -> Config:
        """This configuration under the flags of a command line, by key; None stands for a flag that was not given.

        `select` begins a selection anew: the file's `ignore` and `extend-select` go. `extend_select` is added to.
        Raises SettingError for a value that a configuration file could not have either.
        """
        flags = {key: _flag(key, value) for key, value in given.items() if value is not None}
        old = self._replace(ignore=(), extend_select=()) if "select" in flags else self
        more = (*old.extend_select, *flags.get("extend_select", ()))
        return old._replace(**{**flags, "extend_select": more}, flags=self.flags | frozenset(flags))

    def place(self, path: str) -> str:
        """The absolute form of a path that counts from the configuration's directory."""
        return os.path.abspath(os.path.join(self.directory, path))


def read(named: str | None = None, start: str = ".") -> Config:
    """The configuration in a named file, or in the nearest one from a directory upward, or the default.

    Raises SettingError naming the file and the key.
    """
    if named is not None:
        return _configuration(named, _named_table(named))
    for path in _candidates(os.path.abspath(start)):
        table = _table(path, _text(path))
        if table is not None:
            return _configuration(path, table)
    return Config()


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a message on a word that is not known: `; did you mean select?`, or nothing where no word is near."""
    from difflib import get_close_matches

    close = get_close_matches(word, sorted(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _candidates(directory: str) -> Iterator[str]:
    while True:
        yield from filter(os.path.isfile, (os.path.join(directory, name) for name in (OWN, SHARED)))
        if directory == (directory := os.path.dirname(directory)):
            return


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except UnicodeDecodeError:
        raise SettingError(shown(path), "cannot be read: it is not UTF-8") from None
    except OSError as error:
        raise SettingError(shown(path), f"cannot be read: {reason(error)}") from None


def _named_table(path: str) -> Mapping[str, Any]:
    table = _table(path, _text(path))
    if table is None:
        raise SettingError(shown(path), "has no [tool.tsl] table; add one or leave --config out")
    return table


def _table(path: str, text: str) -> Mapping[str, Any] | None:
    """The table of tsl's keys in a file's text; None for a pyproject.toml that has none."""
    if os.path.basename(path) != SHARED:
        return _toml(path, text)
    if "tsl" not in text:
        return None  # most projects: spares loading the TOML reader
    tool = _toml(path, text).get("tool", {})
    table = tool.get("tsl") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise SettingError(shown(path), f"tool.tsl: expected a table, found {_kind(table)}")
    return table


def _toml(path: str, text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingError(shown(path), f"is not valid TOML: {str(error).splitlines()[0].lower()}") from None


def _configuration(path: str, table: Mapping[str, Any]) -> Config:
    values = {}
    for word, value in table.items():
        read_value = KEYS.get(word)
        if read_value is None:
            raise SettingError(shown(path), f"{word}: there is no such key{nearest(word, KEYS)}")
        try:
            values[word.replace("-", "_")] = read_value(value)
        except ValueError as error:
            raise SettingError(shown(path), f"{word}: {error}") from None
    return Config(**values, directory=os.path.dirname(os.path.abspath(path)), file=shown(path))


def _flag(key: str, value: Any) -> Any:
    word = key.replace("_", "-")
    try:
        return KEYS[word](list(value) if isinstance(value, tuple) else value)
    except ValueError as error:
        raise SettingError(f"--{FLAGS.get(word, word)}", str(error)) from None


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f"expected a list of strings, found {_kind(value)}")
    for item in value:
        if not isinstance(item, str):
            raise ValueError(f"expected a list of strings, found {_kind(item)} in it")
    return tuple(value)


def _items(value: Any, example: str) -> Iterable[tuple[str, Any]]:
    if not isinstance(value, dict):
        raise ValueError(f"expected a table such as {example}, found {_kind(value)}")
    return value.items()


def _ignores(value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((pattern, _strings(rules)) for pattern, rules in _items(value, '{ "tests/**" = ["TSL1"] }'))


def _severities(value: Any) -> tuple[tuple[str, Severity], ...]:
    return tuple((rule, _severity(rule, word)) for rule, word in _items(value, '{ tensor-branch = "warning" }'))


def _severity(rule: str, word: Any) -> Severity:
    if not isinstance(word, str):
        raise ValueError(f"{rule}: expected error, warning or info, found {_kind(word)}")
    try:
        return Severity.parse(word)
    except ValueError as error:
        raise ValueError(f"{rule}: {error}") from None


def _capture(value: Any) -> str:
    if value in CAPTURES:
        return str(value)
    found = f"{value!r}{nearest(value, CAPTURES)}" if isinstance(value, str) else _kind(value)
    raise ValueError(f"expected one of {', '.join(CAPTURES)}, found {found}")


def _text_of(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a string, found {_kind(value)}")
    return value


def _targets(value: Any) -> tuple[str, ...]:
    for target in _strings(value):
        name, colon, version = target.partition(":")
        is_name = name.replace("-", "").replace("_", "").isalnum()
        if not is_name or (colon and not version.replace(".", "").isalnum()):
            raise ValueError(f"{target!r} is not a target; write a name and, if it matters, a version: onnx:17")
    return tuple(value)


def _kind(value: Any) -> str:
    """A TOML value's type as its users call it."""
    return KINDS.get(type(value), "a date or time")


# Flags that have another name than their key.
FLAGS: Mapping[str, str] = {"targets": "target"}
KINDS: Mapping[type, str] = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "a table",
}
KEYS: Mapping[str, Callable[[Any], Any]] = {
    "select": _strings,
    "ignore": _strings,
    "extend-select": _strings,
    "per-file-ignores": _ignores,
    "exclude": _strings,
    "severity": _severities,
    "capture": _capture,
    "targets": _targets,
    "target-files": _strings,
    "deploy": _text_of,
    "rulebooks": _strings,
    "src": _strings,
}

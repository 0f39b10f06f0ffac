"""What is known of tsl's own rules without running their files: an index beside their byte code.

Definitions:
1. The *state* of a directory of rules is the name, size and time of each of its files, of tsl's version and of the form
   of a rule. An index is of one state, and of no use for another.
2. A rule out of the index is as its file makes it, but for its check, which runs the file when it is first called. Most
   runs ask a third of the rules.

Needs a directory it may write to, and is silent where it has none: then files are loaded one by one, as those of a
user's rulebook always are. It will never hold what a file that does not load would have said.
"""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import tsl
from tsl.diagnostic import Severity
from tsl.rule import Rule

NAME = f"rules.{sys.implementation.cache_tag}.index"
Load = Callable[[str], Rule]


class Later:
    """The check of a rule whose file has not run yet (2)."""

    __slots__ = ("_check", "_load", "_path")

    def __init__(self, path: str, load: Load) -> None:
        self._path, self._load = path, load
        self._check: Callable[[Any], Iterator[Any]] | None = None

    def __call__(self, subject: Any) -> Iterator[Any]:
        if self._check is None:
            self._check = self._load(self._path).check
        return self._check(subject)


def indexed(directory: str, names: Sequence[str], load: Load) -> list[Rule]:
    """The rules in files of a directory, from the index where it is of their state; else loaded, and the index written.

    Raises OSError where a file went away meanwhile, and what `load` raises.
    """
    state = _state(directory, names)
    known = _read(directory, state)
    if known is not None:
        return [_rule(fields, os.path.join(directory, name), load) for name, fields in zip(names, known, strict=True)]
    rules = [load(os.path.join(directory, name)) for name in names]
    _write(directory, state, [_fields(rule) for rule in rules])
    return rules


def _state(directory: str, names: Sequence[str]) -> list[Any]:
    """(1)"""
    form = os.stat(os.path.join(os.path.dirname(os.path.abspath(tsl.__file__)), "rule.py"))
    state: list[Any] = [tsl.__version__, form.st_size, form.st_mtime_ns]
    for name in names:
        status = os.stat(os.path.join(directory, name))
        state += (name, status.st_size, status.st_mtime_ns)
    return state


def _fields(rule: Rule) -> list[Any]:
    """What of a rule is data: all but its check and its path."""
    return [int(rule.severity) if field == "severity" else getattr(rule, field) for field in _DATA]


_DATA = tuple(field for field in Rule._fields if field not in ("check", "path"))


def _rule(fields: Sequence[Any], path: str, load: Load) -> Rule:
    known = dict(zip(_DATA, fields, strict=True))
    known["severity"] = Severity(known["severity"])
    return Rule(**known, check=Later(path, load), path=path)


def _place(directory: str) -> str:
    return os.path.join(directory, "__pycache__", NAME)


def _read(directory: str, state: Sequence[Any]) -> list[list[Any]] | None:
    try:
        with open(_place(directory), "rb") as file:
            found, rules = marshal.load(file)
    except (OSError, EOFError, ValueError, TypeError):  # not there, cut off, or written by something else
        return None
    return rules if found == state else None


def _write(directory: str, state: Sequence[Any], rules: Sequence[Any]) -> None:
    if sys.dont_write_bytecode:
        return
    from tsl.project import write

    try:
        os.makedirs(os.path.dirname(_place(directory)), exist_ok=True)
        write(_place(directory), marshal.dumps((list(state), list(rules))))
    except OSError:
        return  # read-only or full: the next run loads the files again

"""From the name of a target to the target: `onnx:13`, `libtorch:2.4`, `cuda`, or one that a user's file describes.

A user's target is a TOML file: `name`, and `operators`, a list of names (`aten::relu`) or overloads
(`aten::add.Tensor`); or in place of that a table `[versions]` of such lists, in order, each of which holds what is new
in a version. `source` and `date` say how it was obtained.

Needs the tables. Raises TargetError, whose message says what to write instead.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tsl.record import Record
from tsl.target.table import NAMES, Table, shipped

KEYS = frozenset({"name", "operators", "versions", "source", "date"})
OPERATOR = re.compile(r"\w+::\w+(?:\.\w+)?")


class TargetError(Exception):
    """A target that there is not, or a file that describes none."""


class Target(Record):
    """A version of something that runs models, and the table that knows it. `text` is its name as a user writes it."""

    text: str
    table: Table
    version: str


def targets(words: Iterable[str], files: Sequence[str] = ()) -> tuple[Target, ...]:
    """The targets of these names, by tsl's tables and those in users' files. Raises TargetError, OSError."""
    own = {table.name: table for table in map(read, files)}
    return tuple(_target(word, own) for word in dict.fromkeys(words))


def tables(files: Sequence[str] = ()) -> tuple[Table, ...]:
    """All tables there are: tsl's, then those in users' files. Raises TargetError, OSError."""
    return (*map(shipped, NAMES), *map(read, files))


def _target(word: str, own: Mapping[str, Table]) -> Target:
    name, _, version = word.partition(":")
    if name not in own and name not in NAMES:
        from tsl.config import nearest

        known = [*NAMES, *own]
        raise TargetError(f"there is no target {name!r}{nearest(name, known) or f'; use {listed(known)}'}")
    table = own.get(name) or shipped(name)
    if not version:
        return Target(table.name, table, table.versions[-1])
    if version not in table.versions:
        version = ".".join(version.split(".")[:2])  # a patch release has the operators of its release
    if version not in table.versions:
        raise TargetError(f"{table.name} is known in {table.version_of} {span(table.versions)}, not in {version}")
    return Target(word, table, version)


def span(versions: Sequence[str]) -> str:
    """Versions in words: `9 to 20`."""
    return versions[0] if len(versions) == 1 else f"{versions[0]} to {versions[-1]}"


def listed(words: Sequence[str], last: str = "or") -> str:
    """Words in a row: `a, b or c`."""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def read(path: str) -> Table:
    """The table in a user's file. Raises TargetError, OSError."""
    given = _toml(path)
    unknown = sorted(given.keys() - KEYS)
    if unknown:
        raise TargetError(f"{path}: {unknown[0]}: there is no such key; use {', '.join(sorted(KEYS))}")
    name, lists = given.get("name"), given.get("versions", {"": given.get("operators")})
    if not isinstance(name, str) or not re.fullmatch(r"[\w-]+", name):
        raise TargetError(f"{path}: name: expected a word such as acme")
    if not isinstance(lists, dict) or not lists or ("operators" in given) == ("versions" in given):
        raise TargetError(f"{path}: needs operators, a list, or versions, a table of lists")
    versions = [str(version) or "1" for version in lists]
    found: dict[str, str] = {}
    for version, operators in zip(versions, lists.values(), strict=True):
        for operator in _operators(path, operators):
            found.setdefault(operator, f"{version}-{versions[-1]}")
    level = "overload" if any("." in operator for operator in found) else "name"
    head = {
        "name": name,
        "date": str(given.get("date", "")),
        "title": f"{name}, by {Path(path).name}",
        "version-of": name,
        "source": str(given.get("source", path)),
        "level": level,
        "versions": " ".join(versions),
    }
    lines = [f"# {key}: {' '.join(value.split())}" for key, value in head.items()]
    return Table("\n".join([*lines, *(f"{operator}\t{held}" for operator, held in found.items()), ""]))


def _operators(path: str, operators: Any) -> list[str]:
    if not isinstance(operators, list):
        raise TargetError(f"{path}: expected a list of operators such as aten::relu")
    for operator in operators:
        if not isinstance(operator, str) or not OPERATOR.fullmatch(operator):
            raise TargetError(f"{path}: {operator!r} is not an operator; write aten::relu or aten::add.Tensor")
    return operators


def _toml(path: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise TargetError(f"{path}: is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise TargetError(f"{path}: is not valid TOML: {str(error).splitlines()[0].lower()}") from None

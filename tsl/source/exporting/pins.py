"""The versions of torch that a project's requirement files name, and whether they are one.

Definition: a project is what lies under the first directory above a file that holds one of ROOTS. Its pins are the
exact versions of torch in the files of PATTERNS, there and in its directories. Two pins *disagree* where their first
two numbers do: an archive of a newer torch may not load in an older one, and a trace is only as good as the operators
that run it.

Needs a file system to look at. It will never resolve a dependency.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatch

from tsl.diagnostic import Span
from tsl.project.names import shown
from tsl.record import Record

ROOTS = (".git", ".hg", "pyproject.toml", "setup.py", "setup.cfg")
PATTERNS = (
    *("requirements*.txt", "requirements*.in", "constraints*.txt", "environment*.yml", "environment*.yaml"),
    *("conda*.yml", "conda*.yaml", "Dockerfile*", "*.Dockerfile"),
)
MOST_FILES, MOST_BYTES, MOST_UP = 64, 200_000, 8
PIN = re.compile(r"""(?<![\w.-])(?:torch\s*===?\s*|pytorch\s*==?\s*)["']?(\d+\.\d+(?:\.\d+)*)""")
# The image that torch publishes: FROM pytorch/pytorch:2.4.0-cuda12.1
IMAGE = re.compile(r"^\s*FROM\s+(?:\S+/)?pytorch/pytorch:(\d+\.\d+(?:\.\d+)*)", re.I | re.M)


class Pin(Record):
    """A version of torch in a file; it is a file and a node of its own, as a label wants them."""

    path: str
    line: int
    column: int
    version: str

    def span(self, node: object) -> Span:
        """Where it stands."""
        return Span(shown(self.path), self.line, self.column, self.line, self.column + len(self.version))


def pins_of(path: str, text: str) -> list[Pin]:
    """The pins of the project of a file and those in its own text, in the order of their files."""
    root = _root(os.path.dirname(os.path.abspath(path)))
    own = list(_pins_in(path, text)) if "torch==" in text else []
    return [*own, *(pin for file in (_files(root) if root else ()) for pin in _pins(file))]


def disagreeing(pins: list[Pin]) -> tuple[Pin, Pin] | None:
    """The oldest and the newest of the pins, where they disagree."""
    ordered = sorted(pins, key=lambda pin: _numbers(pin.version))
    if len(ordered) < 2 or _numbers(ordered[0].version)[:2] == _numbers(ordered[-1].version)[:2]:
        return None
    return ordered[0], ordered[-1]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _root(directory: str) -> str:
    for _ in range(MOST_UP):
        if any(os.path.exists(os.path.join(directory, name)) for name in ROOTS):
            return directory
        directory = os.path.dirname(directory)
    return ""


def _files(root: str) -> Iterator[str]:
    """The requirement files of a project, in its directory and one below."""
    found: list[str] = []
    for place in (root, *_directories(root)):
        names = sorted(name for name in _listed(place) if any(fnmatch(name, pattern) for pattern in PATTERNS))
        found += [os.path.join(place, name) for name in names]
    yield from found[:MOST_FILES]


def _directories(root: str) -> list[str]:
    paths = (os.path.join(root, name) for name in sorted(_listed(root)) if not name.startswith("."))
    return [path for path in paths if os.path.isdir(path)]


def _listed(place: str) -> list[str]:
    try:
        return os.listdir(place)
    except OSError:  # may not be read: then nothing in it speaks
        return []


def _pins(path: str) -> Iterator[Pin]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            yield from _pins_in(path, file.read(MOST_BYTES))
    except OSError:
        return


def _pins_in(path: str, text: str) -> Iterator[Pin]:
    for number, line in enumerate(text.split("\n"), 1):
        said = line if path.endswith(".py") else line.partition("#")[0]
        found = IMAGE.match(line) or PIN.search(said)
        if found is not None:
            yield Pin(path, number, found.start(1) + 1, found.group(1))

"""What to be wary of in an archive: ZIP tricks, suspicious pickles, broken code, paths of the machine it was made on.

Paths are looked for in the bytes of the debug information, which keeps the files its code came from and, for traces,
the whole Python stack. Needs an opened archive. It will never decide what is grave: rules do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from tsl.archive.archive import Archive
from tsl.archive.inspection.facts import Remark

# A path ends in .py, begins at the root or a drive, and is looked for so many bytes back; no byte of STOPS is in it. By
# looking back, the time is in proportion to the bytes whatever they are. What follows a string in a pickle is an
# opcode, most often `q`.
_END = re.compile(rb"\.py(?![ci]\b)")
_STOPS = re.compile(rb"[\x00-\x1f\x7f\"<>|()*?]")
_START = re.compile(rb"(?<![\w./\\:~-])(?:[A-Za-z]:[\\/]|/)(?=[^/\\\s])")
LONGEST_PATH, MOST_ENDS = 1_024, 100_000
_LIBRARIES = ("/site-packages/", "/dist-packages/")
MOST_PATHS = 1_000


def remarks_of(archive: Archive) -> tuple[Remark, ...]:
    """All of it: tricks, pickles, code that was asked for and cannot be read, paths."""
    return (*_tricks(archive), *_pickles(archive), *_code(archive), *_paths(archive))


def _tricks(archive: Archive) -> Iterator[Remark]:
    for trick in archive.tricks:
        yield Remark("zip", trick.name, trick.member, trick.message)


def _pickles(archive: Archive) -> Iterator[Remark]:
    for problem in archive.problems:
        yield Remark("pickle", problem.name, problem.member, problem.message)


def _code(archive: Archive) -> Iterator[Remark]:
    for problem in archive.code.problems if archive.kind.has_code else ():
        yield Remark("code", problem.name, problem.member, problem.message)


def _paths(archive: Archive) -> Iterator[Remark]:
    """Each path once, those outside of installed packages first, with the first member it is in."""
    met: dict[str, str] = {}
    for name in archive.members:
        if name.endswith(".debug_pkl"):
            for found in _named(archive.read(name)):
                met.setdefault(found.decode("utf-8", "backslashreplace"), name)
    for path in sorted(met, key=_is_installed)[:MOST_PATHS]:
        yield Remark("path", "installed" if _is_installed(path) else "own", met[path], path)


def _named(data: bytes) -> Iterator[bytes]:
    """The paths that some bytes name, as often as they do."""
    before = 0
    for found in islice(_END.finditer(data), MOST_ENDS):
        end = found.end()
        near = _STOPS.split(data[max(before, end - LONGEST_PATH) : end])[-1]
        start = _START.search(near)
        if start:
            yield near[start.start() :]
        before = end


def _is_installed(path: str) -> bool:
    return any(part in path.replace("\\", "/") for part in _LIBRARIES)

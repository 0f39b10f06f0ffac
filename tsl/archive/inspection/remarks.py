"""What to be wary of in an archive: ZIP tricks, suspicious pickles, broken code, paths of the machine it was made on.

Paths are looked for in the bytes of the debug information, which keeps the files its code came from and, for traces,
the whole Python stack. Needs an opened archive. It will never decide what is grave: rules do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tsl.archive.archive import Archive
from tsl.archive.inspection.facts import Remark

# A path from the root or from a drive to a Python file.
_PATH = re.compile(
    rb"(?<![\w./\\:~-])(?:[A-Za-z]:[\\/]|/)(?:[^\x00-\x1f/\\:*?\"<>|()]{1,255}[\\/]){1,64}[^\x00-\x1f/\\:*?\"<>|()]{1,255}\.py"
)
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
            for found in _PATH.finditer(archive.read(name)):
                met.setdefault(found[0].decode("utf-8", "backslashreplace"), name)
    own = [path for path in met if not _is_installed(path)]
    installed = [path for path in met if _is_installed(path)]
    for path in [*own, *installed][:MOST_PATHS]:
        yield Remark("path", "installed" if _is_installed(path) else "own", met[path], path)


def _is_installed(path: str) -> bool:
    return any(part in path.replace("\\", "/") for part in _LIBRARIES)

"""The checked Python files, found by the paths that a graph records.

1. A file is *known* by its real path, where the graph was recorded on this machine just now.
2. Where it was recorded elsewhere it is known by the end of its path: the file with most directories in common, at
   least the packages it lies in; none where two have as many. Of the recorded paths that lead to one file those count
   that have most in common with it.

Needs the files of a run. It will never judge what is recorded.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from tsl.check.text import Text, read_text
from tsl.project import module_name


class Files:
    """The Python files of a run. With `elsewhere` the second definition holds."""

    def __init__(self, paths: Sequence[str], *, elsewhere: bool) -> None:
        self._by_place = {os.path.realpath(path): path for path in paths if path.endswith(".py")}
        self.elsewhere = elsewhere
        self._texts: dict[str, Text | None] = {}
        self._known: dict[str, str] = {}
        self._left_out: set[str] = set()

    def find(self, recorded: str) -> Text | None:
        """The file a recorded path is of; None where it is none of the run's, or does not parse."""
        if recorded not in self._known:
            self._known[recorded] = self._closest(recorded)[0] if self.elsewhere else self._same(recorded)
        return self._read(self._known[recorded])

    def at(self, path: str) -> Text | None:
        """The file at a path of this machine, on the same terms."""
        return self._read(self._same(path))

    def texts(self) -> list[Text]:
        """All files that parse, in the order of the run."""
        return [text for path in self._by_place.values() if (text := self._read(path))]

    def settle(self, recorded: Iterable[str]) -> None:
        """Makes known which of all recorded paths are of which file (2)."""
        best: dict[str, int] = {}
        shares = {path: self._closest(path) for path in recorded}
        for file, share in shares.values():
            best[file] = max(best.get(file, 0), share)
        self._known = {path: file if share == best[file] else "" for path, (file, share) in shares.items()}

    def leave_out(self, path: str) -> None:
        """Makes as if the file at a path of the run were none of its."""
        self._texts[path] = None
        self._left_out.add(path)

    def is_left_out(self, recorded: str) -> bool:
        """Whether a recorded path is of a file that was left out."""
        return self._known.get(recorded, "") in self._left_out

    @property
    def any_left_out(self) -> bool:
        """Whether a file was left out."""
        return bool(self._left_out)

    @property
    def found(self) -> bool:
        """Whether anything that was looked for is of a file of the run."""
        return any(self._known.values())

    def _read(self, path: str) -> Text | None:
        if path and path not in self._texts:
            self._texts[path] = read_text(path)
        return self._texts[path] if path else None

    def _same(self, recorded: str) -> str:
        return self._by_place.get(os.path.realpath(recorded), "")

    def _closest(self, recorded: str) -> tuple[str, int]:
        """The file of a path that was recorded elsewhere, and how many parts both have in common (2)."""
        parts = recorded.replace("\\", "/").split("/")[::-1]
        shared = {path: _shared(parts, place.split(os.sep)[::-1]) for place, path in self._by_place.items()}
        shared = {path: number for path, number in shared.items() if number >= _least(path)}
        most = max(shared.values(), default=0)
        best = [path for path, number in shared.items() if number == most]
        return (best[0], most) if len(best) == 1 else ("", 0)


def _least(path: str) -> int:
    """The parts of a file's path that its module is named by."""
    parts = len(module_name(path).split("."))
    return parts + 1 if os.path.basename(path) == "__init__.py" else parts


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many parts two paths have in common, from their ends."""
    number = 0
    for mine, yours in zip(one, other, strict=False):
        if mine != yours:
            break
        number += 1
    return number

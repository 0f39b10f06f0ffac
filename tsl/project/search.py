"""The search for the files of a run.

Needs the patterns of `tsl.project.patterns`, and of archives the bytes they begin with. It looks at names and links and
will never read code.

1. Entries come in the order of their names, so that two runs say the same in the same order.
2. A directory in SKIPPED and one that holds `pyvenv.cfg` is passed over.
3. What git ignores is passed over: `.gitignore` from the repository's root down, and `.git/info/exclude`.
4. What an `exclude` pattern takes is passed over.
5. A link to a directory is followed once everything else has been read, unless its target has been read by then.
6. What was named in so many words is read, whatever 2 to 4 say.
7. In a directory files ending in .py are Python, and files with an archive's ending are archives if they begin as one.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from tsl.project.heads import AMBIGUOUS, ENDINGS, ending, head_of, is_archive, starts_archive
from tsl.project.names import reason, shown
from tsl.project.patterns import Patterns, ignored, layers_above, patterns_of, upward
from tsl.record import Record

SKIPPED = frozenset(
    [
        *(".bzr", ".git", ".hg", ".jj", ".svn"),
        *(".direnv", ".venv", "__pypackages__", "node_modules", "venv"),
        *(".hypothesis", ".mypy_cache", ".pytest_cache", ".pytype", ".ruff_cache", ".tsl_cache", "__pycache__"),
        *(".eggs", ".nox", ".tox", "_build", "buck-out"),
    ]
)
# What pre-commit hands to a hook for Python; directories are searched for .py alone.
SOURCES = frozenset([".gyp", ".gypi", ".py", ".pyt", ".pyw", ".tac", ".wsgi"])
STDIN = "-"


class Problem(Record):
    """A path that cannot be read, and why, in one line."""

    path: str
    message: str


class Found(Record):
    """The files of a run, sorted; the paths nothing came of; what a user may want to know."""

    files: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def find(arguments: Sequence[str], exclude: Patterns | None = None) -> Found:
    """The files that paths stand for. `-` is passed through; a file met twice is listed once, by its own name."""
    search = _Search(exclude)
    for argument in arguments:
        search.name(argument)
    search.follow_links()
    return search.found()


class _Directory(Record):
    """A directory to walk: the path users read, the absolute one, the one without links, git's patterns and parents."""

    shown: str
    path: str
    real: str
    layers: tuple[Patterns, ...]
    above: tuple[tuple[int, int], ...]

    @classmethod
    def named(cls, path: str) -> _Directory:
        real = os.path.realpath(path)
        above = tuple(_identity(place) for place in upward(os.path.dirname(real)))
        return cls(shown(path), path, real, layers_above(path), above if real != os.path.dirname(real) else ())

    def child(self, entry: os.DirEntry[str], layers: tuple[Patterns, ...]) -> _Directory:
        real = os.path.realpath(entry.path) if entry.is_symlink() else os.path.join(self.real, entry.name)
        return self._replace(shown=self.name_of(entry), path=entry.path, real=real, layers=layers)

    def name_of(self, entry: os.DirEntry[str]) -> str:
        return entry.name if self.shown == "." else f"{self.shown.rstrip('/')}/{entry.name}"


class _Search:
    """What one search has met so far."""

    def __init__(self, exclude: Patterns | None) -> None:
        self._exclude = exclude
        self._files: dict[str, str] = {}
        self._linked_files: list[tuple[str, str]] = []
        self._linked_directories: list[_Directory] = []
        self._seen: set[tuple[int, int]] = set()
        self._problems: list[Problem] = []
        self._notes: list[str] = []

    def name(self, argument: str) -> None:
        """Takes in a path that was named in so many words (6)."""
        if argument == STDIN:
            self._files[STDIN] = STDIN
            return
        try:
            mode = os.stat(argument).st_mode
        except (OSError, ValueError) as error:  # ValueError: a null byte
            self._fail(shown(argument), reason(error) if isinstance(error, OSError) else str(error))
            return
        if stat.S_ISDIR(mode):
            path = os.path.abspath(argument)
            self._walk(_Directory.named(path))
        elif refusal := _refusal(argument, mode):
            self._fail(shown(argument), refusal)
        else:
            self._files.setdefault(os.path.realpath(argument), shown(argument))

    def follow_links(self) -> None:
        """Walks the linked directories that nothing else led to, then takes the linked files (5)."""
        while self._linked_directories:
            self._walk(self._linked_directories.pop(0))
        for real, name in self._linked_files:
            self._files.setdefault(real, name)

    def found(self) -> Found:
        return Found(tuple(sorted(self._files.values())), tuple(sorted(self._problems)), tuple(sorted(self._notes)))

    def _walk(self, top: _Directory) -> None:
        waiting = [top]
        while waiting:
            directory = waiting.pop()
            try:
                identity = _identity(directory.path)
                entries = _entries(directory.path)
            except OSError as error:
                self._fail(directory.shown, f"cannot read the directory: {reason(error)}")
                continue
            if identity in directory.above:
                self._notes.append(f"{directory.shown}: a link back to a directory it lies in; not followed")
            elif identity not in self._seen:
                self._seen.add(identity)
                known = directory._replace(above=(*directory.above, identity))
                waiting.extend(self._sort(known, entries, directory is top))

    def _sort(self, directory: _Directory, entries: list[os.DirEntry[str]], named: bool) -> list[_Directory]:
        """Takes the files among a directory's entries and returns the directories to walk next, last name first (1)."""
        names = {entry.name for entry in entries}
        if "pyvenv.cfg" in names and not named:
            return []
        layers = directory.layers
        if ".gitignore" in names:
            layers += patterns_of(directory.path, ".gitignore")
        inside: list[_Directory] = []
        for entry in entries:
            if not _is_directory(entry):
                self._take(directory, entry, layers)
            elif entry.name not in SKIPPED and not self._is_left_out(entry.path, layers, is_directory=True):
                waiting = self._linked_directories if entry.is_symlink() else inside
                waiting.append(directory.child(entry, layers))
        return inside[::-1]

    def _take(self, directory: _Directory, entry: os.DirEntry[str], layers: tuple[Patterns, ...]) -> None:
        """Lists an entry that is a Python file or an archive (7)."""
        is_python = entry.name.endswith(".py")
        if not (is_python or ending(entry.name) in ENDINGS) or self._is_left_out(entry.path, layers):
            return
        if not (is_python or starts_archive(head_of(entry.path))):
            return
        name = directory.name_of(entry)
        if not entry.is_symlink():
            if entry.is_file():
                self._files.setdefault(os.path.join(directory.real, entry.name), name)
        elif os.path.isfile(entry.path):
            self._linked_files.append((os.path.realpath(entry.path), name))
        else:
            self._fail(name, "cannot read the file: a link that leads nowhere")

    def _is_left_out(self, path: str, layers: tuple[Patterns, ...], is_directory: bool = False) -> bool:
        if self._exclude and self._exclude.verdict(path, is_directory):
            return True
        return ignored(path, layers, is_directory)

    def _fail(self, path: str, message: str) -> None:
        self._problems.append(Problem(path, message))


def _identity(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino


def _entries(path: str) -> list[os.DirEntry[str]]:
    with os.scandir(path) as listing:
        return sorted(listing, key=lambda entry: entry.name)


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _refusal(path: str, mode: int) -> str | None:
    """Why a file that was named is not read, or None."""
    if not stat.S_ISREG(mode):
        return "not a regular file; give its text on standard input with - instead"
    kind = ending(path)
    if kind in SOURCES or is_archive(path, head_of(path)) or (not kind and _is_script(path)):
        return None
    if kind in AMBIGUOUS:
        return f"a {kind} file that does not begin as an archive does; name .py files, archives or directories"
    return (
        f"{kind or 'a file without an ending'} is not a kind of file tsl reads; name .py files, archives or directories"
    )


def _is_script(path: str) -> bool:
    """Whether a file begins as a Python script does, or cannot be opened: then its reader says why."""
    try:
        with open(path, "rb") as file:
            first = file.readline(200)
    except OSError:
        return True
    return first.startswith(b"#!") and b"python" in first

"""Patterns in the language of `.gitignore`, and the layers of them git has for a directory.

Needs `pathspec`, loaded once there is a pattern to match. Whoever walks down a tree asks about each directory first and
stays out of what is taken. It will never list a directory.

Known gap: pathspec answers for whole paths and git for one step at a time, so a nested `!*/`, which gives directories
back, here also gives back the files in them that an outer `.gitignore` takes. Such a file is then checked.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence


class Patterns:
    """Patterns counted from a directory. Raises ValueError naming a line that is no pattern."""

    __slots__ = ("_prefix", "_spec")

    def __init__(self, directory: str, lines: Iterable[str]) -> None:
        from pathspec import GitIgnoreSpec

        self._prefix = os.path.join(directory, "")
        try:
            self._spec = GitIgnoreSpec.from_lines(_contents_only(line) for line in lines)
        except ValueError as error:
            raise ValueError(str(error).partition("\n")[0]) from None

    def verdict(self, path: str, is_directory: bool = False) -> bool | None:
        """True where the last pattern to speak of an absolute path takes it, False where it gives it back; or None."""
        if not path.startswith(self._prefix):
            return None
        inside = path[len(self._prefix) :].replace(os.sep, "/")
        return self._spec.check_file(f"{inside}/" if is_directory else inside).include


def _contents_only(line: str) -> str:
    """`a/**` spelled as `a/**/*`: git means what lies in `a`, pathspec means `a` too and then gives nothing back."""
    bare = line.rstrip()
    if bare.endswith("/**"):
        return f"{bare}/*"
    return f"{bare}*/" if bare.endswith("/**/") else line


def ignored(path: str, layers: Sequence[Patterns], is_directory: bool = False) -> bool:
    """Whether the innermost layer that speaks of an absolute path takes it; layers are given outermost first."""
    for layer in reversed(layers):
        verdict = layer.verdict(path, is_directory)
        if verdict is not None:
            return verdict
    return False


def layers_above(directory: str) -> tuple[Patterns, ...]:
    """What git has for a directory from its repository's root down, the directory's own file left out.

    None at all where they take the directory itself: whoever names it wants it read.
    """
    chain = list(upward(directory))
    repository = next((number for number, path in enumerate(chain) if os.path.exists(os.path.join(path, ".git"))), None)
    if repository is None:
        return ()
    layers = patterns_of(chain[repository], _private_excludes(chain[repository]))
    for path in chain[repository:0:-1]:
        layers += patterns_of(path, ".gitignore")
    taken = any(ignored(path, layers, is_directory=True) for path in chain[:repository])
    return () if taken else layers


def patterns_of(directory: str, name: str) -> tuple[Patterns, ...]:
    """The patterns of one file of git's, counted from a directory; a line git makes nothing of counts for nothing."""
    try:
        with open(os.path.join(directory, name), encoding="utf-8", errors="surrogateescape") as file:
            lines = [line for line in file.read().splitlines() if line.strip() and not line.startswith("#")]
    except OSError:
        return ()
    sound = [line for line in lines if _is_pattern(directory, line)]
    return (Patterns(directory, sound),) if sound else ()


def _is_pattern(directory: str, line: str) -> bool:
    try:
        Patterns(directory, [line])
    except ValueError:
        return False
    return True


def upward(directory: str) -> Iterator[str]:
    """A directory and the ones it lies in, up to the root."""
    yield directory
    while directory != (directory := os.path.dirname(directory)):
        yield directory


def _private_excludes(repository: str) -> str:
    """The path of a repository's `info/exclude`; in a worktree `.git` is a file that names the place."""
    place = os.path.join(repository, ".git")
    if os.path.isfile(place):
        place = os.path.join(repository, _first_line(place).removeprefix("gitdir:").strip())
        place = os.path.join(place, _first_line(os.path.join(place, "commondir")))
    return os.path.join(place, "info", "exclude")


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.readline().strip()
    except OSError:
        return ""

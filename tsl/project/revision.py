"""Files as they were in a revision of git: `main:model.pt`, `HEAD~1:src/net.py`.

Definitions:
1. A word names a file of a revision where it is `REV:PATH`, and no file of that name exists. PATH is relative to the
   working directory, as paths are everywhere; git itself would take it from the root of the repository.
2. One file is taken with the filters that git has for it, so that a file of Git LFS is what it stands for.
3. A tree is all files of a revision, in a directory of its own; the repository is left as it is.

Needs git. Raises RevisionError. It will never write into a repository or a working tree.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from tsl.project.names import shown

POINTER = b"version https://git-lfs.github.com/spec/"


class RevisionError(Exception):
    """A file or tree that cannot be had from git; says what it is about and why."""

    def __init__(self, subject: str, message: str) -> None:
        super().__init__(f"{subject}: {message}")
        self.subject, self.message = subject, message


def split(word: str) -> tuple[str, str]:
    """The revision and the path that a word names; no revision where it names a file (1)."""
    revision, colon, path = word.partition(":")
    return ("", word) if not colon or not path or os.path.exists(word) else (revision, path)


def take_file(revision: str, path: str, target: str) -> None:
    """Writes a file of a revision to a target (2)."""
    name = f"{revision}:{path}"
    inside = _inside(revision, path)
    data = _git(["cat-file", "--filters", f"{_commit(revision)}:{inside}"], name, f"there is no {path} in {revision}")
    if data.startswith(POINTER):
        raise RevisionError(name, "is a pointer of Git LFS; install git-lfs, and git lfs pull")
    with open(target, "wb") as file:
        file.write(data)


def take_tree(revision: str, directory: str) -> str:
    """Puts the files of a revision into a directory that is there (3); the working directory's place in it."""
    root = _root(revision)
    index = {**os.environ, "GIT_INDEX_FILE": os.path.join(directory, ".index")}
    tree = os.path.join(directory, "tree")
    os.mkdir(tree)
    _git(["-C", root, "read-tree", _commit(revision)], revision, "its tree cannot be read", index)
    prefix = f"--prefix={os.path.join(tree, '')}"
    _git(["-C", root, "checkout-index", "--all", "--quiet", prefix], revision, "its files cannot be written", index)
    return os.path.normpath(os.path.join(tree, _inside(revision, ".")))


def has_file(revision: str, path: str) -> bool:
    """Whether a revision has a file."""
    listed = _git(
        ["ls-tree", "--full-tree", _commit(revision), "--", _inside(revision, path)], revision, "cannot be read"
    )
    return bool(listed)


def _inside(revision: str, path: str) -> str:
    """A path from the root of the repository."""
    inside = shown(os.path.realpath(path), os.path.realpath(_root(revision)))
    if inside.startswith("../") or os.path.isabs(inside):
        raise RevisionError(f"{revision}:{path}", "lies outside of the repository of the working directory")
    return inside


def _root(revision: str) -> str:
    out = _git(["rev-parse", "--show-toplevel"], revision, "names a revision, and this is no repository of git")
    return os.fsdecode(out).strip()


def _commit(revision: str) -> str:
    """The commit of a revision; a word that begins with a hyphen is no option of git."""
    wrong = "there is no such revision; fetch it (in CI with its history: fetch-depth: 0)"
    out = _git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"], revision, wrong)
    return os.fsdecode(out).strip()


def _git(arguments: list[str], subject: str, wrong: str, environment: Mapping[str, str] | None = None) -> bytes:
    """What git prints. Raises RevisionError with these words where it fails."""
    import subprocess

    try:
        done = subprocess.run(["git", *arguments], capture_output=True, check=False, env=environment)
    except FileNotFoundError:
        raise RevisionError(subject, "names a revision, and git is not installed") from None
    if done.returncode:
        raise RevisionError(subject, wrong)
    return done.stdout

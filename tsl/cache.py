"""What judging a file found, kept until a file it rests on, tsl, its rules or the question change.

Needs a directory it may write to, and is silent where it has none: a cache never fails a run. An entry holds all
findings of a file, before anyone selects among them, so that another selection is answered from it as well. It will
never keep what could not be done: a failure is tried again.

An entry depends on one file, as the analysis does: the day that reads a second one, its contents join the question.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

from tsl.diagnostic import Diagnostic, Evidence, Label, Severity, Span
from tsl.project import write
from tsl.record import Record

NAME = ".tsl_cache"
EVIDENCE = Diagnostic._fields.index("evidence")
TAG = b"Signature: 8a477f597d28d172789f06886806bc55\n# A cache directory of tsl; see https://bford.info/cachedir/\n"


class Judged(Record):
    """All that judging a file found, in it and in the files it reaches.

    `captures` is what its call sites capture, `unmatched_roots` the asked-for roots that mean nothing in it, `read` and
    `absent` the absolute paths of the other files it rests on: there, and not there.
    """

    diagnostics: tuple[Diagnostic, ...]
    captures: frozenset[str] = frozenset()
    unmatched_roots: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


class Cache:
    """The entries under a directory for one state of tsl and its rules, given by its stamp.

    The first line of an entry is a digest over the question and the answer, so that one look tells the right entry from
    a stale one, another file's and a damaged one.
    """

    __slots__ = ("_digests", "_directory", "_stamp")

    def __init__(self, directory: str, stamp: bytes) -> None:
        self._directory = os.path.join(directory, NAME)
        self._stamp = stamp
        self._digests: dict[str, str | None] = {}

    def get(self, path: str, data: bytes, roots: tuple[str, ...]) -> Judged | None:
        """What was found in a file with these contents, or None."""
        try:
            with open(self._entry(path), "rb") as file:
                seal, _, answer = file.read().partition(b"\n")
        except OSError:
            return None
        if seal != self._seal(path, data, roots, answer):
            return None
        import json

        packed, read, absent = json.loads(answer)
        if any(self._digest_of(path) != digest for path, digest in read) or any(map(self._digest_of, absent)):
            return None
        return _unpacked(packed, tuple(path for path, _ in read), tuple(absent))

    def put(self, path: str, data: bytes, roots: tuple[str, ...], judged: Judged) -> None:
        """Keeps what was found in a file with these contents."""
        import json

        rests_on = [[path, self._digest_of(path)] for path in judged.read]
        answer = json.dumps([_packed(judged), rests_on, judged.absent], separators=(",", ":")).encode()
        try:
            self._prepare()
            write(self._entry(path), self._seal(path, data, roots, answer) + b"\n" + answer)
        except OSError:
            return  # read-only or full: the next run looks again

    def _digest_of(self, path: str) -> str | None:
        """The digest of a file's contents, read once a run; None where there is none."""
        if path not in self._digests:
            try:
                with open(path, "rb") as file:
                    self._digests[path] = _digest([file.read()]).decode()
            except OSError:
                self._digests[path] = None
        return self._digests[path]

    def _prepare(self) -> None:
        if os.path.isdir(self._directory):
            return
        os.makedirs(self._directory, exist_ok=True)
        write(os.path.join(self._directory, ".gitignore"), b"*\n")
        write(os.path.join(self._directory, "CACHEDIR.TAG"), TAG)

    def _entry(self, path: str) -> str:
        return os.path.join(self._directory, f"{_digest([_bytes(path)]).decode()}.entry")

    def _seal(self, path: str, data: bytes, roots: tuple[str, ...], answer: bytes) -> bytes:
        return _digest([self._stamp, _bytes(path), data, *map(_bytes, roots), answer])


def stamp(version: str, rules: Iterable[str], own_rules: str) -> bytes:
    """What else an entry depends on: the versions of tsl and Python, the texts of a user's rules, tsl's own files.

    `rules` are paths, `own_rules` the directory of tsl's. tsl's files count by name, size and time, so that work on tsl
    itself never meets an old answer. Raises OSError.
    """
    python = ".".join(map(str, sys.version_info[:3]))
    own = [*_own_files(os.path.dirname(os.path.abspath(__file__))), *_own_files(own_rules)]
    parts = [_bytes(version), _bytes(python), *own]
    for path in rules:
        with open(path, "rb") as file:
            parts.append(file.read())
    return _digest(parts)


def _own_files(directory: str) -> list[bytes]:
    found = []
    for place, directories, names in os.walk(directory):
        directories.sort()
        for name in sorted(name for name in names if name.endswith(".py")):
            status = os.stat(os.path.join(place, name))
            found.append(_bytes(f"{name}:{status.st_size}:{status.st_mtime_ns}"))
    return found


def _digest(parts: Iterable[bytes]) -> bytes:
    from hashlib import blake2b

    state = blake2b(digest_size=16)
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.hexdigest().encode()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _packed(judged: Judged) -> list[Any]:
    found = [
        (*one[:EVIDENCE], [kind.value for kind in one.evidence], one.labels, one.about) for one in judged.diagnostics
    ]
    return [found, sorted(judged.captures), judged.unmatched_roots]


def _unpacked(entry: Any, read: tuple[str, ...], absent: tuple[str, ...]) -> Judged:
    found, captures, unmatched = entry
    return Judged(tuple(map(_diagnostic, found)), frozenset(captures), tuple(unmatched), read, absent)


def _diagnostic(fields: Any) -> Diagnostic:
    span, code, rule, severity, message, help, anchor, evidence, labels, about = fields
    kinds = tuple(map(Evidence, evidence))
    marks = tuple(Label(Span(*place), text) for place, text in labels)
    return Diagnostic(Span(*span), code, rule, Severity(severity), message, help, anchor, kinds, marks, about)

"""Fixes: findings that tsl mends itself, held to its own rules before a file is written.

    propose -> rounds -> write | diff | attach

    propose      which finding has which fix, in the text as it stands
    rounds       which fixes hold, tried on texts in memory
    weigh        whether a text is better than before and nowhere worse
    settle       the same of all files that rest on it
    files        how a file is replaced, whole or not at all
    edits        what edits make of a text
    tree site    a file's concrete syntax, and what a fix is made from
    words        what names hold by their form; arguments: those of a call as edits
    capturing, annotating, writing, looping, attributes, following, comments: the fixes themselves

Needs a run of the driver, and libcst, loaded for the first file with a finding that has a fix. It will never mend what
is suppressed or not selected, and runs nothing of the user's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from tsl.check import Run
from tsl.diagnostic import Diagnostic
from tsl.fix.edits import apart
from tsl.fix.files import replace, text_of
from tsl.fix.rounds import Mended, Rounds
from tsl.outcome import Failure, Outcome
from tsl.project import reason

__all__ = ["Mended", "attached", "diff", "mend", "write"]


def mend(run: Run, *, unsafe: bool) -> Mended:
    """What fixes make of the files of a run: in memory, nothing is written."""
    return Rounds(run, unsafe=unsafe).all()


def write(mended: Mended) -> tuple[Failure, ...]:
    """Writes the files that fixes changed; what cannot be written is left as it is and told."""
    failures = (_written(path, mended.before[path], data) for path, data in sorted(_changed(mended)))
    return tuple(failure for failure in failures if failure)


def _written(path: str, before: bytes, after: bytes) -> Failure | None:
    shown = os.path.relpath(path).replace(os.sep, "/")
    try:
        with open(path, "rb") as file:
            is_same = file.read() == before
        if not is_same:
            return Failure(shown, "is not fixed: it changed while it was checked; run tsl check --fix again")
        replace(path, after)
    except OSError as error:
        return Failure(shown, f"is not fixed: it cannot be written: {reason(error)}")
    return None


def diff(mended: Mended) -> str:
    """A unified diff of what fixes change, empty where they change nothing; `patch -p0` applies it."""
    from difflib import unified_diff

    parts: list[str] = []
    names = {os.path.abspath(file.path): file.path for file in mended.run.examined}
    for path, data in sorted(_changed(mended)):
        old, new = text_of(mended.before[path]).content, text_of(data).content
        lines = unified_diff(_lines(old), _lines(new), names[path], names[path])
        parts += [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines]
    return "".join(parts)


def attached(run: Run, outcome: Outcome) -> Outcome:
    """An outcome whose findings carry their fixes, safe or not, as far as each holds in the text as it stands."""
    rounds = Rounds(run, unsafe=True)
    fixes = {_key(one): one for path in rounds.fixable() for one in _holding(rounds, path)}
    return outcome._replace(diagnostics=tuple(fixes.get(_key(one), one) for one in outcome.diagnostics))


def _holding(rounds: Rounds, path: str) -> Iterator[Diagnostic]:
    """The findings of a file whose fixes hold: all at once where that is so, else each by itself."""
    fixes = rounds.proposals(path, unsafe=True)
    numbers = set(apart([one.fix for one in fixes if one.fix]))
    together = [one for number, one in enumerate(fixes) if number in numbers]
    hold = bool(together) and rounds.trial(path, together) is not None
    for number, one in enumerate(fixes):
        if (hold and number in numbers) or rounds.trial(path, [one]) is not None:
            yield one


def _changed(mended: Mended) -> Iterator[tuple[str, bytes]]:
    return ((path, data) for path, data in mended.after.items() if data != mended.before[path])


def _lines(text: str) -> list[str]:
    """A text cut after each line feed: a diff knows no other end of a line."""
    return text.split("\n") if not text else [line + "\n" for line in text.split("\n")[:-1]] + _rest(text)


def _rest(text: str) -> list[str]:
    last = text.rpartition("\n")[2]
    return [last] if last else []


def _key(one: Diagnostic) -> tuple[object, ...]:
    return (one.span, one.code, one.message)

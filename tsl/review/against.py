"""The findings and models of the working tree against those of a revision.

Definitions:
1. A model is named `FILE.pt`, or `FILE.py:NAME` for what NAME in a Python file makes: that one is imported and run.
2. The findings are those of `tsl check` over the same paths, in the working tree and in a copy of the revision's tree.
3. A model that the revision does not have is new; there is nothing to compare it with.

Needs git, and torch for models that are made. It will never write into the working tree.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from tempfile import TemporaryDirectory

from tsl.check import Books, Settings, check
from tsl.diff.change import Difference, Findings
from tsl.diff.elsewhere import Names, placed, rebased
from tsl.diff.findings import compared
from tsl.diff.sides import Answer, Ask, SideError, differ
from tsl.entry.request import TIMEOUT
from tsl.outcome import Failure, Outcome
from tsl.project.revision import RevisionError, has_file, take_tree
from tsl.record import Record


class Named(Record):
    """A model (1): its word, its file, and what in a Python file makes it (None for an archive)."""

    word: str
    path: str
    entry: str | None


class Question(Record):
    """What is reviewed: the revision, the paths to check, and the models with how those of Python files are made."""

    base: str
    paths: tuple[str, ...]
    models: tuple[Named, ...] = ()
    capture: str = ""
    inputs: tuple[str, ...] = ()
    timeout: float = TIMEOUT


class Reviewed(Record):
    """A model: what is different and its pictures by the suffix of their form, or why nothing was compared."""

    word: str
    difference: Difference | None = None
    pictures: tuple[tuple[str, str], ...] = ()
    note: str = ""


class Review(Record):
    """What a review came to: the run over the working tree, its findings beside those of the base, and the models.

    `failures` are what could not be checked, of either tree or of a model.
    """

    base: str
    outcome: Outcome
    findings: Findings
    models: tuple[Reviewed, ...]
    failures: tuple[Failure, ...] = ()


# The pictures of a comparison, by suffix, while its archives are open.
Pictures = Callable[[Answer], tuple[tuple[str, str], ...]]


def named(word: str) -> Named:
    """The model that a word names (1). Raises ValueError."""
    path, colon, entry = word.rpartition(":")
    if colon and path.endswith(".py") and entry:
        return Named(word, path, entry)
    if word.endswith(".py"):
        raise ValueError(f"{word!r} is Python; write {word}:NAME to say what in it makes the model, and to run it")
    return Named(word, word, None)


def review(question: Question, settings: Settings, books: Books, pictures: Pictures) -> Review:
    """The review of the working tree. Raises SideError where there is no such revision."""
    outcome = check(question.paths, settings, books=books)
    try:
        before = _before(question, settings, books)
        models = [_model(one, question, settings, books, pictures) for one in question.models]
    except RevisionError as error:
        raise SideError(error.subject, error.message) from None
    failures = (*outcome.failures, *before.failures, *(failure for _, found in models for failure in found))
    findings = compared(before.diagnostics, outcome.diagnostics)
    return Review(question.base, outcome, findings, tuple(one for one, _ in models), tuple(dict.fromkeys(failures)))


def _before(question: Question, settings: Settings, books: Books) -> Outcome:
    """The run over the revision (2); of the paths those that it has."""
    with TemporaryDirectory(prefix="tsl-") as directory:
        base = take_tree(question.base, directory)
        paths = [os.path.normpath(os.path.join(base, path)) for path in question.paths]
        there = [path for path in paths if os.path.exists(path)]
        if not there:
            return Outcome((), 0, 0)
        found = check(there, rebased(settings, base), books=books)
        return placed(found, Names((base, ""), (directory, "")).called)


def _model(
    one: Named, question: Question, settings: Settings, books: Books, pictures: Pictures
) -> tuple[Reviewed, Sequence[Failure]]:
    if not os.path.exists(one.path):
        return Reviewed(one.word), (Failure(one.word, f"there is no {one.path}"),)
    if not has_file(question.base, one.path):
        return Reviewed(one.word, note=f"new: there is none in {question.base}"), ()
    ask = Ask(
        f"{question.base}:{one.path}",
        one.path,
        entry=one.entry,
        capture=question.capture,
        inputs=question.inputs if one.entry else (),
        timeout=question.timeout,
    )
    try:
        with differ(ask, settings, books) as answer:
            return Reviewed(one.word, answer.difference, pictures(answer)), answer.failures
    except SideError as error:
        return Reviewed(one.word, note=f"not compared: {error.message}"), (Failure(error.subject, error.message),)

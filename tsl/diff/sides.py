"""From two words to a Difference: what each names is found or made, read and held against the other.

Definitions:
1. A word names an archive or a Python file; `REV:` before it takes it from that revision of git.
2. A Python file stands for what `--entry` makes of it: it is imported and exported in a child process, of a revision in
   a copy of that revision's whole tree. Both sides are exported in the same way.
3. The findings of a side are those that `tsl check` shows for the file; of a Python file and of those below the working
   directory that its graph was recorded in, with the graph beside them (`--against`), so that it runs no second time.
4. Whatever lies in a temporary directory is called by the path it stands for.

Needs git for revisions, and torch for Python files. It will never run anything without an entry to run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory

from tsl.archive.archive import Archive, ArchiveError, open_archive
from tsl.check import Books, Settings, check
from tsl.check.plan import Plan, make_plan
from tsl.diagnostic import Diagnostic
from tsl.diff.change import Difference
from tsl.diff.elsewhere import Names, placed, rebased
from tsl.diff.model import Model
from tsl.diff.models import Differing
from tsl.entry.request import TIMEOUT, Request, export
from tsl.ir.foretold import InputError
from tsl.ir.graph import Graph
from tsl.outcome import Failure, Outcome
from tsl.project import reason, shown
from tsl.project.revision import RevisionError, split, take_file, take_tree
from tsl.record import Record

INSTALLED = re.compile(r"(^|[\\/])(site-packages|dist-packages)[\\/]")


class SideError(Exception):
    """A side that cannot be compared; says what it is about and why."""

    def __init__(self, subject: str, message: str) -> None:
        super().__init__(f"{subject}: {message}")
        self.subject, self.message = subject, message


class Ask(Record):
    """What is compared (1): two words, the methods to compare (all without any), and for Python files what makes the
    model, how it is captured (trace, script, or neither for what fits) and the inputs.
    """

    old: str
    new: str
    methods: tuple[str, ...] = ()
    entry: str | None = None
    capture: str = ""
    inputs: tuple[str, ...] = ()
    timeout: float = TIMEOUT
    findings: bool = True


class Answer(Record):
    """What came of it: the difference, who compared and the plan of rules (for pictures, while both archives are open),
    and what could not be checked.
    """

    difference: Difference
    differing: Differing
    plan: Plan
    failures: tuple[Failure, ...] = ()


class Found(Record):
    """A side that was found: its word, its file, its archive, what the working directory is for it, and what its
    directories are called (4).
    """

    word: str
    path: str
    archive: str
    base: str
    names: Names


@contextmanager
def differ(ask: Ask, settings: Settings, books: Books) -> Iterator[Answer]:
    """The difference of two models, both archives open until the context is left.

    Raises SideError, and SettingError for settings that cannot be followed.
    """
    plan = make_plan(settings, books)
    with ExitStack() as stack:
        directory = stack.enter_context(TemporaryDirectory(prefix="tsl-"))
        sides = [_side(word, ask, settings, directory, name) for word, name in ((ask.old, "old"), (ask.new, "new"))]
        archives = [stack.enter_context(_opened(side)) for side in sides]
        models = [
            Model(side.word, archive, plan.deploy, plan.inputs, side.names.called)
            for side, archive in zip(sides, archives, strict=True)
        ]
        for name in ask.methods:
            _has(models, name)
        try:
            differing = Differing(models[0], models[1], ask.methods)
            found = [Outcome((), 0, 0)] * 2
            if ask.findings:
                graphs = zip(*((pairs.old.graph, pairs.new.graph) for pairs in differing.pairs.values()), strict=True)
                files = [_files(side, each) for side, each in zip(sides, (*graphs, (), ()), strict=False)]
                found = [_findings(side, paths, settings, books) for side, paths in zip(sides, files, strict=True)]
            old, new = (outcome.diagnostics for outcome in found)
            difference = differing.difference((_as_new(old, sides), new))
        except InputError as error:
            raise SideError("--input", str(error)) from None
        yield Answer(difference, differing, plan, tuple(failure for outcome in found for failure in outcome.failures))


def _side(word: str, ask: Ask, settings: Settings, directory: str, name: str) -> Found:
    """Finds a side, or makes it (1, 2)."""
    revision, path = split(word)
    home = os.path.join(directory, name)
    os.mkdir(home)
    names = Names((home, ""))
    is_python, base = path.endswith(".py"), os.path.realpath(os.getcwd())
    try:
        if revision and is_python:
            base = os.path.realpath(take_tree(revision, home))
            names = Names((base, ""), (home, ""))
            place = os.path.join(base, path)
        elif revision:
            place = os.path.join(home, os.path.basename(path))
            names = Names((place, path), (home, ""))
            take_file(revision, path, place)
        else:
            place = path
    except RevisionError as error:
        raise SideError(error.subject, error.message) from None
    if not os.path.exists(place):
        raise SideError(word, f"there is no {path}{f' in {revision}' if revision else ''}")
    archive = _exported(word, place, ask, home, _sources(settings, base)) if is_python else place
    return Found(word, place, archive, base, names)


def _sources(settings: Settings, base: str) -> tuple[str, ...]:
    """Where imports begin for a side: where they do in the working directory."""
    config = settings.config
    return tuple(os.path.normpath(os.path.join(base, shown(config.place(source)))) for source in config.src)


def _exported(word: str, path: str, ask: Ask, directory: str, sources: tuple[str, ...]) -> str:
    """The archive of what the entry of a file makes (2)."""
    if ask.entry is None:
        raise SideError(word, "is Python; --entry NAME says what in it makes the model, and that it may be run")
    captures = (ask.capture,) if ask.capture else ()
    done = export(Request(path, ask.entry, captures, ask.inputs, ask.timeout, sources), directory)
    if done.failure is not None:
        subject = done.failure.subject
        raise SideError(subject if subject.startswith("--") else word, done.failure.message)
    for refusal in done.refusals:
        raise SideError(word, f"torch.jit.{refusal.step} refuses it: {refusal.message}")
    return done.archives[0][1]


def _opened(side: Found) -> Archive:
    try:
        archive = open_archive(side.archive)
    except OSError as error:
        raise SideError(side.word, f"cannot be read: {reason(error)}") from None
    except ArchiveError as error:
        raise SideError(side.word, f"is no archive: {error.message}") from None
    if archive.zip is None:
        title = archive.kind.title
        archive.close()
        raise SideError(side.word, f"cannot be compared: it is a {title}")
    return archive


def _has(models: Sequence[Model], method: str) -> None:
    for model in models:
        if method not in model.methods:
            raise SideError("--method", f"{model.name} has no {method!r}; it has {', '.join(model.methods) or 'none'}")


def _files(side: Found, graphs: Iterable[Graph]) -> tuple[str, ...]:
    """The file of a side, and those below its directory that its graphs were recorded in (3)."""
    if side.path == side.archive:
        return (side.path,)
    below = os.path.join(side.base, "")
    nodes = (node for graph in graphs for node in graph.walk() if node.source is not None)
    recorded = {os.path.realpath(frame.path) for node in nodes for frame in node.source.stack}  # type: ignore[union-attr]
    recorded = {path for path in recorded if path.startswith(below) and not INSTALLED.search(path[len(below) :])}
    return tuple(sorted({os.path.realpath(side.path), *filter(os.path.isfile, recorded)}))


def _findings(side: Found, paths: Sequence[str], settings: Settings, books: Books) -> Outcome:
    """What `tsl check` shows of the files of a side (3), by their names (4)."""
    if side.path != side.archive:
        settings = settings._replace(against=side.archive, inputs=())
    return placed(check(paths, rebased(settings, side.base), books=books), side.names.called)


def _as_new(found: Sequence[Diagnostic], sides: Sequence[Found]) -> Sequence[Diagnostic]:
    """The old findings, those of the old file as of the new one: it stands for the same model."""
    old, new = (shown(side.names.called(os.path.join(os.getcwd(), side.path))) for side in sides)
    return [one._replace(span=one.span._replace(path=new)) if one.span.path == old else one for one in found]

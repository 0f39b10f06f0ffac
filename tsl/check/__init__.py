"""The driver of a run: find the files, judge each, put the answers together.

    find -> load -> analyse -> merge -> suppress -> select -> sort

What judging one file finds may stand in another; it is shown where that one is among the files of the run.

`check` is the whole interface, with `Settings` for what is asked and `open_books` for the rules; who wants to ask again
of other texts takes it in steps: `run`, `again`, `outcome_of`. Needs every room below
and binds them to each other, which they never do themselves. It will never print, or know a format of a report.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from tsl.check.examine import Examined, Shown, examine, show
from tsl.check.judge import Judge
from tsl.check.memory import Room, collector_at_rest
from tsl.check.plan import Books, Plan, Settings, excluded, make_plan, open_books, rule_named
from tsl.diagnostic import Diagnostic
from tsl.outcome import Failure, Outcome
from tsl.project import Found, find
from tsl.record import Record

if TYPE_CHECKING:
    from tsl.check.exported import Exported

__all__ = ["Books", "Run", "Settings", "again", "check", "open_books", "outcome_of", "rule_named", "run"]

STDIN = "-"
COMPILED = "TSL2"
# Starting a process costs about as much as this many files; a worker is handed BATCH of them at a time.
WORTH_A_PROCESS, BATCH = 50, 32


def check(paths: Sequence[str], settings: Settings, *, stdin: bytes = b"", books: Books | None = None) -> Outcome:
    """A finished run over files and directories; `-` stands for a file whose text is `stdin`.

    `books` are the rules to ask, opened from the configuration where they are not given. What goes wrong with a file
    is a failure in the outcome. Raises SettingError for a setting that cannot be followed.
    """
    return outcome_of(run(paths, settings, stdin=stdin, books=books))


class Run(Record):
    """The files of a run, judged; `texts` stand for the files at these absolute paths when they are shown."""

    plan: Plan
    found: Found
    examined: tuple[Examined, ...]
    exported: Exported | None
    failed_books: tuple[Failure, ...]
    texts: Mapping[str, bytes]


def run(paths: Sequence[str], settings: Settings, *, stdin: bytes = b"", books: Books | None = None) -> Run:
    """The judged files of what `check` takes. Raises SettingError for a setting that cannot be followed."""
    books = books or open_books(settings.config)
    plan = make_plan(settings, books)
    found = find(paths, excluded(settings.config))
    with collector_at_rest():
        examined = tuple(_examined(found.files, plan, stdin))
        exported = _exported(examined, plan)
    texts = {os.path.abspath(settings.stdin_filename): stdin} if STDIN in found.files else {}
    return Run(plan, found, examined, exported, books.failures, texts)


def again(known: Run, texts: Mapping[str, bytes], only: Collection[str] | None = None) -> Run:
    """The same run with other texts for some of its files, by absolute path.

    These and those that rest on them are judged again, or the files at the paths of `only`.

    What graphs say of the files is of the files as they were, and is left out.
    """
    plan = known.plan._replace(cache=None, texts={**known.plan.texts, **texts})
    judge, held = Judge(plan), {**known.texts, **texts}

    def judged(file: Examined) -> Examined:
        own = os.path.abspath(file.path)
        rests = own in texts or any(path in texts for path in file.judged.read)
        if not (rests if only is None else file.path in only):
            return file
        return examine(file.path, judge, plan, held.get(own))

    with collector_at_rest():
        examined = tuple(map(judged, known.examined))
    return known._replace(plan=plan, examined=examined, exported=None, texts=held)


def outcome_of(known: Run) -> Outcome:
    """What a run comes to, as a report wants it."""
    with collector_at_rest():
        shown = list(_shown(known))
    return _outcome(known, shown)


def _exported(examined: Sequence[Examined], plan: Plan) -> Exported | None:
    """What the graphs that are asked for say of the files."""
    if not (plan.settings.entry or plan.settings.against):
        return None
    from tsl.check.exported import Exported

    return Exported(examined, plan)


def _shown(known: Run) -> Iterator[Shown]:
    """What is shown of each file: the findings that stand in it, whichever of the files or graphs led to them."""
    examined, exported, plan = known.examined, known.exported, known.plan
    standing: dict[str, list[Diagnostic]] = {}
    found = [one for file in examined for one in file.judged.diagnostics]
    if exported:
        found = [*map(exported.bear_out, found), *exported.diagnostics]
    shown = {os.path.abspath(file.path) for file in examined if not file.failure}
    for one in found:
        if not _nearer(one, shown):
            standing.setdefault(os.path.abspath(one.span.path), []).append(one)
    for file in examined:
        if not file.failure:
            data = known.texts.get(os.path.abspath(file.path))
            if exported:
                file = file._replace(judged=file.judged._replace(captures=exported.captures_of(file)))
            yield show(file, standing.get(os.path.abspath(file.path), ()), plan, data)


def _nearer(found: Diagnostic, shown: Collection[str]) -> bool:
    """Whether a step on the way to the cause of a refusal is told in another file that is shown."""
    if not found.labels or not found.code.startswith(COMPILED):
        return False
    places = {os.path.abspath(label.span.path) for label in found.labels} - {os.path.abspath(found.span.path)}
    return not places.isdisjoint(shown)


def _examined(files: Sequence[str], plan: Plan, stdin: bytes) -> Iterator[Examined]:
    settings = plan.settings
    if STDIN in files:
        uncached = plan._replace(cache=None)
        yield examine(settings.stdin_filename, Judge(uncached), uncached, stdin)
    named = [path for path in files if path != STDIN]
    if settings.jobs > 1 and len(named) >= WORTH_A_PROCESS:
        yield from _examined_by_workers(named, settings)
    else:
        yield from _examined_in_turn(named, plan)


def _examined_in_turn(files: Sequence[str], plan: Plan) -> Iterator[Examined]:
    judge, room = Judge(plan), Room()
    for number, path in enumerate(files):
        yield examine(path, judge, plan)
        if number % 16 == 15:
            room.make()


def _examined_by_workers(files: Sequence[str], settings: Settings) -> Iterator[Examined]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    batches = [files[start : start + BATCH] for start in range(0, len(files), BATCH)]
    with ProcessPoolExecutor(min(settings.jobs, len(batches))) as pool:
        try:
            for examined in pool.map(_examined_in_worker, batches, [settings] * len(batches)):
                yield from examined
        except BrokenProcessPool:
            message = "a worker process died; run with --jobs 1, which ends at the file it died of"
            yield Examined("", failure=Failure("--jobs", message))


def _examined_in_worker(batch: Sequence[str], settings: Settings) -> list[Examined]:
    with collector_at_rest():
        plan, judge = _plan_of_worker(settings)
        examined = [examine(path, judge, plan) for path in batch]
    gc.collect()
    return examined


@lru_cache(maxsize=1)
def _plan_of_worker(settings: Settings) -> tuple[Plan, Judge]:
    """A worker's own plan and judge: rules are loaded by path and do not travel between processes."""
    plan = make_plan(settings, open_books(settings.config))
    return plan, Judge(plan)


def _outcome(known: Run, shown: Sequence[Shown]) -> Outcome:
    examined, exported, found, plan = known.examined, known.exported, known.found, known.plan
    failures = [
        *known.failed_books,
        *(Failure(problem.path, problem.message) for problem in found.problems),
        *(file.failure for file in examined if file.failure),
        *(file.beside for file in examined if file.beside),
        *_missing_roots(plan.settings.roots, examined),
        *(exported.failures if exported else ()),
        *_idle_lock(plan, examined),
    ]
    diagnostics = (one for file in shown for one in file.diagnostics)
    return Outcome(
        tuple(sorted(diagnostics, key=lambda one: (one.span, one.code, one.message))),
        files=len(shown),
        suppressed=sum(file.suppressed for file in shown),
        failures=tuple(failures),
        notes=(
            *_notes(found, plan, examined),
            *_idle(examined, plan),
            *(f"{file.path}: {note}" for file in examined for note in file.notes),
            *(exported.notes if exported else ()),
        ),
        lines={file.path: file.lines for file in shown if file.diagnostics},
    )


def _missing_roots(roots: Iterable[str], examined: Sequence[Examined]) -> Iterator[Failure]:
    held = frozenset[str]().union(*(file.roots for file in examined))
    for root in dict.fromkeys(roots):
        if root not in held:
            yield Failure(f"--root {root}", "no checked file holds it; name a class or function: Net, pkg.module.Net")


def _idle_lock(plan: Plan, examined: Sequence[Examined]) -> Iterator[Failure]:
    if plan.lock and not any(file.is_archive or file.failure for file in examined):
        yield Failure("--lock", "nothing was held against it: the file is no archive")


def _idle(examined: Sequence[Examined], plan: Plan) -> Iterator[str]:
    """What was asked about archives in a run that met none."""
    if plan.settings.entry or plan.settings.against or any(file.is_archive or file.failure for file in examined):
        return
    if "deploy" in plan.settings.config.flags:
        yield "--deploy: says nothing here: it is about archives, and none was checked"
    if plan.settings.trust:
        yield "--trust: says nothing here: it is about archives, and none was checked"
    if plan.settings.inputs:
        yield "--input: says nothing here: it is about archives, and none was checked"


def _notes(found: Found, plan: Plan, examined: Sequence[Examined]) -> Iterator[str]:
    config = plan.settings.config
    yield from found.notes
    has_graphs = plan.settings.entry or plan.settings.against or any(file.is_archive for file in examined)
    if config.targets and found.files and not has_graphs:
        targets = ", ".join(config.targets)
        yield f"{config.origin('targets')}: without an archive only calls of torch are checked against {targets}"
    if not found.files and not found.problems:
        yield "no Python files or archives found"

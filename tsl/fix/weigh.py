"""Whether a run after fixes is better than before and nowhere worse.

Definitions:
1. A run is *worse* in a file for a rule where it finds more there than before, without what was aimed at: of what
   the file promises, whether it is shown, suppressed or not selected.
2. A fix is *blamed* where that is so for its own rule in the function it was made in, or there for a rule of which no
   fix was made in it. It says which fixes to try by themselves, and never which of them hold.

Needs two runs of the same files. It will never make a fix or try one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from tsl.check import Run, outcome_of
from tsl.check.examine import Examined
from tsl.check.judge import merge
from tsl.diagnostic import Diagnostic

UNUSED = "TSL901"
# What a fix may reveal: what the compiler had not reached, and comments that have lost their findings.
REVEALED = ("TSL2", UNUSED)


def excess(before: Run, after: Run, aims: Iterable[Diagnostic] = ()) -> list[tuple[str, str]]:
    """The files and codes in which a run is worse (1), with an empty code for a file that can no longer be judged."""
    aims = list(aims)
    changed = changed_in(before, after)
    failed = [(new.path, "") for _, new in changed if new.failure]
    if failed:
        return failed
    paths = {one.span.path for one in aims}
    old = Counter(_place(one) for one in _found(before, (old for old, _ in changed), paths))
    new = Counter(_place(one) for one in _found(after, (new for _, new in changed), paths))
    gone = Counter(map(_place, aims))
    return [key for key in new | gone if new[key] > old[key] - gone[key]]


def blamed(before: Run, after: Run, fixes: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The fixes in whose functions a run is worse (2)."""
    changed, paths = changed_in(before, after), {one.span.path for one in fixes}
    old = Counter(_function(one) for one in _found(before, (old for old, _ in changed), paths))
    new = Counter(_function(one) for one in _found(after, (new for _, new in changed), paths))
    gone = Counter(map(_function, fixes))
    worse = {key for key in new | gone if new[key] > old[key] - gone[key]}
    elsewhere = {key[:2] for key in worse - gone.keys()}
    return [one for one in fixes if _function(one) in worse or _function(one)[:2] in elsewhere]


def changed_in(before: Run, after: Run) -> list[tuple[Examined, Examined]]:
    """The files that were judged again, before and after."""
    return [(old, new) for old, new in zip(before.examined, after.examined, strict=True) if old is not new]


def shown_in(run: Run, path: str) -> list[Diagnostic]:
    """The findings that a run shows in one file."""
    led = tuple(file for file in run.examined if file.path == path or leads_to(file, path))
    return [one for one in outcome_of(run._replace(examined=led)).diagnostics if one.span.path == path]


def leads_to(file: Examined, path: str) -> bool:
    """Whether judging a file finds something in another one."""
    return any(one.span.path == path for one in file.judged.diagnostics)


def _found(run: Run, files: Iterable[Examined], paths: Collection[str]) -> list[Diagnostic]:
    """What judging files finds, wherever it stands, and the unused comments of some."""
    found = merge(one for file in files for one in _promised(run, file))
    unused = (one for path in sorted(paths) for one in shown_in(run, path) if one.code == UNUSED)
    return [*found, *unused]


def _promised(run: Run, file: Examined) -> Iterator[Diagnostic]:
    """The findings that judging a file makes, but for those of a capture that nobody makes of it, and those of optional
    rules that nobody asked for."""
    codes = run.plan.selected | {rule.code for rule in run.plan.rulebook.rules if not rule.optional}
    everything = run.plan._replace(selected=codes, ignored_in=())
    codes = everything.shown_in(file.path, file.judged.captures)
    return (one for one in file.judged.diagnostics if one.code in codes)


def _place(one: Diagnostic) -> tuple[str, str]:
    return (one.span.path, one.code)


def _function(one: Diagnostic) -> tuple[str, str, str]:
    return (one.span.path, one.anchor.partition(": ")[0], one.code)

"""`tsl check --fix` and `--diff`: what a run comes to when its files are mended, or would be.

Needs the run and the options; the room of fixes is loaded here, and no other command loads it. It will never print.
"""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING

from tsl.cli.arguments import Option
from tsl.config import SettingError
from tsl.record import Record

if TYPE_CHECKING:
    from tsl.check import Run
    from tsl.fix import Mended
    from tsl.outcome import Outcome

FIX_OPTIONS = (
    Option(("--fix",), "", "mend what tsl can mend without changing what the program does, and report what remains"),
    Option(("--unsafe-fixes",), "", "with --fix or --diff: also what may change what the program does"),
    Option(("--diff",), "", "show what --fix would change, and write nothing; exit 1 where that is something"),
)
# The forms that carry fixes with each finding.
CARRY_FIXES = ("json", "sarif")
STDIN = "-"


class Answer(Record):
    """An outcome, and what goes to standard output in the place of its report: a diff, a mended text, or nothing."""

    outcome: Outcome
    instead: bytes | None = None
    is_diff: bool = False


def agree_on_fixes(options: SimpleNamespace) -> None:
    """Raises SettingError where arguments about fixes do not go with others."""
    wanted = next((flag for flag, given in (("--fix", options.fix), ("--diff", options.diff)) if given), "")
    if options.unsafe_fixes and not wanted:
        raise SettingError("--unsafe-fixes", "says which fixes; add --fix or --diff")
    if not wanted:
        return
    for flag, given in (("--entry", options.entry), ("--against", options.against)):
        if given is not None:
            raise SettingError(wanted, f"changes the text, which graphs then no longer are of; leave {flag} out")
    if STDIN in options.words and len(options.words) > 1:
        raise SettingError(wanted, "writes what it makes of standard input to standard output; name no file beside -")
    if options.diff and (options.format != "text" or options.statistics):
        flag = "--statistics" if options.statistics else f"--format {options.format}"
        raise SettingError("--diff", f"is the whole report; leave {flag} out")


def answer(run: Run, outcome: Outcome, options: SimpleNamespace) -> Answer:
    """What `tsl check` says of a run, by its options about fixes."""
    if options.fix or options.diff:
        return _mended(run, outcome, options)
    if options.format in CARRY_FIXES:
        from tsl.fix import attached

        return Answer(attached(run, outcome))
    return Answer(outcome)


def _mended(run: Run, before: Outcome, options: SimpleNamespace) -> Answer:
    from tsl.check import outcome_of
    from tsl.fix import diff, mend, write

    mended = mend(run, unsafe=bool(options.unsafe_fixes))
    outcome = outcome_of(mended.run)
    fixed = len(before.diagnostics) - len(outcome.diagnostics)
    outcome = outcome._replace(fixed=fixed, notes=(*outcome.notes, *_notes(mended, fixed, options)))
    if options.diff:
        return Answer(outcome, diff(mended).encode("utf-8", "backslashreplace"), is_diff=True)
    if STDIN in options.words:
        own = os.path.abspath(run.plan.settings.stdin_filename)
        return Answer(outcome, mended.after.get(own, run.texts[own]))
    failures = write(mended)
    return Answer(outcome._replace(failures=(*outcome.failures, *failures)))


def _notes(mended: Mended, fixed: int, options: SimpleNamespace) -> list[str]:
    notes = []
    if fixed and (options.diff or options.format not in ("text", "concise")):
        from tsl.report.summary import counted

        verb = "would fix" if options.diff else "fixed"
        notes.append(f"{verb} {counted(fixed, 'finding')} in {counted(len(mended.after), 'file')}")
    if mended.withheld:
        notes.append(f"--unsafe-fixes may fix {mended.withheld} more, and may change what the program does")
    return notes

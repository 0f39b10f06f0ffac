"""`tsl check --baseline` and `--diff-base`: which findings of a run are shown, and how a baseline is written.

Needs the run and the options. It will never print.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace

from tsl.cli.arguments import Option
from tsl.cli.console import write
from tsl.config import SettingError
from tsl.outcome import Outcome

NARROWING = (
    Option(("--baseline",), "FILE", "leave out the findings that this file holds: those a project began with"),
    Option(("--write-baseline",), "", "put what is found now into the file of --baseline, and exit 0"),
    Option(("--diff-base",), "REV", "show what stands in or points at lines that are not as in this revision of git"),
)


def agree_on_narrowing(options: SimpleNamespace) -> None:
    """Raises SettingError where arguments about what is shown do not go with others."""
    if options.write_baseline and options.baseline is None:
        raise SettingError("--write-baseline", "needs --baseline FILE, which says where")
    if options.write_baseline and options.diff_base is not None:
        raise SettingError("--write-baseline", "is of all that is found; leave --diff-base out")
    for flag, given in (("--baseline", options.baseline), ("--diff-base", options.diff_base)):
        if given is not None and (options.fix or options.diff):
            raise SettingError(flag, "says what is shown, and --fix mends the rest as well; leave one of them out")


def narrowed(outcome: Outcome, options: SimpleNamespace, checked: Iterable[str]) -> Outcome:
    """The outcome that is shown of a run. Raises SettingError for what is no baseline, or no revision."""
    if options.diff_base is not None:
        from tsl.changed import ChangeError, changed_lines, of_change

        try:
            outcome = of_change(outcome, changed_lines(options.diff_base))
        except ChangeError as error:
            raise SettingError("--diff-base", str(error)) from None
    if options.baseline is None:
        return outcome
    return (
        _written(outcome, options.baseline) if options.write_baseline else _compared(outcome, options.baseline, checked)
    )


def _written(outcome: Outcome, path: str) -> Outcome:
    from tsl.baseline import text_of
    from tsl.report.summary import counted

    write(path, text_of(outcome.diagnostics), "baseline")
    note = f"{path}: holds {counted(len(outcome.diagnostics), 'finding')} now"
    return outcome._replace(diagnostics=(), accepted=len(outcome.diagnostics), notes=(*outcome.notes, note))


def _compared(outcome: Outcome, path: str, checked: Iterable[str]) -> Outcome:
    from tsl.baseline import BaselineError, compared, read
    from tsl.project import reason
    from tsl.report.summary import counted

    try:
        with open(path, encoding="utf-8") as file:
            entries = read(file.read())
    except FileNotFoundError:
        raise SettingError(path, "there is no such baseline; --write-baseline writes it") from None
    except OSError as error:
        raise SettingError(path, f"cannot be read: {reason(error)}") from None
    except UnicodeDecodeError:
        raise SettingError(path, "is no baseline of tsl; --write-baseline writes one") from None
    except BaselineError as error:
        raise SettingError(path, str(error)) from None
    found = compared(outcome, entries, checked)
    if not found.gone:
        return found.outcome
    note = f"{path}: {counted(len(found.gone), 'finding')} of it no longer there; --write-baseline drops what is gone"
    return found.outcome._replace(notes=(*found.outcome.notes, note))

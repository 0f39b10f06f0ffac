"""The command line: arguments in, exit code out.

    commands         what each command does, and how failures are said
    checking         tsl check: from options to a run and its report
    fixing           what --fix and --diff make of a run
    narrowing        what --baseline and --diff-base leave of it
    comparing        tsl diff and tsl review
    console          what every command needs to speak with its user
    forms            what each command takes
    comparing_forms  the same of tsl diff and tsl review
    graph_form       of tsl graph
    fusion           of tsl fusion, and when its gates fail
    migration        of tsl migrate
    readers          how the values of options are read
    arguments        how that is read, and the help

This door loads none of them before `main` is called. It will never analyse anything or lay out a report.
"""

from __future__ import annotations

import gc
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of a command line: 0 clean, 1 findings, 2 tsl could not do its job.

    Without `arguments` they are the process's own, and the process is taken to end with them. It is short and keeps
    most of what it makes: looking for garbage while it loads and ends would cost a fifth of checking one file.
    """
    if arguments is not None:
        return _run(arguments)
    gc.disable()
    code = _run(sys.argv[1:])
    gc.freeze()
    return code


def _run(arguments: Sequence[str]) -> int:
    from tsl.cli.commands import run

    return run(arguments)

"""The commands: each asks the driver, hands the answer to a report, and says on standard error what could not be done.

Such a line is `tsl: SUBJECT: message`. Needs the forms of arguments, and the driver and reports, loaded for the command
that needs them. It will never analyse anything or lay out a report.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING

from tsl import __version__
from tsl.cli.arguments import Form, help_of, parse
from tsl.cli.console import CANNOT, books, configuration, pages_needed, readable, say, wants_color, write
from tsl.config import SettingError, nearest
from tsl.record import Record

if TYPE_CHECKING:
    from tsl.draw.hulls import Meant

TRIALS = 100  # of tsl verify, where nothing else is said
OVERVIEW = """\
tsl tells what TorchScript will do to a PyTorch model before it does it.

usage: tsl COMMAND [ARGUMENTS]

commands:
{commands}

options:
  -h, --help     this overview; `tsl COMMAND --help` shows a command's arguments
  -V, --version  the version
"""


def run(arguments: Sequence[str]) -> int:
    """The exit code of a command line, whatever happens."""
    try:
        _use_utf8()
        code = _command(arguments)
        sys.stdout.flush()
        return code
    except SettingError as error:
        say(error.subject, error.message)
    except BrokenPipeError:  # whoever read the report has left; Python must not write to it again on its way out
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        say("interrupted")
    except Exception as error:
        if os.environ.get("TSL_DEBUG"):
            raise
        say("failed", f"{type(error).__name__}: {error}; please report it with what TSL_DEBUG=1 prints")
    return CANNOT


def _command(arguments: Sequence[str]) -> int:
    first, *rest = arguments or ["--help"]
    if first in {"-h", "--help"}:
        commands = "\n".join(f"  {name:<13}  {command.summary}" for name, command in COMMANDS.items())
        sys.stdout.write(OVERVIEW.format(commands=commands))
        return 0
    if first in {"-V", "--version"}:
        sys.stdout.write(f"tsl {__version__}\n")
        return 0
    command = COMMANDS.get(first)
    if command is None:
        near = f"; did you mean tsl check {first}?" if os.path.exists(first) else nearest(first, COMMANDS)
        raise SettingError(first, f"there is no such command{near or '; tsl --help lists them'}")
    options = parse(command.form, rest)
    if options.help:
        sys.stdout.write(help_of(command.form))
        return 0
    return command.run(options)


def _check(options: SimpleNamespace) -> int:
    from tsl.cli.checking import check

    return check(options)


def _explain(options: SimpleNamespace) -> int:
    from tsl.check import rule_named
    from tsl.report import explain

    known, code = books(options)
    rule = rule_named(options.words[0], known)
    with pages_needed(rule.name):
        sys.stdout.write(explain(rule, color=wants_color(options.color, is_terminal=sys.stdout.isatty())))
    return code


def _rules(options: SimpleNamespace) -> int:
    from tsl.report import rules_table

    known, code = books(options)
    color = wants_color(options.color, is_terminal=sys.stdout.isatty())
    with pages_needed("rules"):
        sys.stdout.write(rules_table(known.rulebook, options.format, color=color))
    return code


def _verify(options: SimpleNamespace) -> int:
    from tsl.check import Settings, open_books
    from tsl.report import verdict_report
    from tsl.verify import verify
    from tsl.verify.launch import Request

    if options.entry is None:
        raise SettingError("verify", "needs --entry NAME: what in the file makes the model; see tsl verify --help")
    if options.script:
        return _verify_script(options)
    config = configuration(options)
    sources = tuple(config.place(source) for source in config.src)
    inputs, skip, trials = tuple(options.input or ()), tuple(options.skip or ()), options.trials or TRIALS
    request = Request(options.words[0], options.entry, inputs, options.timeout, trials, skip, sources)
    verdict, confirmation = verify(request, Settings(config), open_books(config))
    if verdict.started:
        color = wants_color(options.color, is_terminal=sys.stdout.isatty())
        sys.stdout.write(verdict_report(options.format, verdict, confirmation, color=color))
    for note in verdict.notes:
        say(note)
    for failure in (*confirmation.outcome.failures, *filter(None, [verdict.failure])):
        say(*failure)
    return verdict.exit_code


def _migrate(options: SimpleNamespace) -> int:
    from tsl.cli.migration import provable

    provable(options)
    from tsl.check import Settings
    from tsl.migrate import migrate
    from tsl.migrate.prove import TIMEOUT, Request
    from tsl.report import migration_report

    config = configuration(options)
    sources = tuple(config.place(source) for source in config.src)
    paths, requests = options.words or ["."], []
    for entry in options.entry or ():
        path, _, name = entry.rpartition(".py:")
        file = f"{path}.py" if path else paths[0]
        requests.append(Request(file, name, tuple(options.input or ()), options.timeout or TIMEOUT, sources))
    ledger = migrate(paths, Settings(config, jobs=options.jobs), requests)
    color = wants_color(options.color, is_terminal=options.output is None and sys.stdout.isatty())
    text = migration_report(options.format, ledger, color=color)
    if options.output is None:
        sys.stdout.write(text)
    else:
        write(options.output, text, "ledger")
    for note in ledger.notes:
        say(note)
    for failure in ledger.failures:
        say(*failure)
    return CANNOT if ledger.failures else int(not all(proof.passed for proof in ledger.proofs))


def _fusion(options: SimpleNamespace) -> int:
    from tsl.check import Settings, open_books
    from tsl.cli.fusion import gates_of, request_of
    from tsl.fusion import fusion
    from tsl.report import fusion_report

    config = configuration(options)
    known = open_books(config)
    report, outcome = fusion(request_of(options, config), Settings(config), known)
    gates = gates_of(options, report)
    if report.told is not None:
        color = wants_color(options.color, is_terminal=options.output is None and sys.stdout.isatty())
        text = fusion_report(options.format, report, outcome, known.rulebook, color=color)
        if options.output is None:
            sys.stdout.write(text)
        else:
            write(options.output, text, "report")
    for note in outcome.notes:
        say(note)
    for failure in (*known.failures, *outcome.failures, *((gate, told) for gate, told in gates if told)):
        say(*failure)
    if known.failures or outcome.failures:
        return CANNOT
    return int(any(told for _, told in gates)) if gates else outcome.exit_code(options.severity)


def _verify_script(options: SimpleNamespace) -> int:
    from tsl.check import Settings, open_books
    from tsl.report import compiled_report
    from tsl.verify import verify_script
    from tsl.verify.compiled import Request

    for flag in ("input", "trials", "skip"):
        if getattr(options, flag):
            raise SettingError(f"--{flag}", "is for running a trace; --script compiles the model and runs nothing")
    config = configuration(options)
    sources = tuple(config.place(source) for source in config.src)
    request = Request(options.words[0], options.entry, options.timeout, sources)
    told, weighed = verify_script(request, Settings(config), open_books(config))
    if told.started:
        color = wants_color(options.color, is_terminal=sys.stdout.isatty())
        sys.stdout.write(compiled_report(options.format, told, weighed, color=color))
    for failure in (*weighed.outcome.failures, *filter(None, [told.failure])):
        say(*failure)
    return told.exit_code


def _inspect(options: SimpleNamespace) -> int:
    from tsl.report import inspection_report
    from tsl.target.inspected import inspected

    path = options.words[0]
    with readable(path):
        found = inspected(path)
    color = wants_color(options.color, is_terminal=sys.stdout.isatty())
    sys.stdout.write(inspection_report(options.format, found, depth=options.depth, color=color))
    return 0


def _targets(options: SimpleNamespace) -> int:
    from tsl.check.plan import tables_of
    from tsl.report import targets_report

    tables = tables_of(configuration(options))
    color = wants_color(options.color, is_terminal=sys.stdout.isatty())
    sys.stdout.write(targets_report(options.format, tables, color=color))
    return 0


def _lock(options: SimpleNamespace) -> int:
    from tsl.archive.archive import open_archive
    from tsl.target.lock import LockError, lock_of, lock_text

    path = options.words[0]
    try:
        with readable(path), open_archive(path) as archive:
            text = lock_text(lock_of(archive))
    except LockError as error:
        raise SettingError(path, str(error)) from None
    if options.output is None:
        sys.stdout.write(text)
    else:
        write(options.output, text, "lock")
    return 0


def _graph(options: SimpleNamespace) -> int:
    from tsl.cli.graph_form import drawable, source_of

    form = drawable(options)
    from tsl.check.plan import Settings, make_plan
    from tsl.draw.drawing import DrawError, Wish, picture_of, shown_of
    from tsl.draw.fit import LIMIT
    from tsl.draw.forms import formed
    from tsl.draw.render import RenderError
    from tsl.draw.source import source_picture

    config = configuration(options).with_flags(deploy=options.deploy)
    known, code = books(options)
    settings = Settings(config, inputs=tuple(options.input or ()))
    limit = LIMIT if options.limit is None else options.limit
    findings = not options.no_findings, bool(options.findings)
    wish = Wish(options.method, options.depth, options.focus, options.radius, *findings, limit, _groups(options.fusion))
    path, name = source_of(options.words[0]) if options.source else (options.words[0], "")
    try:
        with readable(path):
            if options.source:
                picture = shown_of(source_picture(path, name, settings, known, findings=wish.findings), wish)
            else:
                picture = picture_of(path, wish, make_plan(settings, known))
        made = formed(picture, form)
    except DrawError as error:
        raise SettingError(error.subject, error.message) from None
    except RenderError as error:
        raise SettingError(options.output or f"--format {form}", str(error)) from None
    if options.output is None:
        sys.stdout.write(made.decode())
    else:
        write(options.output, made, "graph")
    return code


def _groups(path: str | None) -> list[list[Meant]]:
    """The fusion groups of a report, none without one."""
    if path is None:
        return []
    from tsl.draw.hulls import read_groups
    from tsl.project import reason

    try:
        with open(path, encoding="utf-8") as file:
            return read_groups(file.read())
    except OSError as error:
        raise SettingError(path, f"cannot be read: {reason(error)}") from None
    except ValueError as error:
        raise SettingError(path, str(error)) from None


def _use_utf8() -> None:
    """Makes both streams take any text: a report is the same bytes everywhere, and a file's name may be no text."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def _diff(options: SimpleNamespace) -> int:
    from tsl.cli.comparing import diff

    return diff(options)


def _review(options: SimpleNamespace) -> int:
    from tsl.cli.comparing import review

    return review(options)


class Command(Record):
    """A command: where it says what it takes, what runs it, and what it is for.

    Only the form of the command that is asked for is loaded: all of them cost a quarter of checking one file.
    """

    room: str
    table: str
    run: Callable[[SimpleNamespace], int]
    summary: str

    @property
    def form(self) -> Form:
        """What the command takes."""
        form: Form = getattr(import_module(f"tsl.cli.{self.room}"), self.table)
        return form


COMMANDS: Mapping[str, Command] = {
    "check": Command(
        "forms",
        "CHECK",
        _check,
        "find what tracing a model would lose, in Python files, and what is wrong with archives",
    ),
    "explain": Command(
        "forms", "EXPLAIN", _explain, "show a rule's page: what happens, an example, what to write instead"
    ),
    "verify": Command(
        "forms", "VERIFY", _verify, "run a model against its trace on perturbed inputs, and find where they part"
    ),
    "fusion": Command(
        "fusion", "FUSION", _fusion, "say which operators become one kernel, why others do not, and prove it"
    ),
    "inspect": Command("forms", "INSPECT", _inspect, "say what an archive is and what is in it, without executing it"),
    "graph": Command("graph_form", "GRAPH", _graph, "draw what an archive runs, with what tsl check finds in it"),
    "diff": Command(
        "comparing_forms", "DIFF", _diff, "say what is different between two models, and which findings are new"
    ),
    "review": Command(
        "comparing_forms", "REVIEW", _review, "say what a change did to findings and models, as one comment in Markdown"
    ),
    "targets": Command("forms", "TARGETS", _targets, "list what a model may be checked against, and how it is known"),
    "lock": Command(
        "forms", "LOCK", _lock, "write down what a deployment of an archive rests on, for tsl check --lock"
    ),
    "migrate": Command(
        "migration", "MIGRATE", _migrate, "list what ties a project to TorchScript, and what to write instead"
    ),
    "rules": Command("forms", "RULES", _rules, "list all rules"),
}

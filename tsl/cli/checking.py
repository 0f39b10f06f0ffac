"""`tsl check`: from options to a run, and from what it comes to to a report.

Needs the driver and the reports, loaded for the run. It will never analyse anything or lay out a report.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

from tsl.cli.console import CANNOT, configuration, pages_needed, say, wants_color, write
from tsl.cli.forms import agree
from tsl.cli.narrowing import narrowed
from tsl.config import Config

if TYPE_CHECKING:
    from typing import TextIO

    from tsl.check import Books
    from tsl.cli.fixing import Answer
    from tsl.entry.request import Request
    from tsl.outcome import Outcome


def check(options: SimpleNamespace) -> int:
    """What `tsl check` does."""
    from tsl.check import Settings, open_books, outcome_of, run
    from tsl.cli.fixing import answer

    agree(options)
    paths = options.words or ["."]
    config = configuration(options).with_flags(
        select=options.select,
        ignore=options.ignore,
        extend_select=options.extend_select,
        capture=options.capture,
        targets=options.target,
        deploy=options.deploy,
    )
    name = options.stdin_filename or "<stdin>"
    settings = Settings(config, tuple(options.root or ()), options.jobs, not options.no_cache, name)
    if options.entry is not None:
        settings = settings._replace(entry=_entry(options, config))
    else:
        settings = settings._replace(inputs=tuple(options.input or ()))
    settings = settings._replace(against=options.against, lock=options.lock or "", verbose=options.verbose)
    settings = settings._replace(trust=options.trust)
    books = open_books(config)
    known = run(paths, settings, stdin=sys.stdin.buffer.read() if "-" in paths else b"", books=books)
    found = narrowed(outcome_of(known), options, (file.path for file in known.examined))
    said = answer(known, found, options)
    outcome = said.outcome
    for note in outcome.notes:
        say(note)
    for failure in outcome.failures:
        say(*failure)
    if said.instead is None:
        _report(outcome, books, options)
    else:
        _put(said, books, options)
    code = outcome.exit_code(options.severity)
    if said.is_diff and code < CANNOT:
        code = int(bool(said.instead))
    return 0 if code == 1 and options.exit_zero else code


def _entry(options: SimpleNamespace, config: Config) -> Request:
    """The export that `--entry` asks for, of the first path."""
    from tsl.entry.request import TIMEOUT, Request

    sources = tuple(config.place(source) for source in config.src)
    inputs, timeout = tuple(options.input or ()), options.timeout or TIMEOUT
    return Request(options.words[0], options.entry, (), inputs, timeout, sources)


def _put(said: Answer, books: Books, options: SimpleNamespace) -> None:
    """Puts a diff where the report goes; a mended text to standard output, and the report elsewhere."""
    assert said.instead is not None
    if said.is_diff and options.output is not None:
        write(options.output, said.instead.decode(), "diff")
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(said.instead)
    if not said.is_diff:
        _report(said.outcome, books, options, sys.stderr)


def _report(outcome: Outcome, books: Books, options: SimpleNamespace, stream: TextIO | None = None) -> None:
    from tsl.report import render

    stream = stream or sys.stdout
    color = wants_color(options.color, is_terminal=options.output is None and stream.isatty())
    with pages_needed(f"--format {options.format}"):
        text = render(options.format, outcome, books.rulebook, color=color, statistics=options.statistics)
    if options.output is None:
        stream.write(text)
    else:
        write(options.output, text, "report")

"""The commands that hold two models against each other.

Needs the rooms that compare, loaded for the command that asks. It will never compare anything itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING

from tsl.cli.console import CANNOT, books, configuration, pages_needed, say, wants_color, write
from tsl.cli.graph_form import BINARY
from tsl.config import SettingError
from tsl.draw.forms import SUFFIXES as DRAWN
from tsl.report import DIFF_FORMATS

if TYPE_CHECKING:
    from tsl.check import Books
    from tsl.diff.sides import Answer
    from tsl.review.against import Review

SUFFIXES: Mapping[str, str] = {
    "": "text",
    ".txt": "text",
    ".md": "markdown",
    **{suffix: form for suffix, form in DRAWN.items() if form != "json"},
    ".json": "json",
}


def diff(options: SimpleNamespace) -> int:
    """What `tsl diff` does."""
    from tsl.check import Settings
    from tsl.diff.gates import failing
    from tsl.diff.sides import Ask, SideError, differ
    from tsl.entry.request import TIMEOUT
    from tsl.report import difference_report

    form = _form(options)
    known, code = books(options)
    config = configuration(options).with_flags(deploy=options.deploy)
    methods, inputs = tuple(options.method or ()), tuple(options.input or ())
    timeout, capture = options.timeout or TIMEOUT, options.capture or ""
    old, new = options.words
    ask = Ask(old, new, methods, options.entry, capture, inputs, timeout, not options.no_findings)
    try:
        with differ(ask, Settings(config, inputs=inputs), known) as answer:
            difference = answer.difference
            color = wants_color(options.color, is_terminal=options.output is None and sys.stdout.isatty())
            made = _picture(form, answer, methods) or difference_report(form, difference, color=color)
    except SideError as error:
        raise SettingError(error.subject, error.message) from None
    if options.output is None:
        sys.stdout.write(made if isinstance(made, str) else made.decode())
    else:
        write(options.output, made, "difference")
    for failure in answer.failures:
        say(*failure)
    if code or answer.failures:
        return CANNOT
    return int(bool(failing(difference, options.fail_on or (), options.severity)))


def _picture(form: str, answer: Answer, methods: Sequence[str]) -> bytes:
    """The picture in a form of pictures, nothing for another form."""
    if form in DIFF_FORMATS:
        return b""
    from tsl.diff.drawn import drawn
    from tsl.draw.forms import formed
    from tsl.draw.render import RenderError

    try:
        return formed(drawn(answer.differing, answer.difference, answer.plan, *methods[:1]), form)
    except LookupError:
        message = "there is no picture: no method with a graph is in both models"
        raise SettingError(f"{answer.difference.old} and {answer.difference.new}", message) from None
    except RenderError as error:
        raise SettingError(f"--format {form}", str(error)) from None


def _form(options: SimpleNamespace) -> str:
    """The form to write: what --format says, else what the suffix of the file stands for."""
    suffix = os.path.splitext(options.output or "")[1]
    if options.format:
        if options.format in BINARY and options.output is None:
            raise SettingError("--format", f"{options.format} is no text; name a file with -o")
        return str(options.format)
    if suffix not in SUFFIXES:
        *forms, last = filter(None, SUFFIXES)
        raise SettingError(
            options.output, f"nothing is written as {suffix}; use {', '.join(forms)} or {last}, or say --format"
        )
    return SUFFIXES[suffix]


def review(options: SimpleNamespace) -> int:
    """What `tsl review` does."""
    from tsl.check import Settings
    from tsl.diff.sides import SideError
    from tsl.entry.request import TIMEOUT
    from tsl.review import against
    from tsl.review.comment import comment

    if options.base is None:
        raise SettingError("review", "needs --base REV, the revision to compare with; see tsl review --help")
    known, code = books(options)
    paths, inputs = tuple(options.words) or (".",), tuple(options.input or ())
    timeout, capture = options.timeout or TIMEOUT, options.capture or ""
    question = against.Question(options.base, paths, tuple(options.models or ()), capture, inputs, timeout)
    try:
        found = against.review(question, Settings(configuration(options)), known, _pictures)
    except SideError as error:
        raise SettingError(error.subject, error.message) from None
    for note in found.outcome.notes:
        say(note)
    for failure in found.failures:
        say(*failure)
    if options.output is None:
        sys.stdout.write(comment(found))
    else:
        _put(found, known, options.output)
    return CANNOT if code or found.failures else int(_fails(found, options))


def _pictures(answer: Answer) -> tuple[tuple[str, str], ...]:
    """The pictures that go with a model in a review; none where no method is in both.

    Without Graphviz there is no page, and its DOT is attached instead.
    """
    if answer.difference.is_empty or not answer.differing.pairs:
        return ()
    from tsl.diff.drawn import drawn
    from tsl.draw.forms import formed
    from tsl.draw.render import RenderError

    picture = drawn(answer.differing, answer.difference, answer.plan)
    mermaid = formed(picture, "mermaid").decode()
    try:
        return ((".mmd", mermaid), (".html", formed(picture, "html").decode()))
    except RenderError as error:
        say(answer.difference.new, f"its picture is attached as DOT, since HTML {error}")
        return ((".mmd", mermaid), (".dot", formed(picture, "dot").decode()))


def _put(found: Review, known: Books, directory: str) -> None:
    from tsl.project import reason
    from tsl.review.written import put

    try:
        with pages_needed("review"):
            names = put(found, known.rulebook, directory)
    except OSError as error:
        raise SettingError(directory, f"cannot hold the review: {reason(error)}") from None
    sys.stdout.write("".join(f"{os.path.join(directory, name)}\n" for name in names))


def _fails(found: Review, options: SimpleNamespace) -> bool:
    """Whether there is something that --fail-on names, among the findings or in a model."""
    from tsl.diff.change import Difference
    from tsl.diff.gates import failing

    whole = Difference("", "", (), found.findings, {})
    models = [one.difference for one in found.models if one.difference is not None]
    return any(failing(one, options.fail_on or (), options.severity) for one in (whole, *models))

"""The report as workflow commands, which GitHub Actions turns into annotations on a pull request.

The form of a command and its escapes are those of actions/toolkit, packages/core/src/command.ts. It will never print
anything that is not a command.
"""

from __future__ import annotations

from tsl.diagnostic import Diagnostic, Severity
from tsl.outcome import Outcome

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}

# The percent sign comes first, or it would escape the escapes.
_DATA = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
_PROPERTY = (*_DATA, (":", "%3A"), (",", "%2C"))


def github(outcome: Outcome) -> str:
    """One command for each finding; nothing where there is none."""
    return "".join(map(_command, outcome.diagnostics))


def _command(found: Diagnostic) -> str:
    span = found.span
    properties = {
        "file": span.path.replace("\\", "/").encode("utf-8", "replace").decode(),  # no bytes that are not text
        "line": span.line,
        "endLine": span.end_line,
        "col": span.column,
        "endColumn": span.end_column,
        "title": f"{found.code} {found.rule}",
    }
    written = ",".join(f"{name}={_escaped(str(value), _PROPERTY)}" for name, value in properties.items())
    return f"::{COMMANDS[found.severity]} {written}::{_escaped(_message(found), _DATA)}\n"


def _message(found: Diagnostic) -> str:
    story = [f"line {label.span.line}: {label.text}" for label in found.labels if label.span.path == found.span.path]
    return "\n".join([found.message, *story, f"help: {found.help}"])


def _escaped(text: str, table: tuple[tuple[str, str], ...]) -> str:
    for character, escape in table:
        text = text.replace(character, escape)
    return text

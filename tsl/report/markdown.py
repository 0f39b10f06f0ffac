"""The report as Markdown, for a comment on a change or a page of a build: the counts, and a table.

The form is GitHub's. Text from a checked file is code in it and can be no markup.
"""

from __future__ import annotations

from tsl.diagnostic import Diagnostic
from tsl.outcome import Outcome
from tsl.report.cells import visible
from tsl.report.summary import summary


def markdown(outcome: Outcome) -> str:
    """The findings as a table with the remedies folded away, ended by a newline."""
    words = "".join(segment.text for segment in summary(outcome))
    lines = [f"**tsl**: {_plain(words)}", ""]
    if outcome.diagnostics:
        lines += ["| where | rule | what happens |", "|---|---|---|", *map(_row, outcome.diagnostics), ""]
        helps = {found.rule: (found.code, found.help) for found in outcome.diagnostics}
        lines += ["<details><summary>what to do</summary>", ""]
        lines += [f"- **{rule}** ({code}): {_plain(help)}" for rule, (code, help) in sorted(helps.items())]
        lines += ["", "</details>", ""]
    return "\n".join(lines)


def _row(found: Diagnostic) -> str:
    where = _code(f"{found.span.path}:{found.span.line}")
    return f"| {where} | {found.severity.label} {found.code} {found.rule} | {_plain(found.message)} |"


def _plain(text: str) -> str:
    """A sentence in which only the code between ticks is markup."""
    parts = visible(text).split("`")
    shown = [
        _code(part) if place % 2 and place < len(parts) - 1 else _escaped(part) for place, part in enumerate(parts)
    ]
    return "".join(shown)


def _escaped(text: str) -> str:
    for sign in "\\|<>[]*_#":
        text = text.replace(sign, f"\\{sign}" if sign not in "<>" else {"<": "&lt;", ">": "&gt;"}[sign])
    return text


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    return f"{fence}{visible(text)}{fence}".replace("|", "\\|")

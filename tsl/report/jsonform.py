"""The report for machines in tsl's own form, version 1.

Keys, their order and their meaning stay the same within a version of the form. Output is ASCII and the same bytes for
the same findings. It will never carry times, absolute paths of the machine or anything else that changes between runs.
"""

from __future__ import annotations

from typing import Any

from tsl.diagnostic import Diagnostic, Edit, Fix, Label, Severity
from tsl.outcome import Outcome

VERSION = 1


def json_form(outcome: Outcome) -> str:
    """The run as one JSON object, ended by a newline."""
    import json

    from tsl import __version__

    form = {
        "version": VERSION,
        "tool": {"name": "tsl", "version": __version__},
        "diagnostics": [diagnostic_form(found) for found in outcome.diagnostics],
        "summary": {
            "files": outcome.files,
            "errors": outcome.count(Severity.ERROR),
            "warnings": outcome.count(Severity.WARNING),
            "infos": outcome.count(Severity.INFO),
            "suppressed": outcome.suppressed,
        },
    }
    return json.dumps(form, indent=2) + "\n"


def diagnostic_form(found: Diagnostic) -> dict[str, Any]:
    """A finding as every form of tsl for machines shows it."""
    span = found.span
    return {
        "code": found.code,
        "rule": found.rule,
        "severity": found.severity.label,
        "message": found.message,
        "help": found.help,
        "path": span.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "evidence": [evidence.value for evidence in found.evidence],
        "labels": [_label(label) for label in found.labels],
        "fix": _fix(found.fix) if found.fix else None,
        "fingerprint": found.fingerprint,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    """A fix: each edit puts a text in the place of a stretch, which is empty where it only puts in."""
    return {
        "title": fix.title,
        "applicability": "safe" if fix.is_safe else "unsafe",
        "edits": [_edit(edit) for edit in fix.edits],
    }


def _edit(edit: Edit) -> dict[str, Any]:
    path, line, column, end_line, end_column = edit.span
    where = {"path": path, "line": line, "column": column, "end_line": end_line, "end_column": end_column}
    return {**where, "text": edit.text}


def _label(label: Label) -> dict[str, Any]:
    span = label.span
    return {"path": span.path, "line": span.line, "column": span.column, "text": label.text}

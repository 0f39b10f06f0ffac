"""The report in SARIF 2.1.0, which code scanning services read.

The standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; its section numbers stand where they
decide something. Rules are described from their pages. It will never carry times, absolute directories of the machine
or anything else that changes between runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tsl.diagnostic import Diagnostic, Fix, Label, Severity, Span
from tsl.outcome import Outcome
from tsl.page import page_of

if TYPE_CHECKING:
    from tsl.page import Page
    from tsl.rule import Rule
    from tsl.rulebook import Rulebook

Json = dict[str, Any]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
FINGERPRINT = "tsl/v1"


def sarif(outcome: Outcome, rulebook: Rulebook) -> str:
    """The run as a SARIF log, ended by a newline. Raises `tsl.page.PageError` where a rule has no page to describe it.

    The rules described are those that found something, in the order of their codes.
    """
    import json

    from tsl import __version__

    codes = sorted({found.code for found in outcome.diagnostics})
    rules = {code: _rule(code, rulebook.find(code)) for code in codes}
    driver = {"name": "tsl", "semanticVersion": __version__, "rules": list(rules.values())}
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(outcome)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(found, codes.index(found.code)) for found in outcome.diagnostics],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(code: str, rule: Rule | None) -> Json:
    if rule is None:
        return {"id": code}
    page = page_of(rule)
    return {
        "id": code,
        "name": rule.name,
        "shortDescription": {"text": page.title},
        "fullDescription": {"text": _paragraph(page)},
        "help": {"text": f"{rule.help}\n\n{page.body}", "markdown": f"{rule.help}\n\n{page.body}"},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
    }


def _paragraph(page: Page) -> str:
    """The first paragraph of what happens, on one line; the title where a page does not tell."""
    told = page.section("What happens")
    return " ".join(told.text.partition("\n\n")[0].split()) if told and told.text else page.title


def _result(found: Diagnostic, index: int) -> Json:
    result: Json = {
        "ruleId": found.code,
        "ruleIndex": index,
        "level": LEVELS[found.severity],
        "message": {"text": found.message},
        "locations": [{"physicalLocation": _place(found.span)}],
        "partialFingerprints": {FINGERPRINT: found.fingerprint},
        "properties": {"evidence": [evidence.value for evidence in found.evidence]},
    }
    if found.labels:
        result["relatedLocations"] = [_related(number, label) for number, label in enumerate(found.labels)]
    if found.fix:
        result["fixes"] = [_fix(found.fix)]
    return result


def _fix(fix: Fix) -> Json:
    """A fix as replacements in one file (3.55); that it may change what the program does is said in its words."""
    replacements = [
        {"deletedRegion": _place(edit.span)["region"], "insertedContent": {"text": edit.text}} for edit in fix.edits
    ]
    change = {"artifactLocation": _artifact(fix.edits[0].span.path), "replacements": replacements}
    told = fix.title if fix.is_safe else f"{fix.title} (unsafe: may change what the program does)"
    return {"description": {"text": told}, "artifactChanges": [change]}


def _related(number: int, label: Label) -> Json:
    return {"id": number, "physicalLocation": _place(label.span), "message": {"text": label.text}}


def _place(span: Span) -> Json:
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    return {"artifactLocation": _artifact(span.path), "region": region}


def _artifact(path: str) -> Json:
    """Where a file is: below the source root, or by its whole URI where the path is absolute (3.4.4)."""
    from urllib.parse import quote

    path = path.replace("\\", "/")
    drive = path[:2] if path[1:3] == ":/" else ""
    uri = drive + quote(path[len(drive) :], errors="surrogateescape")
    if drive:
        return {"uri": f"file:///{uri}"}
    if uri.startswith("/"):
        return {"uri": f"file://{uri}"}
    return {"uri": uri, "uriBaseId": "%SRCROOT%"}


def _invocation(outcome: Outcome) -> Json:
    """Whether tsl could do its job (3.20.14), and what kept it from it."""
    failures = [_notification("error", f"{failure.subject}: {failure.message}") for failure in outcome.failures]
    notes = [_notification("note", note) for note in outcome.notes]
    return {"executionSuccessful": not failures, "toolExecutionNotifications": failures + notes}


def _notification(level: str, text: str) -> Json:
    return {"level": level, "message": {"text": text}}

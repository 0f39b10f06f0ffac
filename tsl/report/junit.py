"""The report as JUnit's XML, which most servers of continuous integration read: a suite a file, a case a finding.

The form is that of the Apache Ant task as Jenkins, GitLab and Azure read it. A run without findings is one case that
passes, so that a server does not take it for one that did not run.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from tsl.diagnostic import Diagnostic
from tsl.outcome import Outcome
from tsl.report.cells import visible


def junit(outcome: Outcome) -> str:
    """The findings as one document, ended by a newline."""
    files: dict[str, list[Diagnostic]] = {}
    for found in outcome.diagnostics:
        files.setdefault(found.span.path.replace("\\", "/"), []).append(found)
    suites = [line for path, findings in files.items() for line in _suite(path, findings)]
    if not files and not outcome.failures:
        suites = ['  <testsuite name="tsl" tests="1" failures="0" errors="0">']
        suites += ['    <testcase name="no findings" classname="tsl"/>', "  </testsuite>"]
    total, failed = len(outcome.diagnostics), len(outcome.failures)
    for failure in outcome.failures:
        suites += [f'  <testsuite name={_attribute(failure.subject)} tests="1" failures="0" errors="1">']
        suites += [f'    <testcase name="checked" classname={_attribute(failure.subject)}>']
        suites += [f"      <error message={_attribute(failure.message)}/>", "    </testcase>", "  </testsuite>"]
    head = f'<testsuites name="tsl" tests="{max(total + failed, 1)}" failures="{total}" errors="{failed}">'
    return "\n".join(['<?xml version="1.0" encoding="utf-8"?>', head, *suites, "</testsuites>", ""])


def _suite(path: str, findings: Sequence[Diagnostic]) -> list[str]:
    count = len(findings)
    lines = [f'  <testsuite name={_attribute(path)} tests="{count}" failures="{count}" errors="0">']
    for found in findings:
        name = f"{found.code} {found.rule} at {found.span.line}:{found.span.column}"
        place = f'file={_attribute(path)} line="{found.span.line}"'
        lines += [
            f"    <testcase name={_attribute(name)} classname={_attribute(path)} {place}>",
            f"      <failure type={_attribute(found.severity.label)} message={_attribute(found.message)}>"
            f"{escape(visible(f'{path}:{found.span.line}: {found.message}; help: {found.help}'))}</failure>",
            "    </testcase>",
        ]
    return [*lines, "  </testsuite>"]


def _attribute(text: str) -> str:
    return quoteattr(visible(text))

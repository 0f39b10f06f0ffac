"""The report as GitLab's code quality form, which a merge request shows beside the lines.

The form is that of docs.gitlab.com/ci/testing/code_quality, "Code Quality report format". It will never hold an
excerpt.
"""

from __future__ import annotations

from tsl.diagnostic import Severity
from tsl.outcome import Outcome

SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def gitlab(outcome: Outcome) -> str:
    """The findings as a JSON list, ended by a newline. A fingerprint stands once: GitLab drops the second of two."""
    import json

    seen: dict[str, int] = {}
    rows = []
    for found in outcome.diagnostics:
        again = seen[found.fingerprint] = seen.get(found.fingerprint, -1) + 1
        rows.append(
            {
                "description": f"{found.code} {found.rule}: {found.message}",
                "check_name": found.rule,
                "fingerprint": f"{found.fingerprint}{again or ''}",
                "severity": SEVERITIES[found.severity],
                "location": {
                    "path": found.span.path.replace("\\", "/"),
                    "lines": {"begin": found.span.line, "end": found.span.end_line},
                },
            }
        )
    return json.dumps(rows, indent=2) + "\n"

"""What a run of tsl came to: the findings, what could not be done, and the counts.

Needs only `tsl.diagnostic`. The driver makes an Outcome, reports turn it into text; neither knows the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tsl.diagnostic import Diagnostic, Severity
from tsl.record import Record


class Failure(Record):
    """Something tsl could not do: what it was about (a path, an option) and one line that says what to do."""

    subject: str
    message: str


class Outcome(Record):
    """A finished run. `lines` holds the source lines of each file that has findings, for excerpts.

    `fixed` is how many findings are there no longer, because they were mended; `accepted` how many a baseline holds,
    and `elsewhere` how many are not of the change that was asked about.
    """

    diagnostics: tuple[Diagnostic, ...]
    files: int
    suppressed: int
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()
    lines: Mapping[str, Sequence[str]] = {}
    accepted: int = 0
    elsewhere: int = 0
    fixed: int = 0

    def count(self, severity: Severity) -> int:
        """How many findings have exactly this severity."""
        return sum(found.severity is severity for found in self.diagnostics)

    def exit_code(self, threshold: Severity) -> int:
        """0 when clean, 1 with a finding at or above the threshold, 2 when tsl could not do its job."""
        if self.failures:
            return 2
        return int(any(found.severity >= threshold for found in self.diagnostics))

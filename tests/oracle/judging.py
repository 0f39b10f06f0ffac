"""What tsl says about a program: its findings on tracing, and whether it was right.

`KNOWN` lists the gaps of the engine that are not closed yet; each has a case in fixtures/rules that must fail.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.fences import verdicts_on
from tsl.diagnostic import Severity

FAMILY = "TSL1"
# Rules about what no input of the search changes: rank, dtype, device, gradients, mode. They are neither an answer to a
# divergence nor a false alarm where there is none.
UNSEEN = frozenset({"TSL121", "TSL122", "TSL123", "TSL125", "TSL126", "TSL141"})


class JudgingError(Exception):
    """tsl failed on a program; the message holds it."""


class Said(NamedTuple):
    """A finding: the rule's code, its severity, and the line."""

    code: str
    severity: Severity
    line: int


class Known(NamedTuple):
    """A gap: what its programs look like once they are minimised, and why it is open."""

    pattern: re.Pattern[str]
    reason: str


KNOWN: tuple[Known, ...] = (
    Known(
        re.compile(r"@torch\.jit\.script[\s\S]*\n +return scripted\d+\(\w+\)(\n|$)"),
        "a result that a helper passes on is not followed to the names that were given to the helper",
    ),
)


def judged(text: str) -> tuple[Said, ...]:
    """What tsl says about the tracing of a program. Raises JudgingError where it fails."""
    try:
        found = verdicts_on(text)
    except Exception as error:
        raise JudgingError(f"{type(error).__name__}: {error}, on\n{text}") from error
    said = (
        Said(code, verdict.severity, line)
        for line, verdicts in found.items()
        for code, verdict in verdicts
        if code.startswith(FAMILY) and code not in UNSEEN
    )
    return tuple(sorted(set(said), key=lambda one: (one.line, one.code)))


def errors(said: tuple[Said, ...]) -> tuple[Said, ...]:
    """The findings that are errors."""
    return tuple(one for one in said if one.severity == Severity.ERROR)


def known(text: str) -> str:
    """Why a gap is open, for the program of a known one; empty for any other."""
    return next((gap.reason for gap in KNOWN if gap.pattern.search(text)), "")

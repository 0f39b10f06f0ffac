"""What a difference may be refused for: kinds of differences by name, for an exit code.

Needs differences. It will never decide which of them is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from tsl.diagnostic import Severity
from tsl.diff.change import (
    ADDED,
    CHANGED,
    INPUT,
    METHOD,
    MODULE,
    MOVED,
    OPERATOR,
    OUTPUT,
    REMOVED,
    WEIGHT,
    Change,
    Difference,
)

RUN = frozenset({OPERATOR, MODULE})
CALLED = frozenset({METHOD, INPUT, OUTPUT})


def _aspect(name: str) -> Callable[[Change], bool]:
    return lambda one: any(detail.aspect == name for detail in one.details) and one.kind == CHANGED


# By name, which change counts.
CHANGES: Mapping[str, Callable[[Change], bool]] = {
    "added-operators": lambda one: one.kind == ADDED and one.subject in RUN,
    "removed-operators": lambda one: one.kind == REMOVED and one.subject in RUN,
    "changed-operators": lambda one: one.kind == CHANGED and one.subject == OPERATOR,
    "moved": lambda one: one.kind == MOVED,
    "interface": lambda one: one.subject in CALLED,
    "weights": lambda one: one.subject == WEIGHT or one.weights > 0,
    "dtypes": _aspect("dtype"),
    "devices": _aspect("device"),
    "shapes": _aspect("shape"),
}
FINDINGS = "added-findings"
ANY = "any"
GATES = (FINDINGS, *CHANGES, ANY)


def failing(difference: Difference, gates: Iterable[str], severity: Severity) -> tuple[str, ...]:
    """Those of the named gates that a difference does not pass. New findings count from a severity on."""
    return tuple(_failing(difference, gates, severity))


def _failing(difference: Difference, gates: Iterable[str], severity: Severity) -> Iterator[str]:
    for gate in gates:
        new = any(one.severity >= severity for one in difference.findings.new)
        if gate == FINDINGS:
            fails = new
        elif gate == ANY:
            fails = bool(difference.changes) or new
        else:
            fails = any(map(CHANGES[gate], difference.changes))
        if fails:
            yield gate

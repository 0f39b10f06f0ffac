"""Findings and divergences side by side: what a run confirms of what `tsl check` says.

Needs no torch. It will never make a finding.

A divergence confirms the findings about tracing

1. on its line,
2. else on the first line of the innermost statement around that line that has some, such as the `if` of a `raise`,
3. else in the function it stands in.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Sequence

from tsl.diagnostic import Diagnostic, Evidence
from tsl.entry.place import Place
from tsl.outcome import Outcome
from tsl.verify.verdict import Confirmation, Verdict

TRACE = "TSL1"


def confirm(verdict: Verdict, outcome: Outcome) -> Confirmation:
    """The findings of a check of the verdict's file, those that the verdict confirms with evidence RUN."""
    groups = _Groups(verdict.path, outcome.diagnostics)
    by_divergence = [groups.at(found.place) for found in verdict.divergences]
    by_check = [groups.at(found.place) for found in verdict.lost_checks]
    confirmed = frozenset[int]().union(*by_divergence, *by_check)
    diagnostics = tuple(
        found._replace(evidence=(*found.evidence, Evidence.RUN)) if number in confirmed else found
        for number, found in enumerate(outcome.diagnostics)
    )
    lines = _lines_of(verdict, outcome)
    pick = [[tuple(diagnostics[number] for number in group) for group in one] for one in (by_divergence, by_check)]
    return Confirmation(outcome._replace(diagnostics=diagnostics, lines=lines), tuple(pick[0]), tuple(pick[1]))


class _Groups:
    """The findings of a file by where they stand; a group is the numbers of some."""

    def __init__(self, path: str, found: Sequence[Diagnostic]) -> None:
        self._path, self._found = os.path.abspath(path), found
        self._tree = _parsed(path) if found else None

    def at(self, place: Place | None) -> tuple[int, ...]:
        """The findings that a divergence at a place confirms."""
        if place is None or os.path.abspath(place.path) != self._path:
            return ()
        starts = [place.line, *(node.lineno for node in self._around(place.line) if not _is_scope(node))]
        groups = [self._within(line, line) for line in starts]
        groups += [self._within(*_lines(node)) for node in self._around(place.line) if _is_scope(node)][:1]
        return next((group for group in groups if group), ())

    def _within(self, first: int, last: int) -> tuple[int, ...]:
        return tuple(
            number
            for number, found in enumerate(self._found)
            if found.code.startswith(TRACE) and found.span.line <= last and first <= found.span.end_line
        )

    def _around(self, line: int) -> list[ast.stmt]:
        """The compound statements around a line up to the function they stand in, innermost first."""
        found: list[ast.stmt] = []
        for node in _compound(self._tree) if self._tree else ():
            first, last = _lines(node)
            if first <= line <= last:
                found.append(node)
        found.reverse()
        ends = [place for place, node in enumerate(found) if _is_scope(node)]
        return found[: ends[0] + 1] if ends else found


def _lines_of(verdict: Verdict, outcome: Outcome) -> dict[str, Sequence[str]]:
    """The source lines a report shows: those of the findings, and of what else a verdict names."""
    lines = dict(outcome.lines)
    places = [*(one.place for one in verdict.divergences), *(one.place for one in verdict.lost_checks)]
    for place in filter(None, places):
        if place.path not in lines:
            lines[place.path] = text_of(place.path).splitlines()
    return lines


def _compound(node: ast.AST) -> Iterator[ast.stmt]:
    """Statements that hold others, outer ones first."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt) and hasattr(child, "body"):
            yield child
        yield from _compound(child)


def _lines(node: ast.stmt) -> tuple[int, int]:
    return node.lineno, node.end_lineno or node.lineno


def _is_scope(node: ast.stmt) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))


def _parsed(path: str) -> ast.Module | None:
    try:
        return ast.parse(text_of(path))
    except (SyntaxError, ValueError):  # which the check has said
        return None


def text_of(path: str) -> str:
    """The text of a file, nothing where it cannot be had."""
    import tokenize

    try:
        with tokenize.open(path) as file:
            return file.read()
    except (OSError, SyntaxError, UnicodeDecodeError):
        return ""

"""Which branches of the source an exported graph no longer contains.

Definitions:
1. A *traced* place is a recorded one that names a line and no column: scripted code records both. A traced graph has a
   node with blocks only for what was scripted.
2. A function was traced where one of its lines was. A finding about what decides an `if`, a conditional expression, an
   `assert`, a `while` or a `for` in such a function is *borne out* where no If or Loop was recorded on its line.
3. An arm is *missing* where nothing of it was recorded and something of the other arm was, or where it calls or
   computes something and nothing of it was recorded.

Needs the nodes of a graph and the files they were recorded in. It will never make a finding.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tsl.check.files import Files
from tsl.check.text import Text
from tsl.diagnostic import Diagnostic, Evidence, Label
from tsl.ir.facts import NodeFact
from tsl.record import Record

BLOCKS = frozenset({"prim::If", "prim::Loop"})
# Families of the source engine whose findings a branch or a loop may be about.
FAMILIES = ("TSL10", "TSL11", "TSL12", "TSL15", "TSL16")
ONE, NONE = "the exported graph has only one arm", "the exported graph has no branch here"
LOOP, GONE = "the exported graph has no loop", "not in the exported graph"
CHECK = "the exported graph has no such check"


class _Recorded(Record):
    """Of one graph, the lines of each file that were traced (1), and those of Ifs and Loops."""

    traced: dict[str, set[int]]
    blocks: dict[str, set[int]]


class Arms:
    """What the graphs of a run say about branches, each by itself."""

    def __init__(self) -> None:
        self._graphs: list[_Recorded] = []
        self._texts: dict[str, Text] = {}
        self._captures: dict[str, set[str]] = {}

    def read(self, nodes: Iterable[NodeFact], files: Files) -> None:
        """Takes in the nodes of a graph."""
        recorded = _Recorded({}, {})
        self._graphs.append(recorded)
        for node in nodes:
            lines = recorded.blocks if node.kind in BLOCKS else recorded.traced
            for frame in node.recorded:
                text = files.find(frame.path)
                if text is None:
                    continue
                is_traced = bool(frame.function) and frame.column == 1  # (1)
                self._captures.setdefault(text.path, set()).add("trace" if is_traced else "script")
                self._texts[text.path] = text
                if is_traced or node.kind in BLOCKS:
                    lines.setdefault(text.path, set()).add(frame.line)

    def captures_of(self, path: str) -> frozenset[str]:
        """How what was recorded of a file was captured; nothing where nothing was."""
        return frozenset(self._captures.get(path, ()))

    def bear_out(self, found: Diagnostic) -> Diagnostic:
        """A finding of the source engine, with what a graph shows of it (2)."""
        text = self._texts.get(found.span.path)
        if text is None or not found.code.startswith(FAMILIES) or Evidence.IR in found.evidence:
            return found
        branch, function = _branch_at(text, found), text.function(found.span.line)
        if branch is None or function is None:
            return found
        for recorded in self._graphs:
            traced = recorded.traced.get(found.span.path, set())
            blocks = recorded.blocks.get(found.span.path, set())
            if _meets(function, traced) and not blocks & set(range(branch.lineno, found.span.end_line + 1)):
                labels = tuple(_labels(text, branch, traced))
                return found._replace(evidence=(*found.evidence, Evidence.IR), labels=(*found.labels, *labels))
        return found


def _branch_at(text: Text, found: Diagnostic) -> Any:
    """The innermost branch or loop that what a finding is about decides."""
    kinds = ast.If | ast.IfExp | ast.While | ast.For | ast.Assert
    held = [node for node in text.nodes if isinstance(node, kinds) and _holds(text, _decider(node), found)]
    return held[-1] if held else None


def _decider(node: Any) -> Any:
    return node.iter if isinstance(node, ast.For) else node.test


def _holds(text: Text, node: Any, found: Diagnostic) -> bool:
    outer, inner = text.file.span(node), found.span
    begins = (outer.line, outer.column) <= (inner.line, inner.column)
    return begins and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)


def _labels(text: Text, branch: Any, traced: set[int]) -> Iterator[Label]:
    """What there is to say at the test, and at each arm that is missing.

    A branch that ran several times may have left both arms in the graph, one after the other.
    """
    test = text.file.span(_decider(branch))
    if isinstance(branch, ast.While | ast.For):
        yield Label(test, LOOP)
        return
    if isinstance(branch, ast.Assert):
        yield Label(test, CHECK)
        return
    missing = list(_missing(branch, traced))
    yield Label(test, ONE if missing else NONE)
    for arm in missing:
        yield Label(text.span(arm[0].lineno), GONE)


def _missing(branch: Any, traced: set[int]) -> Iterator[Any]:
    """(3)"""
    arms = [arm for arm in (branch.body, branch.orelse) if arm] if isinstance(branch, ast.If) else []
    for arm in arms:
        if not _among(arm, traced) and (_computes(arm) or any(_among(one, traced) for one in arms)):
            yield arm


def _among(arm: Sequence[Any], lines: set[int]) -> bool:
    return any(_meets(statement, lines) for statement in arm)


def _meets(node: Any, lines: set[int]) -> bool:
    return any(node.lineno <= line <= (node.end_lineno or node.lineno) for line in lines)


def _computes(arm: Sequence[Any]) -> bool:
    kinds = ast.Call | ast.BinOp | ast.Subscript | ast.Compare | ast.UnaryOp
    return any(isinstance(node, kinds) for statement in arm for node in ast.walk(statement))

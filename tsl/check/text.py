"""A checked file as the places that a graph records need it: which statement, function and code a line belongs to.

Needs the parsed file. It will never know what was recorded.

1. A line belongs to the innermost statement that holds it; a compound statement has its head alone.
2. It is in the innermost function that holds it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from tsl.diagnostic import Span
from tsl.source.file import SourceError, SourceFile, parse

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Text:
    """One file of a run."""

    def __init__(self, file: SourceFile) -> None:
        self.file, self.path = file, file.path

    @cached_property
    def nodes(self) -> list[Any]:
        """All nodes, outer ones first."""
        return list(ast.walk(self.file.tree))

    @cached_property
    def _owners(self) -> dict[int, tuple[int, int]]:
        """The first and last line of the statement each line belongs to (1)."""
        spans = [_head(node) for node in self.nodes if isinstance(node, ast.stmt | ast.ExceptHandler)]
        owners: dict[int, tuple[int, int]] = {}
        for first, last in sorted(spans, key=lambda span: span[0] - span[1]):
            owners.update(dict.fromkeys(range(first, last + 1), (first, last)))
        return owners

    @cached_property
    def _functions(self) -> dict[int, Any]:
        found: dict[int, Any] = {}
        for node in self.nodes:
            if isinstance(node, FUNCTIONS):
                found.update(dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), node))
        return found

    def holds_code(self, line: int) -> bool:
        """Whether a line is part of a statement (1)."""
        return line in self._owners

    def statement(self, line: int) -> str:
        """The text of the statement a line belongs to (1)."""
        first, last = self._owners.get(line, (line, line))
        return "\n".join(self.file.lines[first - 1 : last])

    def function(self, line: int) -> Any:
        """The definition of the function a line is in (2); None for code of the module or a class."""
        return self._functions.get(line)

    def anchor(self, line: int) -> str:
        """What identifies a line whatever its number is."""
        function = self.function(line)
        return f"{function.name if function else ''}: {self.line(line).strip()}"

    def line(self, line: int) -> str:
        """A line's text, empty where there is none."""
        lines = self.file.lines
        return lines[line - 1] if 0 < line <= len(lines) else ""

    def span(self, line: int, column: int = 1) -> Span:
        """The expression that begins at a column, or the code of a line where only the line is known."""
        begins = [node for node in self._ending_on(line) if self.file.span(node)[1:3] == (line, column)]
        if column > 1 and begins:
            return self.file.span(max(begins, key=lambda node: (node.end_lineno, node.end_col_offset)))
        text = self.line(line)
        start = max(column, len(text) - len(text.lstrip()) + 1)
        ends = [self.file.span(node).end_column for node in self._ending_on(line) if node.end_lineno == line]
        whole = self._owners.get(line, (line, line))[1] > line or not ends
        return Span(self.path, line, start, line, max(start, len(text.rstrip()) + 1 if whole else max(ends)))

    def _ending_on(self, line: int) -> Iterator[Any]:
        return (node for node in self._by_line.get(line, ()))

    @cached_property
    def _by_line(self) -> dict[int, list[Any]]:
        """The expressions and simple statements that begin or end on each line."""
        found: dict[int, list[Any]] = {}
        for node in self.nodes:
            if isinstance(node, ast.expr) or (isinstance(node, ast.stmt) and not hasattr(node, "body")):
                for line in {node.lineno, node.end_lineno or node.lineno}:
                    found.setdefault(line, []).append(node)
        return found

    def definition(self, name: str) -> Span | None:
        """Where the file makes what a dotted name in it stands for: the one `return` of a function, else its head, the
        head of a class, an assignment or an import; None where it does not."""
        body, found = self.file.tree.body, None
        for part in name.split("."):
            found = next((node for node in body if part in _bound(node)), None)
            body = getattr(found, "body", [])
        if found is None:
            return None
        returns = [node for node in ast.walk(found) if isinstance(node, ast.Return)]
        place = returns[0] if isinstance(found, FUNCTIONS) and len(returns) == 1 else found
        return self.span(place.lineno)


def read_text(path: str) -> Text | None:
    """The file at a path; None where it cannot be read or does not parse, which the check has said."""
    try:
        with open(path, "rb") as file:
            return Text(parse(path, file.read()))
    except (OSError, SourceError):
        return None


def _head(node: Any) -> tuple[int, int]:
    """The lines of a statement, a compound one without its body."""
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
    body = getattr(node, "body", None)
    if not isinstance(body, list) or not body:
        return first, node.end_lineno
    below = min([body[0].lineno, *(one.lineno for one in getattr(body[0], "decorator_list", ()))])
    return first, max(first, below - 1)


def _bound(node: Any) -> list[str]:
    """The names that a statement of a module or class binds."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign):
        return [node.target.id] if isinstance(node.target, ast.Name) else []
    return [node.name] if isinstance(node, (*FUNCTIONS, ast.ClassDef)) else []

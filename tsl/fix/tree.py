"""A file as fixes see it: its concrete syntax, where each node stands, and what a change to a node is as an edit.

Needs libcst, whose positions leave out parentheses around an expression, as those of Python's own tree do. It will
never know a rule or a finding, and it changes nothing: it makes edits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import TypeVar

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from tsl.diagnostic import Edit, Span

Node = TypeVar("Node", bound=cst.CSTNode)
Place = tuple[int, int]
# Fields that hold blanks, lines of comments, and signs.
BLANKS = ("whitespace", "leading_lines", "lines_after", "trailing_whitespace", "header", "footer", "empty_lines")
BETWEEN = frozenset({"lpar", "rpar", "lbracket", "rbracket", "lbrace", "rbrace", "comma", "semicolon", "colon", "dot"})
# An expression that is an operand as it stands, of `.` and of every operator.
ATOMS = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.List, cst.Dict, cst.ListComp, cst.DictComp)


class Tree:
    """The concrete syntax of a text with line feeds alone. Raises libcst.ParserSyntaxError where it does not parse."""

    def __init__(self, path: str, text: str) -> None:
        wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        self.path, self.module = path, wrapper.module
        self._lines = text.split("\n")
        self._ranges: Mapping[cst.CSTNode, CodeRange] = wrapper.resolve(PositionProvider)
        self._children: dict[cst.CSTNode, list[cst.CSTNode]] = {}
        self._parents: dict[cst.CSTNode, cst.CSTNode] = {}
        self._by_place: dict[tuple[Place, Place], list[cst.CSTNode]] = {}
        self._walk()

    def _walk(self) -> None:
        """Notes of each node where it stands and what is in it: libcst's own ways to ask copy each node they pass."""
        queue: list[cst.CSTNode] = [self.module]
        for node in queue:
            children = sorted(_parts(node), key=self._start)
            self._children[node] = children
            self._parents.update(dict.fromkeys(children, node))
            queue += children
            place = self._ranges[node]
            start, end = (place.start.line, place.start.column + 1), (place.end.line, place.end.column + 1)
            self._by_place.setdefault(_with_own_parentheses(node, start, end), []).append(node)

    def _start(self, node: cst.CSTNode) -> Place:
        place = self._ranges[node].start
        return place.line, place.column

    # Finding nodes

    def at(self, span: Span, kind: type[Node]) -> Node | None:
        """The node of a kind that stands exactly there."""
        place = (span.line, span.column), (span.end_line, span.end_column)
        return next((node for node in self._by_place.get(place, ()) if isinstance(node, kind)), None)

    def expression(self, span: Span) -> cst.BaseExpression | None:
        """The expression that stands exactly there."""
        place = (span.line, span.column), (span.end_line, span.end_column)
        found = (node for node in self._by_place.get(place, ()) if isinstance(node, cst.BaseExpression))
        return next(found, None)

    def innermost(self, span: Span) -> cst.CSTNode | None:
        """The node that stands exactly there, whatever it is."""
        place = (span.line, span.column), (span.end_line, span.end_column)
        return next(iter(reversed(self._by_place.get(place, ()))), None)

    def nodes(self, outer: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """All nodes in a node, itself included, in the order of the text."""
        stack = [outer]
        while stack:
            node = stack.pop()
            yield node
            stack += reversed(self._children[node])

    def around(self, node: cst.CSTNode, kind: type[Node]) -> Node | None:
        """The innermost node of a kind that a node stands in."""
        parent = self.parent(node)
        while parent is not None and not isinstance(parent, kind):
            parent = self.parent(parent)
        return parent

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around a node; None around the module."""
        return self._parents.get(node)

    def statement(self, node: cst.CSTNode) -> cst.SimpleStatementLine | None:
        """The line a node stands in, where it has one of its own: no header of a block, one statement alone."""
        parent: cst.CSTNode | None = node
        while parent is not None and not isinstance(parent, cst.BaseCompoundStatement | cst.SimpleStatementLine):
            parent = self.parent(parent)
        is_own = isinstance(parent, cst.SimpleStatementLine) and len(parent.body) == 1
        return parent if is_own else None  # type: ignore[return-value]  # narrowed above

    def function(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """The function a node runs in; None outside of all, and in a lambda or a comprehension's own scope."""
        return self.around(node, cst.FunctionDef)

    def class_of(self, node: cst.CSTNode) -> cst.ClassDef | None:
        """The class a node stands in."""
        return self.around(node, cst.ClassDef)

    def within(self, outer: cst.CSTNode, kind: type[Node]) -> Iterator[Node]:
        """The nodes of a kind in a node, itself included, in the order of the text."""
        return (node for node in self.nodes(outer) if isinstance(node, kind))

    # Text

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node stands."""
        place = self._ranges[node]
        return Span(self.path, place.start.line, place.start.column + 1, place.end.line, place.end.column + 1)

    def code(self, node: cst.CSTNode) -> str:
        """A node as it is written, or would be."""
        return self.module.code_for_node(node)

    def line(self, number: int) -> str:
        """A line of the text, from 1."""
        return self._lines[number - 1]

    def indent(self, node: cst.CSTNode) -> str:
        """What stands before a statement on its line."""
        span = self.span(node)
        return self._lines[span.line - 1][: span.column - 1]

    @property
    def step(self) -> str:
        """One level of indentation."""
        return self.module.default_indent

    # Edits

    def instead(self, node: cst.CSTNode, text: str) -> Edit:
        """A text in the place of a node; parentheses around it stay."""
        return Edit(self.span(node), text)

    def before(self, statement: cst.CSTNode, line: str) -> Edit:
        """A line of its own before a statement, after the comments above it."""
        span = self.span(statement)
        return Edit(span._replace(end_line=span.line, end_column=span.column), f"{line}\n{self.indent(statement)}")

    def put(self, node: cst.CSTNode, text: str, *, after: bool) -> Edit:
        """A text right before or after a node."""
        span = self.span(node)
        line, column = (span.end_line, span.end_column) if after else (span.line, span.column)
        return Edit(Span(self.path, line, column, line, column), text)

    def inside(self, statement: cst.SimpleStatementLine, header: str) -> Edit:
        """A statement in a block of its own under a header, such as `with torch.no_grad():`."""
        span, indent = self.span(statement), self.indent(statement)
        lines = self.lines_of(statement)
        fixed = self.in_text(statement)
        moved = [self.step + line if line and number not in fixed else line for number, line in enumerate(lines)]
        moved[0] = header + "\n" + indent + self.step + lines[0]
        return Edit(span, "\n".join(moved))

    def into_block(self, statements: Sequence[cst.CSTNode], header: str) -> Iterator[Edit]:
        """Statements of one block that stand together, in a block of their own under a header."""
        first, last = self.span(statements[0]), self.span(statements[-1])
        end = last.end_line - (last.end_column == 1)
        fixed = {span.line + number for one in statements for span in [self.span(one)] for number in self.in_text(one)}
        for line in range(first.line, end + 1):
            text = self.step if self._lines[line - 1].strip() and line not in fixed else ""
            if line == first.line:
                text = f"{self.indent(statements[0])}{header}\n{text}"
            if text:
                yield Edit(Span(self.path, line, 1, line, 1), text)

    def above(self, statement: cst.CSTNode, line: str) -> Edit:
        """A line of its own before a statement, put in at the beginning of its line."""
        span = self.span(statement)
        start = Span(self.path, span.line, 1, span.line, 1)
        return Edit(start, f"{self.indent(statement)}{line}\n")

    def lines_of(self, node: cst.CSTNode) -> list[str]:
        """The lines of a node as they stand, the first from where it begins, the last to where it ends."""
        span = self.span(node)
        lines = self._lines[span.line - 1 : span.end_line]
        lines[-1] = lines[-1][: span.end_column - 1]
        lines[0] = lines[0][span.column - 1 :]
        return lines

    def in_text(self, node: cst.CSTNode) -> frozenset[int]:
        """The lines of a node, from 0, that begin inside of a text over several lines, and mean what they are."""
        first = self.span(node).line
        texts = (self.span(one) for kind in (cst.SimpleString, cst.FormattedString) for one in self.within(node, kind))
        return frozenset(line - first for span in texts for line in range(span.line + 1, span.end_line + 1))


def _parts(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes in a node, but for blanks and comments."""
    for name in _fields(type(node)):
        part = getattr(node, name)
        for one in part if isinstance(part, list | tuple) else (part,):
            if isinstance(one, cst.CSTNode):
                yield one


@cache
def _fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    """The fields of a kind of node that can hold what is no blank."""
    return tuple(one.name for one in fields(kind) if not one.name.startswith(BLANKS) and one.name not in BETWEEN)


def _with_own_parentheses(node: cst.CSTNode, start: Place, end: Place) -> tuple[Place, Place]:
    """Where Python's tree has a node: those of a tuple or a generator are its own."""
    if not isinstance(node, cst.Tuple | cst.GeneratorExp) or not node.lpar:
        return start, end
    before, after = node.lpar[-1].whitespace_after, node.rpar[0].whitespace_before
    if not isinstance(before, cst.SimpleWhitespace) or not isinstance(after, cst.SimpleWhitespace):
        return start, end
    return (start[0], start[1] - 1 - len(before.value)), (end[0], end[1] + 1 + len(after.value))


def is_atom(node: cst.BaseExpression) -> bool:
    """Whether an expression is an operand as it stands."""
    return isinstance(node, ATOMS) or bool(node.lpar)


def dotted(node: cst.CSTNode) -> str:
    """`a.b.c` as it is read; empty where it is something else."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr.value}" if base else ""
    return ""

"""The control flow of Python functions as a picture: what a trace keeps is solid, what it loses is dashed.

Definitions:
1. A box is a run of simple statements, with their lines; the head of an if, a loop, a try, a with or a match; or a
   return or raise, from which nothing goes on. A function is a cluster.
2. An edge is the way that control takes: what comes next, or where `yes`, `no`, `next`, `done` or `except` leads.
3. A head is *lost* where a finding of tracing (TSL1..) is on it: a trace runs one of its ways, as often as the example
   does, and the others are gone. Its edges are dashed, and of an if so are the boxes of its arms: which one is kept is
   decided by the example. A statement with a finding has a box of its own, painted.
4. Whatever else is drawn solid: a trace keeps it, or it is decided by plain Python, the same way in every run.

Needs a tree of the standard library and findings by line. It will never judge.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from tsl.draw.picture import Box, Cluster, Edge, Mark, Picture
from tsl.record import Record

MarksOn = Callable[[int, int], Sequence[Mark]]
Function = ast.FunctionDef | ast.AsyncFunctionDef
LOST = "TSL1"
MOST_LINES = 8  # of statements in a box
LONGEST = 64  # characters of a statement
LOOPS = (ast.For, ast.AsyncFor, ast.While)
NOTE = "dashed: what a trace loses, for it runs one way, as often as the example does; solid: what it keeps"


class End(Record):
    """A way that is still open: the box it leaves, what is written on it, and whether a trace loses it."""

    box: int
    label: str = ""
    lost: bool = False


class Loop:
    """A loop that statements are in: the box of its head, and the ways that leave it by `break`."""

    def __init__(self, head: int, lost: bool) -> None:
        self.head, self.lost, self.left = head, lost, list[End]()


def flow(title: str, functions: Sequence[tuple[str, Function]], path: str, marks_on: MarksOn) -> Picture:
    """The picture of some functions of a file, each with its name. `marks_on` tells what is found from line to line."""
    drawn = _Flow(path, marks_on)
    members = tuple(drawn.function(name, function) for name, function in functions)
    lost = any(edge.tone == "lost" for edge in drawn.edges)
    return Picture(title, members, tuple(drawn.edges), (NOTE,) if lost else ())


class _Flow:
    def __init__(self, path: str, marks_on: MarksOn) -> None:
        self.edges: list[Edge] = []
        self._path, self._marks_on, self._count = path, marks_on, 0
        self._lost = 0  # arms around, of heads that are lost
        self._members: list[Box | Cluster] = []
        self._loops: list[Loop] = []

    def function(self, name: str, function: Function) -> Cluster:
        """The cluster of a function (1)."""
        self._members = []
        head = self._box(
            "input", [f"{function.lineno}: def {function.name}({_parameters(function)})"], [], function.lineno
        )
        left = self._block(function.body, [End(head)])
        if left:
            self._join(left, self._box("output", ["return None"], [], function.end_lineno or function.lineno))
        return Cluster("module", name, tuple(self._members), name)

    def _box(self, kind: str, lines: Sequence[str], marks: Sequence[Mark], line: int) -> int:
        number = self._count
        self._count += 1
        tone = "lost" if self._lost and not marks else ""
        place = f"{self._path}:{line}"
        text = lines[0].partition(": ")[2] if len(lines) == 1 else ""
        self._members.append(Box(number, kind, tuple(lines), "", place, text, "", tuple(marks), (), tone))
        return number

    def _join(self, ends: Sequence[End], target: int, kind: str = "flow") -> None:
        for end in dict.fromkeys(ends):
            tone = "lost" if end.lost else ""
            self.edges.append(Edge(end.box, target, end.label, end.label, kind, "", (), tone))

    def _block(self, statements: Sequence[ast.stmt], ends: list[End]) -> list[End]:
        """Draws statements after each other; the ways that are open at their end."""
        simple: list[ast.stmt] = []
        for statement in statements:
            if not ends:
                break  # nothing gets here
            own = _is_compound(statement) or bool(self._marks_of(statement))
            if simple and (own or len(simple) == MOST_LINES):
                ends, simple = self._simple(simple, ends), []
            if own:
                ends = self._own(statement, ends)
            else:
                simple.append(statement)
        return self._simple(simple, ends) if simple else ends

    def _marks_of(self, statement: ast.stmt) -> Sequence[Mark]:
        return self._marks_on(statement.lineno, statement.end_lineno or statement.lineno)

    def _simple(self, statements: Sequence[ast.stmt], ends: list[End]) -> list[End]:
        marks = [mark for statement in statements for mark in self._marks_of(statement)]
        number = self._box("statement", [_line(each) for each in statements], marks, statements[0].lineno)
        self._join(ends, number)
        return [End(number, "", self._lost > 0)]

    def _own(self, statement: ast.stmt, ends: list[End]) -> list[End]:
        match statement:
            case ast.If():
                return self._if(statement, ends)
            case ast.For() | ast.AsyncFor() | ast.While():
                return self._loop(statement, ends)
            case ast.Try():
                return self._try(statement, ends)
            case ast.With() | ast.AsyncWith():
                head, _ = self._head(statement, statement.items[-1].context_expr, ends)
                return self._block(statement.body, [End(head)])
            case ast.Match():
                return self._match(statement, ends)
            case ast.Break() | ast.Continue():
                return self._leave(statement, ends)
            case ast.Return() | ast.Raise():
                number = self._box("output", [_line(statement)], self._marks_of(statement), statement.lineno)
                self._join(ends, number)
                return []
        return self._simple([statement], ends)

    def _head(self, statement: ast.stmt, last: ast.expr, ends: list[End]) -> tuple[int, bool]:
        """The head of a statement, whose text ends with an expression, and whether it is lost (3)."""
        end = last.end_lineno or last.lineno
        marks = self._marks_on(statement.lineno, end)
        number = self._box("control", [_line(statement)], marks, statement.lineno)
        self._join(ends, number)
        return number, any(mark.code.startswith(LOST) for mark in marks)

    def _arm(self, statements: Sequence[ast.stmt], end: End) -> list[End]:
        """An arm of a head, in which all is lost where the head is."""
        self._lost += end.lost
        left = self._block(statements, [end]) if statements else [end]
        self._lost -= end.lost
        return left

    def _if(self, statement: ast.If, ends: list[End]) -> list[End]:
        head, lost = self._head(statement, statement.test, ends)
        left = self._arm(statement.body, End(head, "yes", lost))
        return left + self._arm(statement.orelse, End(head, "no", lost))

    def _loop(self, statement: ast.For | ast.AsyncFor | ast.While, ends: list[End]) -> list[End]:
        last = statement.test if isinstance(statement, ast.While) else statement.iter
        head, lost = self._head(statement, last, ends)
        self._loops.append(Loop(head, lost))
        body = self._block(statement.body, [End(head, "round", lost)])
        loop = self._loops.pop()
        self._join([end._replace(label=end.label or "next", lost=end.lost or lost) for end in body], head, "back")
        endless = isinstance(statement, ast.While) and isinstance(statement.test, ast.Constant) and statement.test.value
        done = [] if endless else self._block(statement.orelse, [End(head, "done", lost)])
        return done + loop.left

    def _leave(self, statement: ast.Break | ast.Continue, ends: list[End]) -> list[End]:
        loop = self._loops[-1]
        number = self._box("statement", [_line(statement)], self._marks_of(statement), statement.lineno)
        self._join(ends, number)
        if isinstance(statement, ast.Break):
            loop.left.append(End(number, "", self._lost > 0))
        else:
            self._join([End(number, "next", loop.lost)], loop.head, "back")
        return []

    def _try(self, statement: ast.Try, ends: list[End]) -> list[End]:
        number = self._box("control", [f"{statement.lineno}: try"], [], statement.lineno)
        self._join(ends, number)
        left = self._block([*statement.body, *statement.orelse], [End(number)])
        for handler in statement.handlers:
            caught = ast.unparse(handler.type) if handler.type else ""
            left += self._block(handler.body, [End(number, f"except {caught}".rstrip())])
        return self._block(statement.finalbody, left) if statement.finalbody else left

    def _match(self, statement: ast.Match, ends: list[End]) -> list[End]:
        head, lost = self._head(statement, statement.subject, ends)
        left: list[End] = []
        for case in statement.cases:
            left += self._arm(case.body, End(head, f"case {_short(ast.unparse(case.pattern))}", lost))
        last = statement.cases[-1]
        whole = isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None and last.guard is None
        return left if whole else [*left, End(head, "none of them", lost)]


def _is_compound(statement: ast.stmt) -> bool:
    compound = (ast.If, *LOOPS, ast.Try, ast.With, ast.AsyncWith, ast.Match)
    return isinstance(statement, (*compound, ast.Break, ast.Continue, ast.Return, ast.Raise))


def _parameters(function: Function) -> str:
    return _short(ast.unparse(function.args))


def _line(statement: ast.stmt) -> str:
    """A statement as a line of a box: the number of its line and its text, of a compound one that of its head."""
    text = ast.unparse(statement).partition("\n")[0]
    if _is_compound(statement) or isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        text = text.removesuffix(":")
    return f"{statement.lineno}: {_short(text)}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."

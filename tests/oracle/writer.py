"""How a program is written: the choices, the names in scope, the lines so far.

hypothesis makes the choices as one string of bytes, one byte a choice, and beyond its end the simplest choice each
time. A choice of its own for each would be a hundred times slower, and hypothesis would swap alike ones to and fro.
Knows no construct of Python but the assignment and the block; those are in the modules that use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from tests.oracle.kinds import Dim, Expr, Int, Tensor

T = TypeVar("T")
# How many constructs that hold others a program has, at the least and at the most.
FUEL = 6, 30


class Writer:
    """What one program is written with: its choices, and what its functions share."""

    def __init__(self, choices: bytes) -> None:
        self._choices = iter(choices)
        self.fuel = self.number(*FUEL)
        self._named: dict[str, int] = {}
        self.module: list[str] = []  # lines above the class
        self.init: list[str] = []  # lines of its __init__
        self.base = "nn.Module"
        self.methods: list[str] = []
        self.attributes: dict[str, Any] = {}  # `self.name` to kind, for whatever a method may read

    def number(self, lo: int, hi: int) -> int:
        """A number between the two, both included, and no more than 255 apart."""
        return lo if lo == hi else lo + next(self._choices, 0) % (hi - lo + 1)

    def pick(self, options: Sequence[T]) -> T:
        """One of the options; the first is the simplest."""
        return options[self.number(0, len(options) - 1)]

    def chance(self, of: int) -> bool:
        """Whether one in so many comes true."""
        return self.number(1, of) == of

    def spend(self) -> bool:
        """Whether there is fuel left for a construct that holds others."""
        self.fuel -= 1
        return self.fuel > 0

    def fresh(self, prefix: str) -> str:
        """A name that nothing else has."""
        self._named[prefix] = self._named.get(prefix, 0) + 1
        return f"{prefix}{self._named[prefix]}"

    def dim(self, lo: int, hi: int) -> Dim:
        """A size of its own."""
        return Dim(self.fresh("?"), max(lo, 0), hi)


class Body:
    """The inside of a function while it is written: names in scope, and lines."""

    def __init__(self, writer: Writer, scope: dict[str, Any], *, is_method: bool, depth: int = 1) -> None:
        self.writer, self.scope, self.is_method, self.depth = writer, scope, is_method, depth
        self.lines: list[str] = []
        self.unread: dict[str, None] = {}
        self.in_loop = False
        self.is_forward = False

    def say(self, line: str) -> None:
        """Writes a line."""
        self.lines.append("    " * self.depth + line)

    def bind(self, prefix: str, expr: Expr) -> Expr:
        """Writes an assignment to a new name, and is that name."""
        name = self.writer.fresh(prefix)
        self.say(f"{name} = {expr.text}")
        return self.know(name, expr.kind)

    def know(self, name: str, kind: Any) -> Expr:
        """A name that from here on is of this kind."""
        self.scope[name] = kind
        self.unread[name] = None
        return Expr(name, kind)

    def read(self, name: str) -> Expr:
        """A name in scope, now read."""
        self.unread.pop(name, None)
        return Expr(name, self.scope[name])

    def names(self, kind: type, where: Callable[[Any], bool] = lambda _: True) -> list[str]:
        """The names of a kind, the newest first."""
        return [name for name, held in reversed(self.scope.items()) if isinstance(held, kind) and where(held)]

    def any(self, kind: type, where: Callable[[Any], bool] = lambda _: True) -> Expr | None:
        """A name of a kind, read; None where there is none."""
        names = self.names(kind, where)
        return self.read(self.writer.pick(names)) if names else None

    def tensor(self, where: Callable[[Tensor], bool] = lambda _: True) -> Expr | None:
        """A tensor in scope, read."""
        return self.any(Tensor, where)

    def integer(self, where: Callable[[Int], bool] = lambda _: True) -> Expr | None:
        """A whole number in scope, read."""
        return self.any(Int, where)

    @contextmanager
    def block(self, header: str, *, loop: bool = False) -> Iterator[Body]:
        """A block under a header; the names made in it are forgotten after it."""
        self.say(header)
        inner = Body(self.writer, dict(self.scope), is_method=self.is_method, depth=self.depth + 1)
        inner.in_loop = loop or self.in_loop
        inner.is_forward = self.is_forward
        inner.unread = dict(self.unread)
        yield inner
        self.lines.extend(inner.lines or ["    " * inner.depth + "pass"])
        self.unread = {name: None for name in self.unread if name in inner.unread}

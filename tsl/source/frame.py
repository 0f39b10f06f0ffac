"""One activation of a function: its environment, its pending exits, and what tests stand around the current expression.

An environment maps names to values; `self.attr` of the function's own object stands in it under that dotted key once it
is assigned or narrowed. A path that has ended has no environment (`env is None`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tsl.flow.lattice import pointwise
from tsl.source import values
from tsl.source.facts import DIFFERS, Use
from tsl.source.refs import Routine
from tsl.source.values import TRACED, UNKNOWN, Value

if TYPE_CHECKING:
    from tsl.source.session import Session

Env = dict[str, Value]
REPORTED = values.DATA | values.SIZES


class Frame:
    """The state of interpreting one function once."""

    __slots__ = (
        "breaks",
        "continues",
        "depth",
        "effect",
        "env",
        "exits",
        "how",
        "returned",
        "routine",
        "self_name",
        "session",
        "within",
    )

    def __init__(self, session: Session, routine: Routine, env: Env, self_name: str | None, depth: int) -> None:
        self.session, self.routine, self.self_name, self.depth = session, routine, self_name, depth
        self.env: Env | None = env
        self.returned: list[Value] = []
        self.exits: list[Env] = []
        self.breaks: list[Env] = []
        self.continues: list[Env] = []
        self.how, self.effect = "boolean", DIFFERS
        self.within: tuple[str, ...] = ()

    @property
    def scope(self) -> Env:
        """The environment of a live path; an empty one while dead code is looked at."""
        return self.env if self.env is not None else {}

    def evaluate(self, node: Any) -> Value:
        """The value of an expression here."""
        return self.session.evaluate(self, node)

    @property
    def own(self) -> Value | None:
        """The object a method runs on; None in a function."""
        return self.scope.get(self.self_name) if self.self_name else None

    def attributes(self) -> Env:
        """What this activation has put on its own object so far."""
        return {name: value for name, value in self.scope.items() if name.startswith("self.")}

    def leave(self) -> None:
        """Ends the path with a return."""
        if self.env is not None:
            self.exits.append(self.env)
        self.env = None

    def record(self, node: Any, how: str, value: Value) -> None:
        """Notes that a traced value is taken for a plain one; doubtful and static values are left alone."""
        if value.kind & TRACED and not value.kind & UNKNOWN and value.origin & REPORTED and self.env is not None:
            use = Use(node, how, value, self.effect, self.session.file, frozenset(self.within))
            self.session.record(self.routine, use)

    @contextmanager
    def testing(self, how: str, effect: str) -> Iterator[None]:
        """Within it, a truth test counts as this way of use with this effect."""
        before = self.how, self.effect
        self.how, self.effect = how, effect
        try:
            yield
        finally:
            self.how, self.effect = before

    @contextmanager
    def inside(self, what: str) -> Iterator[None]:
        """Within it, uses know that they stand in this kind of construct."""
        self.within = (*self.within, what)
        try:
            yield
        finally:
            self.within = self.within[:-1]


def join_envs(left: Env | None, right: Env | None) -> Env | None:
    """The environment after two paths meet; a name that one of them lacks is doubtful afterwards."""
    if left is None or left is right:
        return right
    return left if right is None else pointwise(left, right, values.join, _or_unbound)


def same_envs(left: Env | None, right: Env | None) -> bool:
    """Whether two environments hold equal values."""
    return left is right or (left is not None and right is not None and left == right)


def _or_unbound(value: Value) -> Value:
    # An unbound name raises where it is read, so the value that is there is the only one that can be read.
    return value

"""One activation of a function: its environment, its pending exits, and what tests stand around the current expression.

An environment maps names to values; `self.attr` of the function's own object stands in it under that dotted key once it
is assigned or narrowed. A path that has ended has no environment (`env is None`).
"""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.flow.lattice import pointwise
from tsl.source import values
from tsl.source.facts import DIFFERS, SAME, TESTS, Call, Event, Use, Write
from tsl.source.refs import Arguments, Instance, Routine
from tsl.source.values import TRACED, UNKNOWN, Value

if TYPE_CHECKING:
    from tsl.source.module import Module
    from tsl.source.session import Session

Env = dict[str, Value]
REPORTED = values.DATA | values.SIZES | values.STATIC
INPUT = values.DATA | values.SIZES
METADATA = values.RANK | values.DTYPE | values.DEVICE | values.LAYOUT | values.GRAD | values.MODE


class Frame:
    """The state of interpreting one function once."""

    __slots__ = (
        "breaks",
        "continues",
        "depth",
        "effect",
        "env",
        "exits",
        "handed",
        "how",
        "is_root",
        "muted",
        "outer",
        "returned",
        "routine",
        "self_name",
        "session",
        "within",
    )

    def __init__(
        self, session: Session, routine: Routine, env: Env, self_name: str | None, depth: int, muted: bool = False
    ) -> None:
        self.session, self.routine, self.self_name, self.depth = session, routine, self_name, depth
        self.muted = muted
        self.is_root = False
        self.outer: tuple[str, ...] = ()  # names that are declared global
        self.env: Env | None = env
        self.returned: list[Value] = []
        self.exits: list[Env] = []
        self.breaks: list[Env] = []
        self.continues: list[Env] = []
        self.handed: dict[str, tuple[Any, Value]] = {}
        self.how, self.effect = "boolean", DIFFERS
        self.within: tuple[str, ...] = ()

    @property
    def module(self) -> Module:
        """The module of the function that runs."""
        return self.routine.module

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
        """What this activation has put on its own object so far, without the story of how it came there."""
        own = (item for item in self.scope.items() if item[0].startswith("self."))
        return {name: values.retold(value, (), len(value.trail)) for name, value in own}

    def hand(self, name: str, node: Any) -> None:
        """Notes that a compiled function may have returned what a name holds, and so do others (`scripted`)."""
        held = self.scope.get(name)
        if held is not None and held.is_only(values.TENSOR):
            self.handed |= {other: (node, held) for other, value in self.scope.items() if value is held}
        elif held is None and self.routine.closure and name in self.routine.closure:
            self.note_event(node, "handed", self.routine.closure[name])  # the function around this one reads on

    def read(self, name: str) -> None:
        """Notes that a name is read; what a compiled function may have returned is another tensor to the trace now."""
        if name in self.handed:
            node, value = self.handed.pop(name)
            self.note_event(node, "handed", value)

    def leave(self) -> None:
        """Ends the path with a return."""
        if self.env is not None:
            self.exits.append(self.env)
        self.env = None

    def record(self, node: Any, how: str, value: Value) -> None:
        """Notes that a traced value is taken for a plain one.

        Left alone are doubtful values, tests whose arms agree, the text of messages, and constructors of
        modules, which run before anything is traced.
        """
        if not self._counts or self.effect == SAME or (how == "format" and "message" in self.within):
            return
        metadata = how in TESTS and value.origin & METADATA and not value.origin & INPUT and not value.kind & TRACED
        traced = value.kind & TRACED and value.origin & REPORTED
        if not value.kind & UNKNOWN and (traced or metadata):
            use = Use(node, how, value, self.effect, self.module.file, frozenset(self.within))
            self.session.record(self.routine, use)

    @property
    def _counts(self) -> bool:
        """Whether this runs under trace: not at module level, nor in a module's constructor, nor in dead code."""
        return self.depth > 0 and not self.muted and self.env is not None

    def note_call(self, node: Any, path: str, base: Value | None, arguments: Arguments) -> None:
        """Notes a call that rules watch, where it runs under trace."""
        if self._counts:
            call = Call(node, path, base, arguments, self.module.file, frozenset(self.within))
            self.session.record(self.routine, call)

    def note_write(self, node: Any, value: Value, name: str) -> None:
        """Notes an assignment to an attribute of the module, or to a name of the file, where it runs under trace."""
        if self._counts and (isinstance(node, _ast.Name) or not self._is_passing()):
            write = Write(node, name, value, self.module.file, frozenset(self.within))
            self.session.record(self.routine, write)

    def _is_passing(self) -> bool:
        """Whether the object a method runs on is made anew at every call: what is kept on it is kept for that call."""
        refs = self.own.refs if self.own is not None else ()
        return bool(refs) and all(isinstance(ref, Instance) and ref.passing for ref in refs)

    @property
    def prepares(self) -> bool:
        """Whether this runs before anything is traced: at module level, or in the constructor of a module."""
        return self.muted or not self.depth

    def register(self) -> None:
        """Notes that parameters are registered by name: those in lists and dicts may be the same."""
        if self.env is not None and self.muted:
            self.env.update({name: values.registered(value) for name, value in self.env.items()})

    def capture(self, node: Any, value: Value) -> Value:
        """The value; notes that it is taken into the trace where it requires a gradient and is no parameter."""
        if (value.item is values.LEARNED or value.item is values.PARAMETER) and not self.prepares:
            self.note_event(node, "captured", value)
        return value

    def note_event(self, node: Any, how: str, value: Value) -> None:
        """Notes what harms a trace in another way than a use (ways.EVENTS), where it runs under trace."""
        if self._counts and not value.kind & UNKNOWN:
            self.session.record(self.routine, Event(node, how, value, self.module.file, frozenset(self.within)))

    def testing(self, how: str, effect: str) -> _Within:
        """Within it, a truth test counts as this way of use with this effect."""
        return _Within(self, how, effect, self.within)

    def inside(self, what: str) -> _Within:
        """Within it, facts know that they stand in this kind of construct."""
        return _Within(self, self.how, self.effect, (*self.within, what))


class _Within:
    """What stands around an expression, put back when it is left; a class, for it is entered at every test."""

    __slots__ = ("_after", "_before", "_frame")

    def __init__(self, frame: Frame, how: str, effect: str, within: tuple[str, ...]) -> None:
        self._frame = frame
        self._before = frame.how, frame.effect, frame.within
        self._after = how, effect, within

    def __enter__(self) -> None:
        self._frame.how, self._frame.effect, self._frame.within = self._after

    def __exit__(self, *_error: object) -> None:
        self._frame.how, self._frame.effect, self._frame.within = self._before


def join_envs(left: Env | None, right: Env | None) -> Env | None:
    """The environment after two paths meet.

    A name that one of them lacks keeps its value: where it is unbound reading it raises, so no other value can be read.
    """
    if left is None or left is right:
        return right
    return left if right is None else pointwise(left, right, values.join, _as_it_is)


def same_envs(left: Env | None, right: Env | None) -> bool:
    """Whether two environments hold equal values."""
    return left is right or (left is not None and right is not None and left == right)


def _as_it_is(value: Value) -> Value:
    return value

"""What a name can refer to besides data: functions, classes, instances, and things outside the file.

Plain values with identity; looking them up is the job of `names` and `classes`, calling them that of `calls`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tsl.record import Record

if TYPE_CHECKING:
    from tsl.source.classes import Class
    from tsl.source.module import Module
    from tsl.source.values import Value


class External(Record):
    """Something a file imports or a builtin, by its dotted path: `torch.nn.functional.relu`, `builtins.len`."""

    path: str


class Layer(Record):
    """An instance of a module class of torch.nn (or of a class of another file), by the dotted path of its class."""

    path: str
    returns: str


class Super(Record):
    """What `super()` is in a method of `owner`."""

    owner: Class
    instance: Value


class Routine:
    """A function that is read: its node and module, the class it stands in, the object it is bound to, its scope."""

    __slots__ = ("closure", "instance", "module", "node", "owner")

    def __init__(
        self,
        node: Any,
        module: Module,
        owner: Class | None = None,
        instance: Value | None = None,
        closure: dict[str, Value] | None = None,
    ) -> None:
        self.node, self.module, self.owner, self.instance, self.closure = (
            node,
            module,
            owner,
            instance,
            closure,
        )

    def _key(self) -> tuple[Any, ...]:
        return (id(self.node), self.instance.key(2) if self.instance else None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Routine) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    @property
    def name(self) -> str:
        """The function's own name; a lambda has none."""
        return getattr(self.node, "name", "<lambda>")

    @property
    def qualname(self) -> str:
        """`Class.method` or `function`."""
        return f"{self.owner.name}.{self.name}" if self.owner else self.name


class Partial(Record):
    """`functools.partial(callee, ...)`: the callee and the arguments it already has."""

    callee: Value
    arguments: tuple[Value, ...]
    keywords: tuple[tuple[str, Value], ...]


class Instance:
    """An object of a class of this file, told apart by the arguments it was made with.

    `arguments` is None for the object a root method is judged on: nothing is known of how it was made. One that is
    `passing` is made while the model runs, and is another one at the next call.
    """

    __slots__ = ("_key", "arguments", "cls", "passing")

    def __init__(self, cls: Class, arguments: Arguments | None, passing: bool = False) -> None:
        self.cls, self.arguments, self.passing = cls, arguments, passing
        self._key = (id(cls), arguments.key() if arguments else None, passing)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Instance) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


class Arguments:
    """Evaluated arguments of a call. `rest` joins what `*args` and `**kwargs` may bring, or is None without them."""

    __slots__ = ("keywords", "positional", "rest")

    def __init__(
        self,
        positional: tuple[Value, ...] = (),
        keywords: dict[str, Value] | None = None,
        rest: Value | None = None,
    ) -> None:
        self.positional, self.keywords, self.rest = positional, keywords or {}, rest

    def key(self) -> tuple[Any, ...]:
        """Hashable identity, for summaries and instances."""
        named = tuple(sorted((name, value.key(2)) for name, value in self.keywords.items()))
        return (
            tuple(value.key(2) for value in self.positional),
            named,
            self.rest.key(2) if self.rest else None,
        )

    def get(self, position: int, name: str) -> Value | None:
        """The argument at a position or of a name; None when the call does not give it."""
        if name in self.keywords:
            return self.keywords[name]
        return self.positional[position] if position < len(self.positional) else None

    def all(self) -> list[Value]:
        """Every argument, in order."""
        given = [*self.positional, *self.keywords.values()]
        return [*given, self.rest] if self.rest else given

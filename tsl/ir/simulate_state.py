"""The values of a run that are not torch's: objects, what is not known, and the states that branches leave.

Definitions:
1. UNKNOWN stands for what a run has no value for.
2. A *state* is what every list, dictionary and object that can be reached holds. Restoring one puts that back.
3. What several arms leave differently is *lost*.

Needs no torch. It will never know a node.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tsl.ir.types import Type


class _Unknown:
    """(1)"""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Any = _Unknown()


class Thing:
    """An object: its class by its qualified name, and its attributes."""

    __slots__ = ("attributes", "type")

    def __init__(self, type: str, attributes: dict[str, Any]) -> None:
        self.type, self.attributes = type, attributes


def is_known(value: Any) -> bool:
    """Whether a value, and what it holds, is known; what an object holds is not asked."""
    if type(value) in (list, tuple):
        return all(map(is_known, value))
    return value is not UNKNOWN


class State:
    """What everything that can be reached from some values holds (2)."""

    def __init__(self, values: Iterable[Any]) -> None:
        self.holders: dict[int, tuple[Any, Any]] = {}
        queue = list(values)
        while queue:
            value = queue.pop()
            held = _held(value)
            if held is None or id(value) in self.holders:
                continue
            if not isinstance(value, tuple):
                self.holders[id(value)] = (value, held.copy())
            queue.extend(held.values() if isinstance(held, dict) else held)

    def restore(self) -> None:
        """Puts back what was held."""
        for value, held in self.holders.values():
            if isinstance(value, list):
                value[:] = held
                continue
            own = value.attributes if isinstance(value, Thing) else value
            own.clear()
            own.update(held)


def _held(value: Any) -> Any:
    if isinstance(value, Thing):
        return value.attributes
    return value if type(value) in (list, dict, tuple) else None


class Lost:
    """What was lost where arms met (3)."""

    def __init__(self) -> None:
        self._lost: dict[int, Any] = {}

    def add(self, states: Sequence[State]) -> None:
        """Loses what is left differently in several states."""
        first, *rest = states
        for state in rest:
            for key, (value, held) in state.holders.items():
                known = first.holders.get(key)
                if known is not None and not _is_alike(known[1], held):
                    self._lost[key] = value

    def holds(self, value: Any) -> bool:
        """Whether a value is lost, or holds what is."""
        return id(value) in self._lost or (type(value) in (list, tuple) and any(map(self.holds, value)))


def _is_alike(one: Any, other: Any) -> bool:
    if len(one) != len(other):
        return False
    if isinstance(one, dict):
        return all(key in other and _is_same(value, other[key]) for key, value in one.items())
    return all(map(_is_same, one, other))


def _is_same(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and type(one) in (int, bool, float, str) and one == other)


def joined(one: Any, other: Any) -> Any:
    """What both of two values are; UNKNOWN where they differ."""
    if _is_same(one, other):
        return one
    if hasattr(one, "dtype") and hasattr(other, "dtype"):
        told = [(each.device, each.dtype, tuple(each.shape), tuple(each.stride())) for each in (one, other)]
        return one if str(told[0]) == str(told[1]) else UNKNOWN
    if type(one) is type(other) and type(one) in (list, tuple) and len(one) == len(other):
        return type(one)(map(joined, one, other))
    return UNKNOWN


# Of a type's kind, the types of Python that its values have.
_KINDS: dict[str, tuple[str, ...]] = {
    "int": ("int", "SymInt"),
    "float": ("float", "SymFloat"),
    "bool": ("bool", "SymBool"),
    "str": ("str",),
    "NoneType": ("NoneType",),
    "Tensor": ("FakeTensor",),
    "Device": ("device",),
}


def is_instance(value: Any, type_: Type) -> bool | None:
    """Whether a value is of a type, as far as that can be told."""
    if value is UNKNOWN:
        return None
    kind = type(value).__name__
    if type_.kind in _KINDS:
        return kind in _KINDS[type_.kind]
    if type_.kind == "Class":
        return isinstance(value, Thing) and value.type == type_.name
    if type_.kind in ("List", "Dict"):
        return None if kind == type_.kind.lower() else False
    return None

"""The bytecode of a lite archive (`bytecode.pkl`): functions for the mobile interpreter, with their operators.

The pickle is a version and, per function, its name, a table of fields, and its schema
(torch/csrc/jit/serialization/export_module.cpp). What does not have this form is left out. Needs `values`. It will
never run an instruction.
"""

from __future__ import annotations

from typing import Any

from tsl.archive.values import Typed
from tsl.record import Record


class Operator(Record):
    """An operator by name (`aten::add`) and overload ("" for none); `arguments` is how many it is given, if it says."""

    name: str
    overload: str
    arguments: int | None

    @property
    def namespace(self) -> str:
        """`aten` of `aten::add`."""
        return self.name.partition("::")[0]


class Function(Record):
    """A function by qualified name: its operators in their order, the types it names, and how many instructions."""

    name: str
    operators: tuple[Operator, ...]
    types: tuple[str, ...]
    instructions: int


class Bytecode(Record):
    """The version of the bytecode, None where it gives none, and its functions."""

    version: int | None
    functions: tuple[Function, ...]

    @property
    def operators(self) -> tuple[Operator, ...]:
        """Each operator once, sorted."""
        return tuple(sorted({each for function in self.functions for each in function.operators}, key=str))

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces of the operators, sorted."""
        return tuple(sorted({each.namespace for each in self.operators}))


def read_bytecode(value: Any) -> Bytecode:
    """The bytecode in the value of `bytecode.pkl`."""
    parts = value if type(value) is tuple else ()
    version = parts[0] if parts and type(parts[0]) is int else None
    return Bytecode(version, tuple(found for part in parts for found in _function(part)))


def _function(part: Any) -> list[Function]:
    if type(part) is not tuple or len(part) < 2 or type(part[0]) is not str:
        return []
    table = _table(part[1])
    operators = [found for item in _items(table.get("operators")) for found in _operator(item)]
    types = tuple(item for item in _items(table.get("types")) if type(item) is str)
    return [Function(part[0], tuple(operators), types, len(_items(table.get("instructions"))))]


def _table(value: Any) -> dict[str, Any]:
    """A table is a tuple of pairs of a name and a value."""
    pairs = [item for item in _items(value) if type(item) is tuple and len(item) == 2]
    return {name: found for name, found in pairs if type(name) is str}


def _items(value: Any) -> tuple[Any, ...]:
    inner = value.value if isinstance(value, Typed) else value
    return tuple(inner) if isinstance(inner, (tuple, list)) else ()


def _operator(item: Any) -> list[Operator]:
    if type(item) is not tuple or len(item) < 2 or not all(type(text) is str for text in item[:2]):
        return []
    arguments = item[2] if len(item) > 2 and type(item[2]) is int else None
    return [Operator(item[0], item[1], arguments)]

"""Lists and dictionaries that a graph writes to, and how they come apart.

Definitions:
1. A type is *written* where the graph, or a function it may call, has a node that changes a list or dictionary of it.
   Lists of all other types are plain values, whatever holds them.
2. What CHANGES does to a list is done to the cell that is its first operand.

Needs abstract values and the heap. It will never know a tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from tsl.ir import number
from tsl.ir.abstract import (
    ANYTHING,
    MOST_PARTS,
    NEVER,
    NONE,
    Cell,
    Constant,
    Many,
    Table,
    Value,
    dim_of,
    element,
    join,
    length,
)
from tsl.ir.abstract import Sequence as Elements
from tsl.ir.graph import Graph, Node
from tsl.ir.heap import Heap
from tsl.ir.list_rules import item, known, looked_up
from tsl.ir.module_tree import unknown
from tsl.ir.number import ANY_SIZE
from tsl.ir.types import Type

Site: TypeAlias = "tuple[object, ...]"
HELD = frozenset({Elements, Many, Table})  # what a cell may hold, unless it is not known
Change: TypeAlias = Callable[[Value, Sequence[Value]], Value]


def written_types(graph: Graph, functions: Mapping[str, Graph]) -> set[Type]:
    """The types that are written (1)."""
    found: set[Type] = set()
    seen: set[str] = set()
    queue = [graph]
    while queue:
        for node in queue.pop().walk():
            if node.kind in CHANGES and node.inputs and node.inputs[0].type.kind in ("List", "Dict"):
                found.add(node.inputs[0].type)
            elif node.kind in ("prim::CallMethod", "prim::CallFunction"):
                queue.extend(functions[name] for name in _calls(node, functions) if name not in seen)
                seen.update(_calls(node, functions))
            queue.extend(value for _, value in node.attributes if isinstance(value, Graph))
    return found


def _calls(node: Node, functions: Mapping[str, Graph]) -> list[str]:
    """The functions that a call may be of: of an interface, every one of that name."""
    if not node.inputs:
        return []
    name = str(node.attribute("name", ""))
    if node.kind == "prim::CallFunction":
        return [each for each in functions if each.rpartition(".")[2] == name or each == name]
    own = f"{node.inputs[0].type}.{name}"
    if own in functions:
        return [own]
    return [each for each in functions if each.endswith(f".{name}")]


def table(keys: Sequence[Value], values: Sequence[Value]) -> Table:
    """The dictionary of these."""
    if not all(map(known, keys)) or len({(key.kind, key.value) for key in keys}) != len(keys):
        covered: Value = NEVER
        for value in values:
            covered = join(covered, value)
        return Table((), covered)
    return Table(tuple(zip(keys, values, strict=False)), NEVER)


def unpacked(held: Value, node: Node) -> list[Value]:
    """The elements of a list or tuple, as the outputs of a node that takes it apart."""
    if held is NEVER:
        return [NEVER] * len(node.outputs)
    if type(held) is Elements and len(held.parts) == len(node.outputs):
        return list(held.parts)
    covered = element(held)
    return [unknown(value.type) if covered in (ANYTHING, NEVER) else covered for value in node.outputs]


def changed(heap: Heap, node: Node, given: Sequence[Value]) -> Value:
    """Does to a cell what a node does (2); what the node makes, which is the list itself or what was taken out."""
    cell = given[0]
    assert type(cell) is Cell
    change, answer = CHANGES[node.kind]
    rest = [
        heap.held(value) if node.kind in ("aten::extend", "aten::add_", "aten::update") else value
        for value in given[1:]
    ]
    before = heap.held(cell)
    made = cell if answer is None else answer(before, rest) if type(before) in HELD else ANYTHING
    heap.change(cell, lambda held: change(held, rest) if type(held) in HELD else ANYTHING)
    return made if made is not ANYTHING or not node.outputs else unknown(node.outputs[0].type)


def _appended(held: Value, rest: Sequence[Value]) -> Value:
    if type(held) is Elements and len(held.parts) < MOST_PARTS:
        return Elements("list", (*held.parts, rest[0]))
    return _longer(held, rest[0], 1)


def _longer(held: Value, value: Value, by: int | number.Size) -> Value:
    count = length(held)
    if count is None:
        return ANYTHING
    return Many("list", join(element(held), value), number.add(count, by))


def _extended(held: Value, rest: Sequence[Value]) -> Value:
    other = rest[0]
    if type(held) is type(other) is Elements:
        return Elements("list", held.parts + other.parts)
    count = length(other)
    return ANYTHING if count is None else _longer(held, element(other), count)


def _put(held: Value, rest: Sequence[Value]) -> Value:
    key, value = rest[0], rest[-1]
    if type(held) is Table:
        return _entered(held, key, value)
    place = dim_of(key)
    if type(held) is Elements:
        parts = held.parts
        if isinstance(place, int) and -len(parts) <= place < len(parts):
            place %= len(parts)
            return Elements("list", (*parts[:place], value, *parts[place + 1 :]))
        return Elements("list", tuple(join(part, value) for part in parts))
    return _longer(held, value, 0)


def _entered(held: Table, key: Value, value: Value) -> Table:
    if not known(key):
        items = tuple((mine, join(old, value)) for mine, old in held.items)
        return Table(items, join(held.other, value))
    if any(mine == key for mine, _ in held.items):
        return Table(tuple((mine, value if mine == key else old) for mine, old in held.items), held.other)
    if held.other is NEVER:
        return Table((*held.items, (key, value)), NEVER)
    return Table(held.items, join(held.other, value))


def _inserted(held: Value, rest: Sequence[Value]) -> Value:
    place = dim_of(rest[0])
    if type(held) is Elements and isinstance(place, int):
        parts = list(held.parts)
        parts.insert(place, rest[1])
        return Elements("list", tuple(parts))
    return _longer(held, rest[1], 1)


def _popped(held: Value, rest: Sequence[Value]) -> Value:
    if type(held) is Table:
        return _removed(held, rest)
    place = dim_of(rest[0]) if rest else -1
    if type(held) is Elements and isinstance(place, int) and -len(held.parts) <= place < len(held.parts):
        place %= len(held.parts)
        return Elements("list", held.parts[:place] + held.parts[place + 1 :])
    return Many("list", element(held), ANY_SIZE)


def _taken(held: Value, rest: Sequence[Value]) -> Value:
    if type(held) is Table:
        return looked_up(held, rest[0])
    return element(held) if not rest else _element(held, rest[0])


def _element(held: Value, place: Value) -> Value:
    return item(Node("aten::__getitem__", (), ()), (held, place))


def _removed(held: Value, rest: Sequence[Value]) -> Value:
    if type(held) is not Table:
        return Many("list", element(held), ANY_SIZE)
    if known(rest[0]):
        return Table(tuple(pair for pair in held.items if pair[0] != rest[0]), held.other)
    return Table((), looked_up(held, ANYTHING))


def _deleted(held: Value, rest: Sequence[Value]) -> Value:
    return _removed(held, rest) if type(held) is Table else _popped(held, rest)


def _emptied(held: Value, rest: Sequence[Value]) -> Value:
    return Table((), NEVER) if type(held) is Table else Elements("list", ())


def _updated(held: Value, rest: Sequence[Value]) -> Value:
    other = rest[0]
    if type(held) is type(other) is Table and other.other is NEVER:
        for key, value in other.items:
            held = _entered(held, key, value)
        return held
    return Table((), join(looked_up(held, ANYTHING), looked_up(other, ANYTHING))) if type(other) is Table else ANYTHING


def _reversed(held: Value, rest: Sequence[Value]) -> Value:
    return Elements("list", held.parts[::-1]) if type(held) is Elements else held


def _sorted(held: Value, rest: Sequence[Value]) -> Value:
    count = length(held)
    return held if count is None else Many("list", element(held), count)


def _defaulted(held: Value, rest: Sequence[Value]) -> Value:
    if type(held) is Table and known(rest[0]) and any(key == rest[0] for key, _ in held.items):
        return held
    return _put(held, rest)


def _none(held: Value, rest: Sequence[Value]) -> Value:
    return NONE


# (2) What is done to a list, and what the node makes; without that it makes the list.
CHANGES: Mapping[str, tuple[Change, Change | None]] = {
    "aten::append": (_appended, None),
    "aten::extend": (_extended, None),
    "aten::insert": (_inserted, _none),
    "aten::_set_item": (_put, None),
    "aten::pop": (_popped, _taken),
    "aten::popitem": (_removed, lambda held, rest: ANYTHING),
    "aten::remove": (_removed, _none),
    "aten::clear": (_emptied, _none),
    "aten::Delete": (_deleted, _none),
    "aten::add_": (_extended, None),
    "aten::update": (_updated, _none),
    "aten::reverse": (_reversed, _none),
    "aten::sort": (_sorted, _none),
    "aten::setdefault": (_defaulted, _taken),
}

__all__ = ["CHANGES", "Constant", "Site", "changed", "table", "unpacked", "written_types"]

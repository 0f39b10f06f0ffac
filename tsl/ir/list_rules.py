"""What TorchScript does with lists, tuples, dictionaries and texts without writing to them.

See scalar_rules for what a rule is. It will never know a tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from tsl.ir import number
from tsl.ir.abstract import ANYTHING, NEVER, NONE, Constant, Many, Table, Value, constant, dim_of, element, join, length
from tsl.ir.abstract import Sequence as Elements
from tsl.ir.graph import Node
from tsl.ir.number import ANY_SIZE

Values: TypeAlias = Sequence[Value]
Rule: TypeAlias = Callable[[Node, Values], Value]

PLAIN = frozenset({"int", "float", "bool", "complex", "str"})
MOST_PARTS = 4096  # of a list that is repeated


def known(value: Value) -> bool:
    """Whether a value is a constant that Python can compute with."""
    return type(value) is Constant and value.kind in PLAIN


def _letters(text: Any, place: slice) -> Value:
    return constant(text[place]) if isinstance(text, str) else ANYTHING


def item(node: Node, values: Values) -> Value:
    """An element of a list or tuple, a value of a dictionary, a letter of a text."""
    holder, key = values[0], values[1]
    if type(holder) is Table:
        return looked_up(holder, key)
    place = dim_of(key)
    if type(holder) is Elements:
        if isinstance(place, int) and -len(holder.parts) <= place < len(holder.parts):
            return holder.parts[place]
        return element(holder) if holder.parts else ANYTHING
    if known(holder) and isinstance(place, int):
        return _letters(holder.value, slice(place, place + 1 or None))
    return element(holder)


def looked_up(table: Table, key: Value) -> Value:
    """The value of a key in a dictionary."""
    if known(key):
        for mine, value in table.items:
            if mine == key:
                return value
        return ANYTHING if table.other is NEVER else table.other
    found = table.other
    for _, value in table.items:
        found = join(found, value)
    return ANYTHING if found is NEVER else found


def contains(node: Node, values: Values) -> Value:
    """Whether a list, dictionary or text has something."""
    holder, key = values[0], values[1]
    if not known(key):
        return ANYTHING
    if type(holder) is Table:
        has = any(mine == key for mine, _ in holder.items)
        return constant(has) if has or holder.other is NEVER else ANYTHING
    if type(holder) is Elements and all(map(known, holder.parts)):
        return constant(any(part.value == key.value for part in holder.parts))
    is_text = known(holder) and holder.kind == key.kind == "str"
    return constant(key.value in holder.value) if is_text else ANYTHING


def sliced(node: Node, values: Values) -> Value:
    """A part of a list, tuple or text."""
    holder = values[0]
    bounds = [_bound(value) for value in values[1:4]]
    if ... in bounds:
        return Many(holder.kind, element(holder), ANY_SIZE) if type(holder) in (Elements, Many) else ANYTHING
    if type(holder) is Elements:
        return Elements(holder.kind, holder.parts[slice(*bounds)])
    if known(holder):
        return _letters(holder.value, slice(*bounds))
    return Many(holder.kind, holder.element, ANY_SIZE) if type(holder) is Many else ANYTHING


def _bound(value: Value) -> Any:
    if value == NONE:
        return None
    found = dim_of(value)
    return found if isinstance(found, int) else ...


def added(node: Node, values: Values) -> Value:
    """Two lists, one after the other."""
    one, other = values[0], values[1]
    if type(one) is type(other) is Elements:
        return Elements(one.kind, one.parts + other.parts)
    lengths = length(one), length(other)
    if None in lengths:
        return ANYTHING
    return Many("list", join(element(one), element(other)), number.add(*lengths))  # type: ignore[arg-type]


def repeated(node: Node, values: Values) -> Value:
    """A list several times over."""
    holder, times = values if type(values[0]) in (Elements, Many) else (values[1], values[0])
    count = dim_of(times)
    if type(holder) is Elements and isinstance(count, int) and len(holder.parts) * max(count, 0) <= MOST_PARTS:
        return Elements(holder.kind, holder.parts * count)
    return Many("list", element(holder), ANY_SIZE)


def _as_list(node: Node, values: Values) -> Value:
    holder = values[0]
    if type(holder) is Elements:
        return Elements("list", holder.parts)
    if known(holder) and holder.kind == "str":
        return Elements("list", tuple(map(constant, holder.value)))
    return Many("list", element(holder), ANY_SIZE)


def _keys(node: Node, values: Values) -> Value:
    table = values[0]
    if type(table) is Table and table.other is NEVER:
        return Elements("list", tuple(key for key, _ in table.items))
    return Many("list", ANYTHING, ANY_SIZE)


def _values(node: Node, values: Values) -> Value:
    table = values[0]
    if type(table) is Table and table.other is NEVER:
        return Elements("list", tuple(value for _, value in table.items))
    covered = looked_up(table, ANYTHING) if type(table) is Table else ANYTHING
    return Many("list", covered, ANY_SIZE)


def _items(node: Node, values: Values) -> Value:
    table = values[0]
    if type(table) is Table and table.other is NEVER:
        return Elements("list", tuple(Elements("tuple", pair) for pair in table.items))
    covered = looked_up(table, ANYTHING) if type(table) is Table else ANYTHING
    return Many("list", Elements("tuple", (ANYTHING, covered)), ANY_SIZE)


def _get(node: Node, values: Values) -> Value:
    default = values[2] if len(values) > 2 else NONE
    return join(looked_up(values[0], values[1]), default) if type(values[0]) is Table else ANYTHING


def total(node: Node, values: Values) -> Value:
    """`sum` of a list of numbers."""
    holder = values[0]
    dims = [dim_of(part) for part in holder.parts] if type(holder) is Elements else [None]
    whole: number.Dim = 0
    for dim in dims:
        if dim is None or node.outputs[0].type.kind != "int":
            return ANYTHING
        whole = number.add(whole, dim)
    return Constant("int", whole) if isinstance(whole, int) else whole


RULES: Mapping[str, Rule] = {
    "aten::sum": total,
    "aten::__getitem__": item,
    "prim::TupleIndex": item,
    "aten::__contains__": contains,
    "aten::slice": sliced,
    "aten::list": _as_list,
    "aten::keys": _keys,
    "aten::values": _values,
    "aten::items": _items,
    "aten::get": _get,
}
# Of lists: what has the name of an operation on numbers.
LISTS: Mapping[str, Rule] = {"aten::add": added, "aten::mul": repeated}

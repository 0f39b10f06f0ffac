"""What a value of a graph may be: the abstract values of all domains together.

Definitions:
1. NEVER is the value of what no run gets to, ANYTHING that of what nothing is known of. The *join* of two values covers
   what either may be; NEVER gives way in it and ANYTHING wins.
2. A Tensor is a product: its device, its dtype (each a text, "" where unknown) and its shape (None where the rank is
   unknown). Its `origin` are the numbers of what put it on its device, ORIGINS of them at most, the smallest ones: the
   solver knows what they stand for. `value` is the number that a tensor without dimensions holds, where it is known.
3. A Constant is one bool, int, float, complex or text, or None; its kind keeps `1`, `1.0` and `True` apart. A whole
   number that is not one constant is a Size (see `number`).
4. An On is a device as a value. A Sequence is a list or tuple whose elements are known one by one, Many one of which
   only the length and the join of the elements are. A Table is a dictionary with constant keys, `other` standing for
   the rest.
5. A Maybe is a value or None. A Thing is an object, by the site that makes it or its path in the model. A Cell is a
   list or dictionary that something writes to, by the sites that may have made it: what it holds is in the heap.

Needs the domains. It will never know a node.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from tsl.ir import device, dtype, shape
from tsl.ir.number import ANY_NUMBER, Dim, Size, widen
from tsl.ir.number import join as join_dims
from tsl.ir.shape import Shape
from tsl.record import Record

ORIGINS = 4
MOST_PARTS = 4096  # elements that are known one by one


class Mark:
    """NEVER and ANYTHING (1)."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> str:
        return self.name


NEVER, ANYTHING = Mark("NEVER"), Mark("ANYTHING")


class Constant(Record):
    """A constant (3), with the name of its kind."""

    kind: str
    value: Any


class Tensor(Record):
    """A tensor (2)."""

    device: str = ""
    dtype: str = ""
    shape: Shape = None
    origin: tuple[int, ...] = ()
    value: Any = None


class On(Record):
    """A device as a value (4), with the origin of what says so, as a tensor's; `is_literal` where it was written
    down."""

    device: str
    origin: tuple[int, ...]
    is_literal: bool


class Sequence(Record):
    """A list, a tuple or a future with these elements (4)."""

    kind: str
    parts: tuple[Any, ...]


class Many(Record):
    """A list or tuple of some length, whose elements are all covered by one value (4)."""

    kind: str
    element: Any
    length: Any


class Table(Record):
    """A dictionary (4): pairs of a constant and a value, and what any other value is; NEVER where there is no other."""

    items: tuple[tuple[Any, Any], ...]
    other: Any


class Maybe(Record):
    """A value or None (5)."""

    value: Any


class Thing(Record):
    """An object of a class or module (5). `site` identifies it."""

    site: Any
    type: str
    path: str | None


class Cell(Record):
    """A list or dictionary in the heap, one of those made at these sites (5)."""

    sites: tuple[Any, ...]
    kind: str


Value: TypeAlias = Any

NONE = Constant("NoneType", None)
TRUE, FALSE = Constant("bool", True), Constant("bool", False)
UNKNOWN_TENSOR = Tensor()


def constant(value: Any) -> Constant:
    """The constant of a plain value."""
    return Constant(type(value).__name__, value)


def number(dim: Dim) -> Value:
    """The value of a whole number."""
    return Constant("int", dim) if isinstance(dim, int) else dim


def dim_of(value: Value) -> Dim | None:
    """The whole number that a value is; None for what is none."""
    kind = type(value)
    if kind is Constant:
        return value.value if value.kind in ("int", "bool") else None
    return value if kind is Size else None


def is_none(value: Value) -> bool | None:
    """Whether a value is None; None where that is undecided."""
    if value is ANYTHING or type(value) is Maybe:
        return None
    return value == NONE if type(value) is Constant else False


def present(value: Value) -> Value:
    """A value that turned out not to be None."""
    return value.value if type(value) is Maybe else value


def join(one: Value, other: Value) -> Value:
    """What covers both (1)."""
    kind, against = type(one), type(other)
    if one is other or (kind is against and one == other):
        return one
    if one is NEVER or other is NEVER:
        return other if one is NEVER else one
    if one is ANYTHING or other is ANYTHING:
        return ANYTHING
    if kind is against and kind in JOINS:
        return JOINS[kind](one, other)
    if Maybe in (kind, against) or NONE in (one, other):
        return _maybe(one, other)
    dims = dim_of(one), dim_of(other)
    if None not in dims and "bool" not in (one[0], other[0]):
        return number(join_dims(*dims))  # type: ignore[arg-type]
    if {kind, against} <= {Sequence, Many} and one.kind == other.kind:
        return _many(one, other)
    return ANYTHING


def joined(values: tuple[Value, ...]) -> Value:
    """What covers all of them; NEVER where there are none."""
    found: Value = NEVER
    for value in values:
        found = join(found, value)
    return found


def origins(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    """The origins of both (2)."""
    if one == other or not other:
        return one
    return tuple(sorted({*one, *other}))[:ORIGINS]


def element(value: Value) -> Value:
    """Any element of a list or tuple."""
    if type(value) is Sequence:
        return joined(value.parts)
    return value.element if type(value) is Many else ANYTHING


def length(value: Value) -> Dim | None:
    """The length of a list, tuple or dictionary."""
    if type(value) is Sequence:
        return len(value.parts)
    if type(value) is Many:
        found: Dim = value.length
        return found
    return len(value.items) if type(value) is Table and value.other is NEVER else None


def calmed(before: Value, after: Value) -> Value:
    """What covers `after` and has no endless chain above it: the widening of loops."""
    if before == after and type(before) is type(after):
        return after
    kind = type(after)
    dims = dim_of(before), dim_of(after)
    if None not in dims:
        return number(widen(*dims)) if kind is Size else ANY_NUMBER  # type: ignore[arg-type]
    if kind is not type(before):
        return after
    if kind is Tensor:
        value = after.value if after.value == before.value else None
        return Tensor(after.device, after.dtype, shape.widen(before.shape, after.shape), after.origin, value)
    if kind is Many:
        return Many(after.kind, calmed(before.element, after.element), widen(before.length, after.length))
    if kind is Sequence and len(before.parts) == len(after.parts):
        return Sequence(after.kind, tuple(map(calmed, before.parts, after.parts)))
    if kind is Maybe:
        return Maybe(calmed(before.value, after.value))
    return after


def _tensors(one: Tensor, other: Tensor) -> Tensor:
    value = None if one.value is None or other.value is None else join(one.value, other.value)
    return Tensor(
        device.join(one.device, other.device),
        dtype.join(one.dtype, other.dtype),
        shape.join(one.shape, other.shape),
        origins(one.origin, other.origin),
        None if value is ANYTHING else value,
    )


def _constants(one: Constant, other: Constant) -> Value:
    if one.kind == other.kind == "int":
        return join_dims(one.value, other.value)
    if NONE in (one, other):
        return _maybe(one, other)
    return ANYTHING


def _maybe(one: Value, other: Value) -> Value:
    inner = [present(value) for value in (one, other) if value != NONE]
    covered = joined(tuple(inner))
    return covered if covered is ANYTHING else Maybe(covered)


def _devices(one: On, other: On) -> On:
    return On(
        device.join(one.device, other.device),
        origins(one.origin, other.origin),
        one.is_literal and other.is_literal,
    )


def _sequences(one: Sequence, other: Sequence) -> Value:
    if one.kind != other.kind:
        return ANYTHING
    if len(one.parts) == len(other.parts):
        return Sequence(one.kind, tuple(map(join, one.parts, other.parts)))
    return _many(one, other)


def _many(one: Value, other: Value) -> Value:
    if one.kind != other.kind:
        return ANYTHING
    lengths = length(one), length(other)
    return Many(one.kind, join(element(one), element(other)), join_dims(*lengths))  # type: ignore[arg-type]


def _tables(one: Table, other: Table) -> Table:
    if one.items and [key for key, _ in one.items] == [key for key, _ in other.items]:
        return Table(
            tuple((key, join(a, b)) for (key, a), (_, b) in zip(one.items, other.items, strict=True)),
            join(one.other, other.other),
        )
    rest = joined(tuple(value for _, value in (*one.items, *other.items)))
    return Table((), join(rest, join(one.other, other.other)))


def _cells(one: Cell, other: Cell) -> Value:
    return Cell(tuple(sorted({*one.sites, *other.sites})), one.kind) if one.kind == other.kind else ANYTHING


def _sizes(one: Size, other: Size) -> Value:
    return number(join_dims(one, other))


JOINS: dict[type, Any] = {
    Tensor: _tensors,
    Constant: _constants,
    Size: _sizes,
    On: _devices,
    Sequence: _sequences,
    Many: _many,
    Table: _tables,
    Cell: _cells,
    Maybe: _maybe,
}

"""A call of an operator on abstract values: its arguments by the names that its schema gives them.

Definitions:
1. An Operator is a schema with its rules, looked up once for each text of a schema. Rules go by the *name* of the
   operator, without overload, and for one that writes to its first argument (`add_`) by the name of the one that does
   not, so one rule stands for the whole family.
2. A Call is an Operator with the values of its operands, which are all there: a graph leaves no default out.
3. A *made* device, dtype or shape is what a rule says of the results: one for all of them, or a Several.
4. An operator of a library has no schema in an archive: unless it is one of LIBRARIES, its arguments have types and no
   names.

Needs schemas and values. It will never know what an operator does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Generic, TypeVar

from tsl.ir.abstract import ANYTHING, Constant, Many, Mark, Maybe, On, Tensor, Value, dim_of, present
from tsl.ir.abstract import Sequence as Elements
from tsl.ir.graph import Node
from tsl.ir.match import Matcher
from tsl.ir.number import Dim
from tsl.ir.schema import Schema, SchemaError, parse_schema, schemas
from tsl.ir.shape import Shape
from tsl.ir.types import TENSOR, Type
from tsl.record import Record

Made = TypeVar("Made")

# Operators of libraries, as they are registered there (torchvision/csrc/ops).
LIBRARIES: Mapping[str, str] = {
    "torchvision::nms": "torchvision::nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "torchvision::roi_align": "torchvision::roi_align(Tensor input, Tensor rois, float spatial_scale,"
    " SymInt pooled_height, SymInt pooled_width, int sampling_ratio, bool aligned) -> Tensor",
    "torchvision::box_iou_rotated": "torchvision::box_iou_rotated(Tensor boxes1, Tensor boxes2) -> Tensor",
}


class Several(Generic[Made]):
    """What a rule says of each of several results, or of each element of a list (3)."""

    __slots__ = ("each",)

    def __init__(self, each: Sequence[Made]) -> None:
        self.each = tuple(each)


class Listed(Generic[Made]):
    """What a rule says of every element of a list, and its length where that is known."""

    __slots__ = ("element", "length")

    def __init__(self, element: Made, length: Dim | None) -> None:
        self.element, self.length = element, length


class Operator(Record):
    """An operator (1). `name` is `add` for `aten::add_.Tensor`; `places` are the arguments by name, `tensors` those
    that are, or may hold, tensors.
    """

    kind: str
    namespace: str
    name: str
    overload: str
    schema: Schema
    places: dict[str, int]
    tensors: frozenset[int]
    writes_self: bool
    makes_tensors: bool


@cache
def operator_of(text: str) -> Operator | None:
    """The operator of a schema's text; None where it is none."""
    try:
        schema = parse_schema(text)
    except (SchemaError, ValueError):
        return None
    namespace, _, name = schema.name.partition("::")
    writes_self = bool(schema.arguments) and schema.arguments[0].writes
    is_in_place = writes_self and name.endswith("_") and not name.endswith("__")
    return Operator(
        schema.name,
        namespace,
        name[:-1] if is_in_place else name,
        schema.overload,
        schema,
        {argument.name: place for place, argument in enumerate(schema.arguments)},
        frozenset(place for place, argument in enumerate(schema.arguments) if _has_tensor(argument.type)),
        writes_self,
        any(_is_tensor(result.type) for result in schema.returns),
    )


def _has_tensor(type: Type) -> bool:
    return type is TENSOR or type.kind == "Any" or any(map(_has_tensor, type.arguments))


def _is_tensor(type: Type) -> bool:
    return type is TENSOR or (type.kind in ("List", "Optional") and type.element is TENSOR)


@cache
def _matcher() -> Matcher:
    return Matcher(schemas())


@cache
def _unnamed(kind: str, taken: tuple[Type, ...], made: tuple[Type, ...]) -> Operator | None:
    arguments = ", ".join(f"{type.ir} arg{place}" for place, type in enumerate(taken))
    return operator_of(f"{kind}({arguments}) -> ({', '.join(type.ir for type in made)})")


def operator_at(node: Node) -> Operator | None:
    """The operator a node calls; where it has no schema, the overload its types fit, or what those say alone (4)."""
    if node.schema:
        return operator_of(node.schema)
    if node.kind.startswith("prim::") or "::" not in node.kind:
        return None
    taken = tuple(value.type for value in node.inputs)
    found = LIBRARIES.get(node.kind) or _matcher().node(node.kind, taken)
    return operator_of(found) if found else _unnamed(node.kind, taken, tuple(value.type for value in node.outputs))


class Call:
    """A call (2)."""

    __slots__ = ("node", "operator", "values")

    def __init__(self, operator: Operator, node: Node, values: Sequence[Value]) -> None:
        self.operator, self.node, self.values = operator, node, values

    def at(self, place: int | str) -> Value:
        """The value of an argument, by place or name; ANYTHING where there is none."""
        number = self.operator.places.get(place, -1) if isinstance(place, str) else place
        return self.values[number] if 0 <= number < len(self.values) else ANYTHING

    def has(self, name: str) -> bool:
        """Whether the operator has an argument of a name, and it is given and is not None."""
        number = self.operator.places.get(name)
        if number is None or number >= len(self.values):
            return False
        value = self.values[number]
        return not (type(value) is Constant and value.value is None)

    def tensor(self, place: int | str = 0) -> Tensor | None:
        """An argument that is a tensor."""
        value = present(self.at(place))
        return value if type(value) is Tensor else None

    def shape(self, place: int | str = 0) -> Shape:
        """The shape of an argument that is a tensor."""
        found = self.tensor(place)
        return found.shape if found else None

    def dtype(self, place: int | str = 0) -> str:
        """The dtype of an argument that is a tensor."""
        found = self.tensor(place)
        return found.dtype if found else ""

    def dim(self, place: int | str) -> Dim | None:
        """An argument that is a whole number."""
        return dim_of(self.at(place))

    def whole(self, place: int | str) -> int | None:
        """An argument that is one whole number."""
        found = dim_of(self.at(place))
        return found if isinstance(found, int) else None

    def plain(self, place: int | str, default: Any = None) -> Any:
        """A constant argument; `default` for what is not known."""
        value = self.at(place)
        return value.value if type(value) is Constant else default

    def dims(self, place: int | str) -> tuple[Dim, ...] | None:
        """An argument that is a list of whole numbers; one number stands for a list of it."""
        value = present(self.at(place))
        if type(value) is not Elements:
            one = dim_of(value)
            return None if one is None else (one,)
        found = tuple(dim_of(part) for part in value.parts)
        return None if None in found else found  # type: ignore[return-value]

    def rank(self, place: int | str = 0) -> int | None:
        """The rank of an argument that is a tensor."""
        shape = self.shape(place)
        return None if shape is None else len(shape)

    def tensors(self) -> list[tuple[int, Tensor]]:
        """All tensors among the arguments and in their lists, with the place of the argument."""
        found: list[tuple[int, Tensor]] = []
        for place, value in enumerate(self.values):
            kind = type(value)
            if kind is Tensor:
                found.append((place, value))
            elif kind in _HOLDERS and place in self.operator.tensors:
                gather(value, place, found)
        return found

    def elements(self, place: int | str) -> tuple[Tensor, ...] | None:
        """The tensors of a list whose elements are known one by one."""
        value = present(self.at(place))
        if type(value) is not Elements or any(type(part) is not Tensor for part in value.parts):
            return None
        return value.parts


_HOLDERS = frozenset({Elements, Many, Maybe, Mark})
_UNKNOWN = Tensor()


def gather(value: Value, place: int, found: list[tuple[int, Tensor]]) -> None:
    """Adds the tensors in a value to a list. One that may be None may be anywhere: it surely conflicts with nothing."""
    kind = type(value)
    if kind is Tensor:
        found.append((place, value))
    elif kind is Elements:
        for part in value.parts:
            gather(part, place, found)
    elif kind is Many and type(value.element) is Tensor and number_low(value.length) > 0:
        found.append((place, value.element))
    elif kind in _HOLDERS and not (kind is Many and value.length == 0):
        found.append((place, _UNKNOWN))


def number_low(dim: Dim) -> int:
    """The least that a dim may be."""
    return dim if isinstance(dim, int) else dim.low


__all__ = ["Call", "Listed", "On", "Operator", "Several", "gather", "operator_of"]

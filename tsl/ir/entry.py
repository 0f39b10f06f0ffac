"""What a method is entered with: its module, and inputs of which the device and perhaps more is known.

Definitions:
1. The first input is the module, where the method belongs to one. Every other tensor is on the deployment's device.
2. *Given* inputs are those a user describes, an archive recorded when it was traced, or an entry gave as its example;
   they tell dtype and shape. Where fewer are given than there are inputs, of the rest only the type is known. What a
   user describes is promised to hold for every run; the others are *examples*, of which another run may differ.
3. A described dimension is a number, a range, or a name that stands for one number everywhere.

Needs the values of an archive. It will never parse a description: whoever has one passes its parts in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from tsl.archive import values as saved
from tsl.entry.sample import Argument, Sample
from tsl.ir.abstract import ANYTHING, Maybe, Table, Tensor, Value, constant, present
from tsl.ir.abstract import Sequence as Elements
from tsl.ir.deploy import Deploy
from tsl.ir.graph import Graph
from tsl.ir.module_tree import Reason, Tree, moved, plain
from tsl.ir.number import ANY_SIZE, LEAST, MOST, Dim, Size, named
from tsl.ir.types import Type


class DescribedDim(Protocol):
    """A dimension as a user describes it (3): `--input x=float32[1..8,3,H]`."""

    @property
    def name(self) -> str:
        """A name, or nothing."""

    @property
    def low(self) -> int | None:
        """The lower bound."""

    @property
    def high(self) -> int | None:
        """The upper bound."""


class Described(Protocol):
    """An input as a user describes it."""

    @property
    def name(self) -> str:
        """The parameter's name, or nothing for the next one."""

    @property
    def dtype(self) -> str:
        """The dtype in torch's words."""

    @property
    def dims(self) -> Sequence[DescribedDim]:
        """The dimensions."""


def entered(
    graph: Graph, deploy: Deploy, tree: Tree, number: Callable[[Reason], int], given: Sequence[Value] | None = None
) -> list[Value]:
    """The values of a graph's inputs (1, 2)."""
    found: list[Value] = []
    rest = list(given or ())
    for place, value in enumerate(graph.inputs):
        if place == 0 and value.type.kind == "Class":
            found.append(tree.whole())
            continue
        name = value.name.partition(".")[0]
        origin = (number(Reason("input", name)),)
        made = moved(value.type, deploy.device, origin)
        if rest:
            told = rest.pop(0)
            made = told if made is ANYTHING and told is not ANYTHING else _told(made, told)
        found.append(_numbered(made, value.type, name))
    return found


def _told(made: Value, told: Value) -> Value:
    """What is known of an input by its type, with what was told of its tensors."""
    made = made.value if type(made) is Maybe and told is not ANYTHING and told != constant(None) else made
    told = present(told)
    if type(made) is Tensor and type(told) is Tensor:
        return Tensor(made.device, told.dtype, told.shape, made.origin)
    if type(told) is Elements and not isinstance(made, Tensor):
        inner = made.parts if type(made) is Elements and len(made.parts) == len(told.parts) else None
        parts = (_told(inner[at] if inner else made.element, part) for at, part in enumerate(told.parts))
        return Elements(told.kind, tuple(parts)) if inner or hasattr(made, "element") else made
    if type(told) is Table and type(made) is Table:
        return Table(tuple((key, _told(made.other, part)) for key, part in told.items), told.other)
    return made


def _numbered(made: Value, type_: Type, name: str) -> Value:
    """An input that is a number has its name."""
    return Size(LEAST, MOST, (((name,), 1),)) if type_.kind == "int" and type(made) is Size else made


def recorded(traced: Iterable[Any]) -> list[Value]:
    """The inputs that an archive recorded when it was traced (`Archive.traced_inputs`)."""
    return [_recorded(each) for each in traced]


def _recorded(found: Any) -> Value:
    if isinstance(found, saved.Tensor | Sample):
        return Tensor("", found.dtype, found.shape)
    if isinstance(found, saved.Typed):
        return _recorded(found.value)
    if type(found) in (list, tuple):
        return Elements(type(found).__name__, tuple(map(_recorded, found)))
    if type(found) is dict:
        from tsl.ir.abstract import NEVER

        return Table(tuple((constant(key), _recorded(part)) for key, part in found.items()), NEVER)
    return plain(found)


def exemplified(example: Sequence[Argument], names: Sequence[str]) -> list[Value]:
    """The example inputs of an entry, in the order of a graph's inputs, as `described`; None is not told of."""
    told = _in_order(example, names)
    return [ANYTHING if each is None or each.value is None else _recorded(each.value) for each in told]


def described(inputs: Sequence[Described], names: Sequence[str]) -> list[Value]:
    """The inputs a user describes, in the order of a graph's inputs, whose `names` are given without the module."""
    told = _in_order(inputs, names)
    return [ANYTHING if each is None else Tensor("", each.dtype, tuple(map(_dim, each.dims))) for each in told]


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Told = TypeVar("_Told", bound=_Named)


def _in_order(given: Sequence[_Told], names: Sequence[str]) -> Iterator[_Told | None]:
    """For each name what was given by it, else the next of those without a name."""
    by_name = {each.name: each for each in given if each.name}
    unnamed = iter([each for each in given if not each.name])
    for name in names:
        yield by_name.get(name) or next(unnamed, None)


def _dim(told: DescribedDim) -> Dim:
    if told.low is not None and told.low == told.high and not told.name:
        return told.low
    low, high = told.low or 0, MOST if told.high is None else told.high
    if told.name:
        return named(told.name, 1 if told.low is None or told.low == told.high else low, MOST if low == high else high)
    return ANY_SIZE if (low, high) == (0, MOST) else Size(low, high)

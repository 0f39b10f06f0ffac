"""Which overload a call means, by torch's rules.

Definitions (torch/csrc/jit/frontend/schema_matching.cpp, torch/csrc/jit/ir/ir.cpp):
1. A call *fits* a schema where each argument, by place or by keyword, is of a subtype of what is asked for, and what is
   left out has a default. Type variables (`t`) stand for what they first meet, in all places alike.
2. Overloads are tried in the order of their registration, without conversions and then with them; the first that fits
   is meant. A name with one overload is tried with conversions at once.
3. Without conversions, a homogeneous tuple may still stand for a list. With them, a tensor may stand for a number (by
   `aten::IntImplicit` and its kin), a number of unknown kind for an int or a float, and a text for a device.
4. A node *calls* the first overload whose arguments its inputs fit one by one, without conversions. A graph stores no
   overload: this is how torch finds it again, and so do we.

`Matcher` remembers its answers by name and types. It will never look at values, only at types.
"""

from __future__ import annotations

from typing import Any

from tsl.ir.schema import Argument, Schema, Table
from tsl.ir.types import (
    BOOL,
    COMPLEX,
    DEVICE,
    FLOAT,
    INT,
    NONE,
    SCALAR,
    STR,
    TENSOR,
    UNKNOWN,
    Meets,
    Type,
    is_subtype,
    unify,
)
from tsl.record import Record

Types = tuple[Type, ...]
Named = tuple[tuple[str, Type], ...]

DEFAULT = -1

# By which operator a tensor or a number stands for another number (3): what is asked for, by what, for what is given.
CONVERSIONS = {
    (TENSOR, INT): "aten::IntImplicit",
    (TENSOR, FLOAT): "aten::FloatImplicit",
    (TENSOR, COMPLEX): "aten::ComplexImplicit",
    (TENSOR, SCALAR): "aten::ScalarImplicit",
    (TENSOR, BOOL): "aten::Bool",
    (SCALAR, INT): "aten::Int",
    (SCALAR, FLOAT): "aten::Float",
    (SCALAR, BOOL): "aten::Bool",
    (STR, DEVICE): "aten::device",
}


class Slot(Record):
    """Where an input of a node comes from: the place of a positional argument, `DEFAULT`, or a keyword; and what it is
    converted to or by: a list type (of a tuple), `Repeated` of one (of a number), or an operator.
    """

    origin: int | str
    converted: Type | str | None = None


class Match(Record):
    """The overload that is meant, where each of its arguments comes from, and the types of its results."""

    schema: Schema
    slots: tuple[Slot, ...]
    returns: Types


class Matcher:
    """The overloads of a table, chosen and remembered. `meets` tells which classes have the methods of an interface."""

    def __init__(self, table: Table, meets: Meets | None = None) -> None:
        self.table, self.meets = table, meets
        self._calls: dict[tuple[str, Types, Named], Match | None] = {}
        self._nodes: dict[tuple[str, Types], str | None] = {}

    def call(self, name: str, given: Types, named: Named = ()) -> Match | None:
        """What a call means (1, 2); None where no overload fits, or the name is unknown."""
        key = (name, given, named)
        if key not in self._calls:
            self._calls[key] = self._choose(self.table.overloads(name), given, named)
        return self._calls[key]

    def node(self, kind: str, given: Types) -> str | None:
        """The text of the overload that a node calls (4); None where there is none."""
        key = (kind, given)
        if key not in self._nodes:
            fitting = (schema.text for schema in self.table.overloads(kind) if self._calls_it(schema, given))
            self._nodes[key] = next(fitting, None)
        return self._nodes[key]

    def _choose(self, overloads: tuple[Schema, ...], given: Types, named: Named) -> Match | None:
        for converts in (True,) if len(overloads) == 1 else (False, True):
            for schema in overloads:
                found = self.fit(schema, given, named, converts)
                if found:
                    return found
        return None

    def fit(self, schema: Schema, given: Types, named: Named, converts: bool) -> Match | None:
        """How a call fits one schema (1), or None."""
        keywords = dict(named)
        variables: dict[str, Type] = {}
        slots: list[Slot] = []
        used = 0
        for argument in schema.arguments:
            if not argument.keyword and used < len(given):
                origin: int | str = used
                type = given[used]
                used += 1
            elif argument.name in keywords:
                origin, type = argument.name, keywords.pop(argument.name)
            elif argument.has_default:
                slots.append(Slot(DEFAULT))
                continue
            else:
                return None
            converted = self._fits(argument, type, variables, converts)
            if converted is False:
                return None
            slots.append(Slot(origin, converted))
        if keywords or (used < len(given) and not schema.takes_any):
            return None
        slots.extend(Slot(place) for place in range(used, len(given)))
        returns = tuple(substitute(result.type, variables) or result.type for result in schema.returns)
        return Match(schema, tuple(slots), returns)

    def _fits(self, argument: Argument, type: Type, variables: dict[str, Type], converts: bool) -> Any:
        """False, or what an argument is converted to: None where it is taken as it is."""
        if not bind(argument.type, type, variables):
            return False
        wanted = substitute(argument.type, variables)
        if wanted is None and type is UNKNOWN:
            return None
        if wanted is None:
            return False
        if is_subtype(type, wanted, self.meets):
            return None
        bare = wanted.element if wanted.kind == "Optional" and type.kind != "Optional" else wanted
        if bare.kind == "List" and type.kind in {"Tuple", "NamedTuple"}:
            fits = all(is_subtype(part, bare.element, self.meets) for part in type.arguments)
            return bare if fits else False
        if bare.kind == "List" and argument.length and type is bare.element and type in {INT, FLOAT}:
            return Type("Repeated", (bare,))
        return CONVERSIONS.get((type, bare), False) if converts else False

    def _calls_it(self, schema: Schema, given: Types) -> bool:
        if len(given) < len(schema.arguments) or (len(given) > len(schema.arguments) and not schema.takes_any):
            return False
        variables: dict[str, Type] = {}
        for argument, type in zip(schema.arguments, given, strict=False):
            if not bind(argument.type, type, variables):
                return False
            if not is_subtype(type, substitute(argument.type, variables) or argument.type, self.meets):
                return False
        return True


def is_open(type: Type) -> bool:
    """Whether a type has variables."""
    return type.kind == "Variable" or any(map(is_open, type.arguments))


def bind(formal: Type, actual: Type, variables: dict[str, Type]) -> bool:
    """Whether variables can stand for parts of an actual type; puts them into `variables`."""
    if formal.kind == "Variable":
        bound = variables.setdefault(formal.name, actual)
        return bound is actual or actual is UNKNOWN or unify(bound, actual) is not None
    if actual is UNKNOWN:
        return True
    if not formal.arguments or not is_open(formal):
        return True
    if formal.kind == "Optional":
        if actual.kind == "Optional":
            return bind(formal.element, actual.element, variables)
        return actual is not NONE and bind(formal.element, actual, variables)
    if formal.kind == "List" and actual.kind in {"Tuple", "NamedTuple"}:
        whole = unified(actual.arguments)
        return whole is not None and bind(formal.element, whole, variables)
    if formal.kind != actual.kind and not (formal.kind == "Tuple" and actual.kind == "NamedTuple"):
        return False
    if len(formal.arguments) != len(actual.arguments):
        return False
    pairs = zip(formal.arguments, actual.arguments, strict=True)
    return all(bind(one, other, variables) for one, other in pairs)


def substitute(type: Type, variables: dict[str, Type]) -> Type | None:
    """A type with its variables replaced; None where one stands for nothing."""
    if type.kind == "Variable":
        return variables.get(type.name)
    if not type.arguments or not is_open(type):
        return type
    parts = [substitute(argument, variables) for argument in type.arguments]
    known = tuple(part for part in parts if part is not None)
    return Type(type.kind, known, type.name, type.fields) if len(known) == len(parts) else None


def unified(types: Types) -> Type | None:
    """The one type of several values; None where they have none."""
    if not types:
        return None
    whole: Type | None = types[0]
    for type in types[1:]:
        if whole is not None and whole is not type:
            whole = unify(whole, type)
    return whole

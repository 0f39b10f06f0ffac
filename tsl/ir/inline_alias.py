"""Which values may share memory, and which of them are written to: what passes must know before they take things out.

Definitions, which are PyTorch's (torch/csrc/jit/ir/alias_analysis.cpp) where they are not coarser:
1. Values *share* memory where a schema gives them one letter (`Tensor(a) self -> Tensor(a)`), where one is a cast of
   the other, and where a branch or a loop makes one of the other. Sharing is taken as transitive.
2. A value is *outside* where it may be reached from outside of what is seen here: an input of the graph, an attribute,
   an element of a container, what a call is given or returns, what a schema says may be anything (`*`).
3. An op *writes* to the arguments that its schema marks (`Tensor(a!) self`).

Whether a value is one of memory at all is told by its type. Needs the schemas' text; it will never be exact.
"""

from __future__ import annotations

from functools import lru_cache

from tsl.ir.inline_form import Op, Region, Var, find
from tsl.ir.schema import SchemaError, parse_schema
from tsl.ir.types import Type
from tsl.record import Record

IMMUTABLE = frozenset(
    "int float bool complex str NoneType Device Scalar Function Enum Generator Stream Layout Storage".split()
)

# Kinds without a schema whose result is their argument again.
CASTS = frozenset({"prim::unchecked_cast", "aten::_unwrap_optional", "prim::unchecked_unwrap_optional"})
CONTAINERS = frozenset({"prim::ListConstruct", "prim::TupleConstruct", "prim::DictConstruct"})
FRESH = CONTAINERS | {"prim::Constant", "prim::Uninitialized", "prim::CreateObject"}


class Effects(Record):
    """What a schema says of memory: pairs of a result and an argument that share it (1), the arguments written to (3),
    and the arguments and results that are outside afterwards (2).
    """

    shares: tuple[tuple[int, int], ...]
    writes: tuple[int, ...]
    arguments_outside: tuple[int, ...]
    results_outside: tuple[int, ...]


NOTHING = Effects((), (), (), ())


@lru_cache(maxsize=4096)
def effects(schema: str) -> Effects:
    """The effects of a schema, by its text; of a text that is none, nothing."""
    try:
        parsed = parse_schema(schema)
    except (SchemaError, ValueError):
        return NOTHING
    letters = [_letters(argument.alias) for argument in parsed.arguments]
    results = [_letters(result.alias) for result in parsed.returns]
    shares = tuple(
        (result, argument)
        for result, wanted in enumerate(results)
        for argument, had in enumerate(letters)
        if wanted & had - {"*"}
    )
    writes = tuple(place for place, argument in enumerate(parsed.arguments) if argument.writes)
    outside = tuple(place for place, had in enumerate(letters) if "*" in had)
    return Effects(shares, writes, outside, tuple(place for place, had in enumerate(results) if "*" in had))


def _letters(alias: str) -> frozenset[str]:
    return frozenset(character for character in alias if character.isalpha() or character == "*")


def is_mutable(type: Type) -> bool:
    """Whether values of a type have memory of their own that can be written to."""
    if type.kind in IMMUTABLE:
        return False
    if type.kind in {"Optional", "Tuple", "NamedTuple", "Union"}:
        return any(map(is_mutable, type.arguments))
    return True


def writes(op: Op) -> tuple[int, ...]:
    """The places of the inputs that an op writes to (3)."""
    schema = op.schema
    return effects(schema).writes if schema is not None and "!" in schema else ()


class Aliases:
    """Who shares memory with whom in a region (1), who is outside (2), who is written to (3)."""

    def __init__(self, region: Region) -> None:
        self._leader: dict[Var, Var] = {}
        self._outside: set[Var] = set()
        self.writers: list[Op] = []
        for var in region.inputs:
            self._mark(var)
        for var in region.outputs:
            self._mark(var)
        self._read(region)
        self._leaders_outside = {self.leader(var) for var in self._outside}
        self._written = {self.leader(op.inputs[place]) for op in self.writers for place in writes(op)}
        self._kinds_written = {leader.type.kind for leader in self._written if leader in self._leaders_outside}

    def leader(self, var: Var) -> Var:
        """The variable that stands for all that share memory with one."""
        var = find(var)
        while (above := self._leader.get(var)) is not None:
            var = above
        return var

    def is_outside(self, var: Var) -> bool:
        """Whether a variable may be reached from elsewhere (2)."""
        return self.leader(var) in self._leaders_outside

    def is_written(self, var: Var) -> bool:
        """Whether anything writes to the memory of a variable, as far as is known."""
        leader = self.leader(var)
        return leader in self._written or (leader in self._leaders_outside and leader.type.kind in self._kinds_written)

    def _share(self, one: Var, other: Var) -> None:
        first, second = self.leader(one), self.leader(other)
        if first is not second:
            self._leader[first] = second

    def _mark(self, var: Var) -> None:
        if is_mutable(find(var).type):
            self._outside.add(find(var))

    def _read(self, region: Region) -> None:
        for op in region.ops:
            if op.kind == "prim::If":
                self._branches(op)
            elif op.kind == "prim::Loop":
                self._loop(op)
            elif op.schema is not None:
                self._call(op, effects(op.schema))
            elif op.kind in CASTS:
                self._share(op.outputs[0], op.inputs[0])
            else:
                self._unknown(op)

    def _call(self, op: Op, known: Effects) -> None:
        for result, argument in known.shares:
            if result < len(op.outputs) and argument < len(op.inputs):
                self._share(op.outputs[result], op.inputs[argument])
        for place in known.arguments_outside:
            if place < len(op.inputs):
                self._mark(op.inputs[place])
        for place in known.results_outside:
            if place < len(op.outputs):
                self._mark(op.outputs[place])
        if known.writes:
            self.writers.append(op)
        if op.kind in {"prim::TupleUnpack", "prim::TupleIndex", "prim::TupleSlice", "prim::unchecked_cast"}:
            self._unknown(op)

    def _unknown(self, op: Op) -> None:
        """Elements of containers, and all that a call is given or returns, are outside."""
        if op.kind in CASTS:
            self._share(op.outputs[0], op.inputs[0])
            return
        for var in op.inputs:
            self._mark(var)
        if op.kind not in FRESH:
            for var in op.outputs:
                self._mark(var)

    def _branches(self, op: Op) -> None:
        for region in op.regions:
            self._read(region)
            for inner, outer in zip(region.outputs, op.outputs, strict=True):
                if is_mutable(outer.type):
                    self._share(outer, inner)

    def _loop(self, op: Op) -> None:
        body = op.regions[0]
        self._read(body)
        carried = zip(op.inputs[2:], body.inputs[1:], body.outputs[1:], op.outputs, strict=True)
        for given, inner, returned, outer in carried:
            if is_mutable(outer.type):
                for var in (inner, returned, outer):
                    self._share(var, given)

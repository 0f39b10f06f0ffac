"""A graph that passes may change: regions of ops over variables, thawed from a Graph and frozen into one.

Definitions:
1. A *region* is a block in the making: its inputs, its ops in order, its outputs.
2. An *op* is a node in the making. `types` are those its inputs had when its schema was chosen.
3. A *variable* is a value in the making. `uses` counts the places that take it, inputs of ops and outputs of regions.
4. A variable that was *replaced* leads to the one that stands for it (`to`); `find` follows the way. Places that took
   it still name it, so whoever reads an input reads it through `find`.

Frozen values would cost a new graph for every change, and the same node is changed once for each function it is inlined
through. Needs nothing of torch; it will never outlive one call of `inline`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tsl.ir.graph import Block, Graph, Node, Source, Value
from tsl.ir.types import NONE, Type

CONSTANT = "prim::Constant"
_MISSING = object()


class Var:
    """A variable (3). `op` makes it, unless it is an input of a region."""

    __slots__ = ("name", "op", "to", "type", "uses")

    def __init__(self, type: Type, name: str = "", op: Op | None = None) -> None:
        self.type, self.name, self.op = type, name, op
        self.uses = 0
        self.to: Var | None = None


class Op:
    """An op (2)."""

    __slots__ = ("attributes", "inputs", "kind", "outputs", "regions", "schema", "scope", "source", "types")

    def __init__(
        self,
        kind: str,
        inputs: list[Var],
        attributes: tuple[tuple[str, Any], ...] = (),
        schema: str | None = None,
        source: Source | None = None,
        scope: str = "",
        types: tuple[Type, ...] = (),
    ) -> None:
        self.kind, self.inputs, self.attributes = kind, inputs, attributes
        self.schema, self.source, self.scope, self.types = schema, source, scope, types
        self.outputs: list[Var] = []
        self.regions: tuple[Region, ...] = ()

    def attribute(self, name: str, default: Any = None) -> Any:
        """The attribute of a name."""
        for key, value in self.attributes:
            if key == name:
                return value
        return default


class Region:
    """A region (1)."""

    __slots__ = ("inputs", "ops", "outputs")

    def __init__(self, inputs: list[Var]) -> None:
        self.inputs = inputs
        self.ops: list[Op] = []
        self.outputs: list[Var] = []

    def walk(self) -> Iterator[Op]:
        """Every op, those of nested regions after the op that holds them."""
        for op in self.ops:
            yield op
            for region in op.regions:
                yield from region.walk()


def find(var: Var) -> Var:
    """The variable that stands for one (4)."""
    while var.to is not None:
        var = var.to
    return var


def replace(old: Var, new: Var) -> None:
    """Puts a variable in every place of another (4)."""
    new = find(new)
    if old is not new:
        old.to = new
        new.uses += old.uses
        old.uses = 0


def release(op: Op) -> None:
    """Takes back what an op and the ops in it use: it is leaving the graph."""
    for var in op.inputs:
        find(var).uses -= 1
    for region in op.regions:
        for inner in region.ops:
            release(inner)
        for var in region.outputs:
            find(var).uses -= 1


def put_input(op: Op, place: int, var: Var) -> None:
    """Gives an op another input."""
    find(op.inputs[place]).uses -= 1
    op.inputs[place] = find(var)
    find(var).uses += 1


def list_op(items: list[Var], type: Type) -> Op:
    """An op that makes a list of a type."""
    given = list(map(find, items))
    for item in given:
        item.uses += 1
    op = Op("prim::ListConstruct", given, types=tuple(item.type for item in given))
    op.outputs = [Var(type, "", op)]
    return op


def constant_op(value: Any, type: Type) -> Op:
    """An op that makes a constant."""
    op = Op(CONSTANT, [], () if value is None else (("value", value),))
    op.outputs = [Var(type, "", op)]
    return op


def constant_of(var: Var, missing: Any = _MISSING) -> Any:
    """The value of a variable that is constant, or `missing`. Functions are none."""
    op = find(var).op
    if op is None or op.kind != CONSTANT:
        return missing
    attributes = op.attributes
    if not attributes:
        return None
    return attributes[0][1] if attributes[0][0] == "value" else missing


def is_constant(var: Var) -> bool:
    """Whether a variable has a value that is known."""
    return constant_of(var) is not _MISSING


def must_be_none(var: Var) -> bool:
    """Whether a variable is None for sure."""
    var = find(var)
    if var.type is NONE:
        return True
    return var.type.kind == "Optional" and constant_of(var) is None


def must_not_be_none(var: Var) -> bool:
    """Whether the type of a variable has no None."""
    type = find(var).type
    return type is not NONE and type.kind != "Optional" and not (type.kind == "Union" and NONE in type.arguments)


def thaw(graph: Graph) -> Region:
    """The region of a graph."""
    known: dict[int, Var] = {}
    return _thawed(graph.inputs, graph.nodes, graph.outputs, known)


def _thawed(inputs: Iterable[Value], nodes: Iterable[Node], outputs: Iterable[Value], known: dict[int, Var]) -> Region:
    region = Region(_declared(inputs, known, None))
    for node in nodes:
        given = [known[value.number] for value in node.inputs]
        for var in given:
            var.uses += 1
        types = tuple([value.type for value in node.inputs])
        op = Op(node.kind, given, node.attributes, node.schema, node.source, node.scope, types)
        if node.blocks:
            op.regions = tuple(_thawed(block.inputs, block.nodes, block.outputs, known) for block in node.blocks)
        op.outputs = _declared(node.outputs, known, op)
        region.ops.append(op)
    region.outputs = [known[value.number] for value in outputs]
    for var in region.outputs:
        var.uses += 1
    return region


def _declared(values: Iterable[Value], known: dict[int, Var], op: Op | None) -> list[Var]:
    found = []
    for value in values:
        var = known[value.number] = Var(value.type, value.name, op)
        found.append(var)
    return found


def paste(template: Region, given: list[Var], into: list[Op], call: Source | None = None) -> list[Var]:
    """Adds copies of a region's ops to a list, with these for its inputs; returns what its outputs became.

    `call` is where what they are inlined for comes from.
    """
    known = dict(zip(template.inputs, map(find, given), strict=True))
    for op in template.ops:
        into.append(_copied(op, known, call))
    return [known[var] for var in template.outputs]


def _copied(op: Op, known: dict[Var, Var], call: Source | None) -> Op:
    given = [known[var] for var in op.inputs]
    for var in given:
        var.uses += 1
    source = op.source
    if source is not None and call is not None:
        source = source.called_from(call)
    made = Op(op.kind, given, op.attributes, op.schema, source, op.scope, op.types)
    if op.regions:
        made.regions = tuple([_copied_region(region, known, call) for region in op.regions])
    outputs = made.outputs
    for var in op.outputs:
        new = known[var] = Var(var.type, var.name, made)
        outputs.append(new)
    return made


def _copied_region(region: Region, known: dict[Var, Var], call: Source | None) -> Region:
    inputs = []
    for var in region.inputs:
        new = known[var] = Var(var.type, var.name)
        inputs.append(new)
    made = Region(inputs)
    made.ops = [_copied(op, known, call) for op in region.ops]
    made.outputs = [known[var] for var in region.outputs]
    for var in made.outputs:
        var.uses += 1
    return made


def settle(region: Region) -> None:
    """Names in every place the variable that stands there, so that `paste` need not ask (4)."""
    region.outputs = [find(var) for var in region.outputs]
    for op in region.ops:
        if op.inputs:
            op.inputs = [find(var) for var in op.inputs]
        for inner in op.regions:
            settle(inner)


class Freezer:
    """Turns regions into blocks; numbers values in order and keeps the names that are free, as torch does."""

    def __init__(self) -> None:
        self._known: dict[Var, Value] = {}
        self._names: dict[str, int] = {}

    def graph(self, region: Region, name: str) -> Graph:
        """The graph of an outermost region."""
        return Graph(name, *self._parts(region))

    def _parts(self, region: Region) -> tuple[tuple[Value, ...], tuple[Node, ...], tuple[Value, ...]]:
        inputs = self._declared(region.inputs)
        nodes = tuple([self._node(op) for op in region.ops])
        return inputs, nodes, tuple([self._known[find(var)] for var in region.outputs])

    def _node(self, op: Op) -> Node:
        known = self._known
        inputs = tuple([known[find(var)] for var in op.inputs])
        blocks = tuple([Block(*self._parts(region)) for region in op.regions]) if op.regions else ()
        outputs = self._declared(op.outputs)
        return Node(op.kind, inputs, outputs, op.attributes, blocks, op.schema, op.source, op.scope)

    def _declared(self, vars: list[Var]) -> tuple[Value, ...]:
        found = []
        for var in vars:
            number = len(self._known)
            value = self._known[var] = Value(number, var.type, self._name(var.name, number))
            found.append(value)
        return tuple(found)

    def _name(self, wished: str, number: int) -> str:
        if not wished or wished.isdigit():
            return str(number)
        base, _, suffix = wished.rpartition(".")
        stem = base if base and suffix.isdigit() else wished
        names = self._names
        if wished not in names:
            names[wished] = 1
            names.setdefault(stem, 1)
            return wished
        while True:
            names[stem] += 1
            name = f"{stem}.{names[stem]}"
            if name not in names:
                names[name] = 1
                return name

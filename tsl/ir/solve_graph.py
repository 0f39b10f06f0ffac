"""Abstract interpretation of a graph: what each value may be once the model is deployed.

Definitions:
1. A graph is read from its inputs on, node by node; a value that is defined again (in a further round of a loop) is
   what it was last. Notes of a node (conflicts, promotions) are those of the last time it was read, so that what is
   found holds for the settled state of every loop around it.
2. After an If a value is the join of what its arms leave; an arm whose condition is known not to hold is not read, and
   one that surely raises leaves nothing: then what the condition tells of tensors (`narrowing`) holds up to the end of
   the arm or loop it stands in.
3. A Loop is read until neither what it carries nor the heap changes (`flow.solve.fixpoint`); from round CALM on, or
   CALM_WITHIN another loop, bounds that still move are given up, and what has not settled after ROUNDS may be anything.
4. A call that was not inlined (of a method of an interface, of what a program kept apart) is followed where its
   function is known; otherwise it makes what its type says.
5. What is read is *sure* to run where no undecided branch or loop is around it.
6. Reading ends after NODES nodes: a small archive can call its way to any number of them.

Needs a graph, and takes a module tree and other functions. It will never say what is right or wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tsl.flow.solve import fixpoint
from tsl.ir import containers, list_rules, plain_nodes, scalar_rules
from tsl.ir.abstract import (
    ANYTHING,
    FALSE,
    NEVER,
    TRUE,
    Cell,
    Constant,
    Many,
    Table,
    Tensor,
    Thing,
    Value,
    calmed,
    constant,
    dim_of,
    join,
)
from tsl.ir.abstract import (
    Sequence as Elements,
)
from tsl.ir.containers import Site
from tsl.ir.deploy import Deploy
from tsl.ir.graph import Block, Graph, Node
from tsl.ir.graph import Value as Defined
from tsl.ir.heap import Heap, Written
from tsl.ir.kernels import Kernels
from tsl.ir.module_tree import Reason, Tree, unknown
from tsl.ir.narrowing import Narrowing
from tsl.ir.number import ANY_SIZE, Size, low, smaller, sub
from tsl.ir.operator import Operator, operator_at
from tsl.ir.syncs import COPIES, DATA, INDEXING, PUTTING, REPEAT, SYNCS, WHERE
from tsl.ir.types import Type
from tsl.record import Record

CALM, CALM_WITHIN, ROUNDS, NODES, DEEPEST = 2, 1, 12, 400_000, 60

WATCHED = frozenset(SYNCS) | COPIES | DATA | INDEXING | PUTTING | {WHERE, REPEAT}

Environment = dict[int, Value]


class Seen(Record):
    """A node that may make the host wait, as it was read last: `sure` is (5), `in_loop` whether a loop is around it."""

    node: Node
    operands: tuple[Value, ...]
    results: tuple[Value, ...]
    sure: bool
    in_loop: bool


class _Enough(Exception):
    """More is reached than is read (6)."""


class Solver:
    """Reads graphs of one model under one deployment. `values` are those of the graph that was read last."""

    def __init__(self, deploy: Deploy, tree: Tree | None = None, functions: Mapping[str, Graph] | None = None) -> None:
        self.deploy, self.tree, self.functions = deploy, tree or Tree(), functions or {}
        self.kernels = Kernels(self.reason)
        self.heap = Heap()
        self.reasons: list[Reason] = []
        self.values: Environment = {}
        self.visited = 0
        self.doubts = self.loops = 0
        self.seen: dict[tuple[int, ...], Seen] = {}
        self.dead: dict[int, tuple[Node, int]] = {}
        self.called: dict[str, Graph] = {}
        self._numbers: dict[tuple[str, str, int], int] = {}
        self._context: tuple[int, ...] = ()
        self._written: set[Type] = set()
        self._narrowing = Narrowing(None)

    @property
    def is_complete(self) -> bool:
        """Whether all was read (6)."""
        return self.visited <= NODES

    def reason(self, reason: Reason) -> int:
        """The number that stands for a reason in origins."""
        key = (reason.kind, reason.name, id(reason.node))
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.reasons)
            self.reasons.append(reason)
        return number

    def run(self, graph: Graph, inputs: Sequence[Value]) -> None:
        """Reads a graph with these inputs (1)."""
        self._narrowing = Narrowing(graph)
        self._written = containers.written_types(graph, self.functions)
        self.values = dict(zip((value.number for value in graph.inputs), inputs, strict=True))
        for value in graph.inputs:
            self.values[value.number] = self.celled(value.type, self.values[value.number], ("input", value.number))
        try:
            self._nodes(graph.nodes)
        except _Enough:
            self.visited = NODES + 1

    def _nodes(self, nodes: Sequence[Node]) -> bool:
        """Reads nodes in order; whether their end is reached."""
        values, handlers, rules = self.values, HANDLERS, scalar_rules.RULES
        for node in nodes:
            handler = handlers.get(node.kind)
            if handler is not None:
                if not handler(self, node):
                    return False
                continue
            self.visited += 1
            if self.visited > NODES:
                raise _Enough
            given = [values.get(value.number, ANYTHING) for value in node.inputs]
            operator = operator_at(node)
            if operator is not None and operator.makes_tensors:
                self._kernel(node, operator, given)
                continue
            if any(value is NEVER for value in given):
                self.define(node, [NEVER] * len(node.outputs))
                continue
            if node.kind in containers.CHANGES and given and type(given[0]) is Cell:
                self.define(node, [containers.changed(self.heap, node, given)])
                continue
            held = [self.heap.held(value) if type(value) is Cell else value for value in given]
            rule = list_rules.LISTS.get(node.kind) if node.outputs and node.outputs[0].type.kind == "List" else None
            rule = rule or rules.get(node.kind)
            if node.kind in WATCHED:
                self._watch(node, held, ())
            if rule is None:
                self.kernels.unknown(node.kind, "value", node)
                self.define(node, [unknown(value.type) for value in node.outputs])
                continue
            found = rule(node, held)
            if node.outputs:
                made = unknown(node.outputs[0].type) if found is ANYTHING else found
                self.define(node, [made])
        return True

    def _kernel(self, node: Node, operator: Operator, given: list[Value]) -> None:
        if any(value is NEVER for value in given):
            self.define(node, [NEVER] * len(node.outputs))
            return
        held = [self.heap.held(value) if type(value) is Cell else value for value in given]
        made = self.kernels.call(operator, node, held, self.doubts == 0, (*self._context, id(node)))
        self.define(node, made)
        if node.kind in WATCHED:
            self._watch(node, held, made)
        if operator.writes_self and type(given[0]) is Tensor:
            before, reshaped = given[0], self.kernels.reshaped(operator)
            if reshaped or before.value is not None:
                shape = None if reshaped else before.shape
                self.values[node.inputs[0].number] = before._replace(shape=shape, value=None)

    def _watch(self, node: Node, operands: Sequence[Value], results: Sequence[Value]) -> None:
        key = (*self._context, id(node))
        self.seen[key] = Seen(node, tuple(operands), tuple(results), self.doubts == 0, self.loops > 0)

    def define(self, node: Node, made: Sequence[Value]) -> None:
        """Gives a node's outputs their values."""
        written = self._written
        for place, (output, value) in enumerate(zip(node.outputs, made, strict=False)):
            if written and output.type in written:
                value = self.celled(output.type, value, (*self._context, id(node), place))
            self.values[output.number] = value

    def celled(self, type_: Type, value: Value, site: Site) -> Value:
        """The cell of a new list that something may write to."""
        if type_ not in self._written or type(value) not in (Elements, Many, Table):
            return value
        self.heap.make(site, value, self.loops > 0)
        return Cell((site,), type_.kind)

    def given(self, node: Node) -> list[Value]:
        """The values of a node's inputs."""
        return [self.values.get(value.number, ANYTHING) for value in node.inputs]

    # Nodes with blocks

    def _if(self, node: Node) -> bool:
        """(2)"""
        condition = self.values.get(node.inputs[0].number, ANYTHING) if node.inputs else ANYTHING
        if condition is NEVER or len(node.blocks) != 2:
            self.define(node, [NEVER if condition is NEVER else ANYTHING] * len(node.outputs))
            return True
        chosen = _decided(condition)
        if chosen is not None:
            block = node.blocks[0 if chosen else 1]
            self.dead[id(node)] = (node, 1 if chosen else 0)
            going = self._nodes(block.nodes)
            self.define(node, self._of(block.outputs))
            return going
        self.dead.pop(id(node), None)
        self.doubts += 1
        outcomes = [self._arm(block) for block in node.blocks]
        self.doubts -= 1
        alive = [(made, written) for going, made, written in outcomes if going]
        self.heap.settle(written for _, written in alive)
        if not alive:
            self.define(node, [NEVER] * len(node.outputs))
            return False
        self.define(node, alive[0][0] if len(alive) == 1 else list(map(join, alive[0][0], alive[1][0])))
        if len(alive) == 1:
            self._narrowing.fill(self.values, node.inputs[0].number, outcomes[0][0])
        return True

    def _arm(self, block: Block) -> tuple[bool, list[Value], Written]:
        mark = self._narrowing.mark
        going, written = self.heap.attempt(lambda: self._nodes(block.nodes))
        made = self._of(block.outputs)
        self._narrowing.take_back(self.values, mark)
        return going, made, written

    def _of(self, outputs: Sequence[Defined]) -> list[Value]:
        return [self.values.get(value.number, ANYTHING) for value in outputs]

    def _loop(self, node: Node) -> bool:
        """(3)"""
        given = self.given(node)
        if len(node.blocks) != 1 or len(given) < 2:
            self.define(node, [ANYTHING] * len(node.outputs))
            return True
        block, trips, start = node.blocks[0], dim_of(given[0]), tuple(given[2:])
        if given[1] == FALSE or trips == 0:
            self.define(node, start)
            return True
        is_sure = given[1] == TRUE and trips is not None and low(trips) > 0
        self.doubts += not is_sure
        self.loops += 1
        carried = self._settled(block, start, trips)
        self.loops -= 1
        self.doubts -= not is_sure
        self.define(node, carried)
        return True

    def _settled(self, block: Block, start: tuple[Value, ...], trips: int | Size | None) -> tuple[Value, ...]:
        grew, rounds, calm = [False], [0], CALM if self.loops == 1 else CALM_WITHIN
        index: Value = ANY_SIZE if trips is None else smaller(Size(0, 2**63 - 1), sub(trips, 1))
        if isinstance(index, int):
            index = constant(index)

        def step(carried: tuple[Value, ...]) -> tuple[Value, ...]:
            self.values.update(zip((value.number for value in block.inputs), (index, *carried), strict=False))
            mark = self._narrowing.mark
            going, written = self.heap.attempt(lambda: self._nodes(block.nodes))
            made = tuple(self._of(block.outputs)[1:]) if going else (NEVER,) * len(carried)
            self._narrowing.take_back(self.values, mark)
            grew[0] = going and self.heap.settle((written, {}), rounds[0] + 1 >= calm)
            return made

        def cover(before: tuple[Value, ...], after: tuple[Value, ...]) -> tuple[Value, ...]:
            rounds[0] += 1
            covered = tuple(map(join, before, after))
            return covered if rounds[0] < calm else tuple(map(calmed, before, covered))

        def same(before: tuple[Value, ...], after: tuple[Value, ...]) -> bool:
            return not grew[0] and before == after

        carried, is_settled = fixpoint(start, step, cover, same, ROUNDS)
        if not is_settled:
            carried = tuple(unknown(value.type) for value in block.inputs[1:])
            self.heap.forget()
            step(carried)
        return carried

    # Objects and calls

    def _attribute(self, node: Node) -> bool:
        owner, name = self.values.get(node.inputs[0].number, ANYTHING), str(node.attribute("name", ""))
        made = node.outputs[0].type
        if owner is NEVER:
            self.define(node, [NEVER])
            return True
        if type(owner) is not Thing:
            path = f"{node.inputs[0].name}.{name}"
            value = self.tree.missing(str(node.inputs[0].type), path, name, made, self.deploy, self.reason)
            self.define(node, [value])
            return True
        place = (owner.site, name)
        if not self.heap.has(place):
            value = self.tree.attribute(owner, name, made, self.deploy, self.reason)
            self.heap.write(place, self.celled(made, value, ("attribute", *place)))
        self.values[node.outputs[0].number] = self.heap.read(place)
        return True

    def _set_attribute(self, node: Node) -> bool:
        owner, value = self.given(node)[:2]
        if type(owner) is Thing:
            self.heap.write((owner.site, str(node.attribute("name", ""))), value)
        return True

    def _create(self, node: Node) -> bool:
        type_ = str(node.outputs[0].type)
        site = (*self._context, id(node))
        self.define(node, [Thing(site, type_, None) if self.loops == 0 else ANYTHING])
        return True

    def _method(self, node: Node) -> bool:
        given = self.given(node)
        owner = given[0].type if given and type(given[0]) is Thing else str(node.inputs[0].type)
        self.define(node, self._called(node, f"{owner}.{node.attribute('name', '')}", given))
        return True

    def _function(self, node: Node) -> bool:
        given = self.given(node)
        name = given[0].value if given and type(given[0]) is Constant else ""
        self.define(node, self._called(node, str(name), given[1:]))
        return True

    def _fork(self, node: Node) -> bool:
        graph = node.attribute("Subgraph")
        made = self._body(node, graph, self.given(node)) if isinstance(graph, Graph) else None
        self.define(node, [ANYTHING if made is None else Elements("future", tuple(made[:1]))])
        return True

    def _wait(self, node: Node) -> bool:
        (future, *_) = self.given(node)
        is_known = type(future) is Elements and future.kind == "future" and future.parts
        self.define(node, [future.parts[0] if is_known else unknown(node.outputs[0].type)])
        return True

    def _called(self, node: Node, name: str, given: list[Value]) -> list[Value]:
        """(4)"""
        graph = self.functions.get(name)
        made = self._body(node, graph, given) if graph is not None else None
        if graph is None or made is None:
            self.kernels.unknown(node.kind, "value", node)
            return [unknown(value.type) for value in node.outputs]
        self.called[name] = graph
        return made

    def _body(self, node: Node, graph: Graph, given: list[Value]) -> list[Value] | None:
        if len(self._context) >= DEEPEST or len(given) != len(graph.inputs) or id(node) in self._context:
            return None
        outer = self.values, self._narrowing
        self.values = dict(zip((value.number for value in graph.inputs), given, strict=True))
        self._narrowing = Narrowing(graph)
        self._context = (*self._context, id(node))
        going = self._nodes(graph.nodes)
        made = self._of(graph.outputs) if going else [NEVER] * len(graph.outputs)
        self._context = self._context[:-1]
        self.values, self._narrowing = outer
        return made


def _decided(condition: Value) -> bool | None:
    if type(condition) is Constant and condition.kind in ("bool", "int"):
        return bool(condition.value)
    return None


HANDLERS: Mapping[str, Callable[[Any, Node], bool]] = {
    **plain_nodes.READERS,
    "prim::If": Solver._if,
    "prim::Loop": Solver._loop,
    "prim::GetAttr": Solver._attribute,
    "prim::SetAttr": Solver._set_attribute,
    "prim::CreateObject": Solver._create,
    "prim::CallMethod": Solver._method,
    "prim::CallFunction": Solver._function,
    "prim::fork": Solver._fork,
    "aten::wait": Solver._wait,
}

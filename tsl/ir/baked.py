"""Sizes of the example that a trace wrote down, where it can be proven that another size fails because of it.

Definitions:
1. A *written size* is a whole number that is a constant of the graph and stands where a size does (ARGUMENTS): in the
   list that `view` takes, as the end of a `slice`, as the length of an `arange`.
2. A dimension of an input is *tried* with twice its size where a written size is equal to it. The graph is interpreted
   again, and fails where it has a conflict of shapes that it had not.
3. A written size is *baked* where it follows the tried dimension and then the conflict is gone, and nothing before it
   fails: what fails is not the model, whose weights stay as they are, but the number.
4. One is not tried: too much else is one. A dimension is tried with MOST written sizes, those the conflict depends on,
   the nearest first; a method is interpreted TRIES times at most, and not at all where it has over NODES nodes.

Needs a method of a trace, interpreted with the inputs that it recorded. It will never know a source file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tsl.ir.abstract import Tensor, Value
from tsl.ir.graph import Graph, Node
from tsl.ir.graph import Value as Defined
from tsl.ir.operator import operator_at
from tsl.ir.solved import Finding, Solved
from tsl.ir.types import INT
from tsl.ir.uses import Uses
from tsl.record import Record

MOST, TRIES, NODES = 6, 32, 6_000
# (1)
ARGUMENTS = frozenset("size shape sizes end length repeats split_size split_sizes output_size n m".split())


class Written(Record):
    """A written size (1): the operation it is given to, the node and the place among its inputs that hold it."""

    node: Node
    holder: Node
    place: int


class Baked(Record):
    """A baked size (3): the operation that is given it, the input and its dimension, both sizes, and what fails."""

    node: Node
    input: str
    dimension: int
    size: int
    tried: int
    fails: Finding


def baked_sizes(solved: Solved, uses: Uses) -> Iterator[Baked]:
    """The baked sizes of a method, one for each dimension of an input at most."""
    if len(uses.nodes) > NODES:
        return
    by_size: dict[int, list[Written]] = {}
    for number, written in _written(uses):
        by_size.setdefault(number, []).append(written)
    trial = _Trial(solved, uses)
    for place, value in enumerate(solved.graph.inputs):
        tensor = solved.tensor_of(value)
        sizes = tensor.shape or () if tensor is not None else ()
        for dimension, size in enumerate(sizes):
            if isinstance(size, int) and size > 1 and size in by_size:
                found = trial.of(place, dimension, size, by_size[size])
                if found is not None:
                    yield found


def _written(uses: Uses) -> Iterator[tuple[int, Written]]:
    """(1)"""
    for node in uses.graph.nodes:
        operator = operator_at(node)
        for name in ARGUMENTS & operator.places.keys() if operator else ():
            place = operator.places[name] if operator else 0
            maker = uses.maker(node.inputs[place].number) if place < len(node.inputs) else None
            if maker is None:
                continue
            held = enumerate(maker.inputs) if maker.kind == "prim::ListConstruct" else [(place, node.inputs[place])]
            holder = maker if maker.kind == "prim::ListConstruct" else node
            for at, value in held:
                constant = uses.constant(value.number)
                if type(constant) is int and constant > 1:
                    yield constant, Written(node, holder, at)


class _Trial:
    """Interprets a method again and again, up to a number of times (4)."""

    def __init__(self, solved: Solved, uses: Uses) -> None:
        self._solved, self._uses, self._left = solved, uses, TRIES
        self._given = [solved.value_of(value) for value in solved.graph.inputs if value.type.kind != "Class"]
        self._first = len(solved.graph.inputs) - len(self._given)
        self._order = {id(node): number for number, node in enumerate(uses.nodes)}
        self._known = {id(found.node) for found in solved.conflicts()}

    def of(self, place: int, dimension: int, size: int, written: Sequence[Written]) -> Baked | None:
        """What is baked of a dimension (2, 3)."""
        given = list(self._given)
        tensor, tried = given[place - self._first], 2 * size
        if type(tensor) is not Tensor or tensor.shape is None:
            return None
        shape = (*tensor.shape[:dimension], tried, *tensor.shape[dimension + 1 :])
        given[place - self._first] = tensor._replace(shape=shape)
        failing = self._fails(self._solved.graph, given)
        if failing is None:
            return None
        for each in self._nearest(failing.node, written):
            if self._cures(each, tried, given, failing.node):
                name = self._solved.graph.inputs[place].name.partition(".")[0]
                return Baked(each.node, name, dimension, size, tried, failing)
        return None

    def _fails(self, graph: Graph, given: Sequence[Value]) -> Finding | None:
        """The first conflict of shapes that the recorded inputs do not have."""
        if self._left == 0:
            return None
        self._left -= 1
        again = self._solved.again(graph, given)
        new = [found for found in again.conflicts("shape") if found.sure and id(found.node) not in self._known]
        return min(new, key=lambda found: self._order.get(id(found.node), -1), default=None)

    def _cures(self, written: Written, tried: int, given: Sequence[Value], failing: Node) -> bool:
        """(3)"""
        if self._left == 0:
            return False
        after = self._fails(_following(self._solved.graph, written, tried), given)
        if after is None:
            return True
        return self._order.get(id(after.node), -1) > self._order[id(failing)]

    def _nearest(self, failing: Node, written: Sequence[Written]) -> list[Written]:
        """The written sizes that a node depends on, the nearest before it first (4)."""
        needed, queue = set[int](), [failing]
        while queue:
            node = queue.pop()
            if id(node) in needed:
                continue
            needed.add(id(node))
            makers = (self._uses.maker(value.number) for value in node.inputs)
            queue.extend(maker for maker in makers if maker is not None)
        found = [each for each in written if id(each.node) in needed]
        return sorted(found, key=lambda each: -self._order[id(each.node)])[:MOST]


def _following(graph: Graph, written: Written, size: int) -> Graph:
    """A graph in which one written size is another one."""
    number = 1 + max(value.number for node in graph.walk() for value in (*node.inputs, *node.outputs))
    made = Defined(number, INT, str(number))
    constant = Node("prim::Constant", (), (made,), (("value", size),))
    inputs = list(written.holder.inputs)
    inputs[written.place] = made
    holder = written.holder._replace(inputs=tuple(inputs))
    nodes = [each for node in graph.nodes for each in ((constant, holder) if node is written.holder else (node,))]
    return graph._replace(nodes=tuple(nodes))

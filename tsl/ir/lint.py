"""What is wrong with a graph, in sentences: for whoever writes a pass, not for whoever writes a model.

Laws, which are those of torch's own Graph::lint:
1. A value is defined once, its number and its name are unique, and it is used only where it is seen.
2. A kind is `namespace::name`; a constant takes nothing and makes one value.
3. An If takes a bool and has two blocks without inputs, and both end in as many values as it makes, each of a type that
   may stand for the type of what is made.
4. A Loop takes an int, a bool and what it carries; its block takes an int and what is carried, and ends in a bool and
   what is carried; it makes what is carried.
5. Other nodes hold blocks only where torch's do (With and closures never reach a finished graph).
"""

from __future__ import annotations

from collections.abc import Iterator

from tsl.ir.graph import Block, Graph, Node, Value
from tsl.ir.types import ANY, BOOL, INT, Type, is_subtype

HOLDERS = frozenset({"prim::If", "prim::Loop"})


def lint(graph: Graph) -> tuple[str, ...]:
    """What is wrong with a graph, in the order of its text; nothing where all laws hold."""
    return tuple(_Linter().graph(graph))


class _Linter:
    """Walks a graph with the values seen so far."""

    def __init__(self) -> None:
        self.numbers: set[int] = set()
        self.names: set[str] = set()
        self.seen: list[dict[int, Value]] = [{}]

    def graph(self, graph: Graph) -> Iterator[str]:
        yield from self._define(graph.inputs, "the graph")
        yield from self._nodes(graph.nodes)
        yield from self._use(graph.outputs, "the graph returns")

    def _nodes(self, nodes: tuple[Node, ...]) -> Iterator[str]:
        for node in nodes:
            yield from self._node(node)

    def _node(self, node: Node) -> Iterator[str]:
        told = _told(node)
        if node.kind.count("::") != 1:
            yield f"{told}: a kind is `namespace::name` (2)"
        yield from self._use(node.inputs, f"{told} takes")
        for block in node.blocks:
            yield from self._block(block, told)
        yield from self._define(node.outputs, told)
        match node.kind:
            case "prim::If":
                yield from _if(node, told)
            case "prim::Loop":
                yield from _loop(node, told)
            case "prim::Constant" if node.inputs or len(node.outputs) != 1:
                yield f"{told}: a constant takes nothing and makes one value (2)"
            case _ if node.blocks:
                yield f"{told}: only If and Loop hold blocks (5)"

    def _block(self, block: Block, told: str) -> Iterator[str]:
        self.seen.append({})
        yield from self._define(block.inputs, f"a block of {told}")
        yield from self._nodes(block.nodes)
        yield from self._use(block.outputs, f"a block of {told} ends in")
        self.seen.pop()

    def _define(self, values: tuple[Value, ...], told: str) -> Iterator[str]:
        for value in values:
            if value.number in self.numbers:
                yield f"{told}: the number {value.number} of %{value.name} is taken (1)"
            if value.name in self.names:
                yield f"{told}: the name %{value.name} is taken (1)"
            self.numbers.add(value.number)
            self.names.add(value.name)
            self.seen[-1][value.number] = value

    def _use(self, values: tuple[Value, ...], told: str) -> Iterator[str]:
        for value in values:
            known = next((scope[value.number] for scope in reversed(self.seen) if value.number in scope), None)
            if known is None:
                yield f"{told} %{value.name}, which is not defined where it is used (1)"
            elif known != value:
                yield f"{told} %{value.name} : {value.type}, which is defined as %{known.name} : {known.type} (1)"


def _told(node: Node) -> str:
    made = ", ".join(f"%{value.name}" for value in node.outputs)
    return f"{made} = {node.kind}" if made else node.kind


def _if(node: Node, told: str) -> Iterator[str]:
    if len(node.inputs) != 1 or not is_subtype(node.inputs[0].type, BOOL):
        yield f"{told}: an If takes one bool (3)"
    if len(node.blocks) != 2 or any(block.inputs for block in node.blocks):
        yield f"{told}: an If has two blocks without inputs (3)"
        return
    for block in node.blocks:
        yield from _ends_in(block.outputs, node.outputs, told, "an arm")


def _loop(node: Node, told: str) -> Iterator[str]:
    given = [value.type for value in node.inputs[:2]]
    if len(given) < 2 or not (is_subtype(given[0], INT) and is_subtype(given[1], BOOL)):
        yield f"{told}: a Loop takes an int, a bool and what it carries (4)"
        return
    if len(node.blocks) != 1 or not node.blocks[0].inputs or not node.blocks[0].outputs:
        yield f"{told}: a Loop has one block, with a counter and a condition (4)"
        return
    block = node.blocks[0]
    if block.inputs[0].type is not INT or not is_subtype(block.outputs[0].type, BOOL):
        yield f"{told}: the block of a Loop takes an int first and ends in a bool first (4)"
    yield from _ends_in(node.inputs[2:], block.inputs[1:], told, "what goes in")
    yield from _ends_in(block.outputs[1:], node.outputs, told, "the body")


def _ends_in(given: tuple[Value, ...], wanted: tuple[Value, ...], told: str, part: str) -> Iterator[str]:
    if len(given) != len(wanted):
        yield f"{told}: {part} has {len(given)} values where {len(wanted)} are asked for"
        return
    for one, other in zip(given, wanted, strict=True):
        if not is_subtype(one.type, other.type, _may_meet):
            yield f"{told}: {part} has %{one.name} : {one.type} where %{other.name} : {other.type} is asked for"


def _may_meet(type: Type, interface: Type) -> bool:
    """Methods are not known here: any class may be any interface's."""
    return type is not ANY and interface.kind == "Interface"

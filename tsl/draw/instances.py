"""The functions of a program once for each module they run for, so that inlining leaves every node its module's path.

1. An *instance* of a method is its graph for the module at a path, under the name `QUALIFIED@PATH`; functions that it
   calls run for the same module. In an instance every node has its path as scope, that of the outermost module being
   `.`.
2. Calls in an instance name instances, where the program has what they call and the path of its object is known by
   attributes from the first input on.
3. Beyond MOST instances calls keep their names: what they run has no scope.

Needs a program's graphs. It will never inline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tsl.draw.labels import INSTANCE
from tsl.ir.graph import Block, Graph, Node, Value
from tsl.ir.inline import Program
from tsl.ir.lower_types import LowerError
from tsl.ir.types import Type

OUTERMOST = "."
MOST = 20_000
MOST_NODES = 300_000


def expanded(functions: Mapping[str, Graph], method: str) -> int:
    """How many nodes a method has with all that it calls in it, before any is simplified away."""
    known: dict[str, int] = {}

    def size(name: str) -> int:
        if name not in known:
            known[name] = 0  # what a function that calls itself adds
            known[name] = sum(1 + size(called) for called in _called(functions, name))
        return known[name]

    return size(method)


def _called(functions: Mapping[str, Graph], name: str) -> Iterator[str]:
    """What each node of a function calls, an empty name for those that call nothing."""
    try:
        graph = functions[name]
    except (KeyError, LowerError):
        return
    for node in graph.walk():
        if node.kind == "prim::CallMethod":
            yield f"{node.inputs[0].type.name}.{node.attribute('name')}"
        elif node.kind == "prim::CallFunction":
            yield node.inputs[0].type.name
        else:
            yield ""


class Instances(Mapping[str, Graph]):
    """The instances (1) that a method of the outermost module runs, made when they are asked for."""

    def __init__(self, program: Program, method: str) -> None:
        self._functions, self._method, self._made = program.functions, method, 0
        self.matcher = program.matcher

    @property
    def functions(self) -> Mapping[str, Graph]:
        """Itself: an inliner takes it for a program."""
        return self

    def __getitem__(self, name: str) -> Graph:
        qualified, mark, path = name.partition(INSTANCE)
        graph = self._functions[qualified]
        if not mark and name != self._method:
            return graph
        self._made += 1
        return self._instance(graph, path) if self._made <= MOST else graph

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)

    def _instance(self, graph: Graph, path: str) -> Graph:
        paths: dict[int, str] = {graph.inputs[0].number: path} if graph.inputs else {}
        nodes = tuple(self._placed(node, path, paths) for node in graph.nodes)
        return Graph(graph.name, graph.inputs, nodes, graph.outputs)

    def _placed(self, node: Node, path: str, paths: dict[int, str]) -> Node:
        """A node of an instance, with the paths of the modules it makes known."""
        attributes, outputs = node.attributes, node.outputs
        if node.kind == "prim::GetAttr":
            owner = paths.get(node.inputs[0].number)
            if owner is not None and node.outputs[0].type.kind == "Class":
                paths[node.outputs[0].number] = f"{owner}.{node.attribute('name')}".lstrip(".")
        elif node.kind == "prim::CallMethod":
            owner = paths.get(node.inputs[0].number)
            type = node.inputs[0].type
            if owner is not None and type.kind == "Class" and self._has(f"{type.name}.{node.attribute('name')}"):
                attributes = tuple(
                    (key, f"{held}{INSTANCE}{owner}" if key == "name" else held) for key, held in attributes
                )
        elif node.kind == "prim::Constant" and outputs[0].type.kind == "Function":
            outputs = (self._function(outputs[0], path),)
        blocks = tuple(
            Block(block.inputs, tuple(self._placed(inner, path, paths) for inner in block.nodes), block.outputs)
            for block in node.blocks
        )
        return Node(node.kind, node.inputs, outputs, attributes, blocks, node.schema, node.source, path or OUTERMOST)

    def _has(self, qualified: str) -> bool:
        """Whether a call of a function may name an instance: there is one more, and it can be lowered."""
        try:
            return self._made < MOST and bool(self._functions[qualified])
        except (KeyError, LowerError):
            return False

    def _function(self, value: Value, path: str) -> Value:
        """A function as a value, by the name of its instance for a path."""
        name = value.type.name
        return (
            Value(value.number, Type("Function", (), f"{name}{INSTANCE}{path}"), value.name)
            if self._has(name)
            else value
        )

"""Which nodes of a graph a converter meets at all: those that do more than word an error.

Definitions:
1. A node is *spoken* where it is an operator that only tells somebody something: an exception, a warning, a print.
2. A node is *unmet* where it is spoken, or neither writes to anything nor has a result that a node which is met, or an
   output of a graph, takes. One with blocks is unmet where all in them is, and none of its results is taken.
3. A wait for what the same graph forks is unmet: the converters run it in place (inline_fork_wait.cpp).

Needs a graph. It will never know a target.
"""

from __future__ import annotations

from tsl.ir.graph import Graph, Node

SPOKEN = frozenset({"prim::RaiseException", "aten::warn", "prim::Print"})
# What acts and has no schema to say so.
CALLS = frozenset({"prim::CallMethod", "prim::CallFunction", "prim::SetAttr", "prim::fork", "prim::PythonOp"})


def unmet(graph: Graph) -> frozenset[int]:
    """The identities of the nodes that a converter drops before it looks at them (2, 3)."""
    nodes = list(graph.walk())
    used = {value.number for value in graph.outputs}
    used.update(value.number for node in nodes for block in node.blocks for value in block.outputs)
    dead: set[int] = set()
    for node in reversed(nodes):  # who takes a value stands after it
        if node.kind in SPOKEN or not (_acts(node, dead) or any(value.number in used for value in node.outputs)):
            dead.add(id(node))
        else:
            used.update(value.number for value in node.inputs)
    forked = {value.number for node in nodes if node.kind == "prim::fork" for value in node.outputs}
    waits = (node for node in nodes if node.kind == "aten::wait" and node.inputs[0].number in forked)
    return frozenset(dead).union(map(id, waits))


def _acts(node: Node, dead: set[int]) -> bool:
    """Whether a node does something beyond its results."""
    if node.blocks:
        return any(id(inner) not in dead for block in node.blocks for inner in block.nodes)
    if node.schema is None:
        return node.kind in CALLS
    return "!" in node.schema or not node.outputs

"""Branches and loops that stand between operators which could be fused: what is in a block is fused within it alone.

Needs a graph and the table of what is fused. It will never know what a branch decides, or a device.

1. A node *could be fused* where its operator is in the table (`tsl.ir.fusible`) and it makes a tensor.
2. A branch or loop *splits* where such a node stands in it, and another makes what its blocks take or uses what it
   gives.
"""

from __future__ import annotations

from collections.abc import Iterator

from tsl.ir.fusible import could_be_fused
from tsl.ir.graph import Graph, Node
from tsl.ir.types import TENSOR

HOLD_BLOCKS = frozenset(["prim::If", "prim::Loop"])


def splits(graph: Graph) -> Iterator[Node]:
    """The branches and loops of a graph that split what could be fused (2)."""
    nodes = tuple(graph.walk())
    makers = {value.number: node for node in nodes for value in node.outputs}
    users: dict[int, list[Node]] = {}
    for node in nodes:
        for value in node.inputs:
            users.setdefault(value.number, []).append(node)
    for node in nodes:
        inside = list(_inside(node)) if node.kind in HOLD_BLOCKS else []
        if not any(map(_fusible, inside)):
            continue
        taken = [makers[value.number] for one in inside for value in one.inputs if value.number in makers]
        given = [user for value in node.outputs for user in users.get(value.number, ())]
        within = {id(one) for one in inside}
        if any(_fusible(one) and id(one) not in within for one in (*taken, *given)):
            yield node


def _inside(node: Node) -> Iterator[Node]:
    for block in node.blocks:
        for one in block.nodes:
            yield one
            yield from _inside(one)


def _fusible(node: Node) -> bool:
    """(1)"""
    return could_be_fused(node.kind) and any(value.type is TENSOR for value in node.outputs)

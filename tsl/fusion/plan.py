"""The plan of an optimized graph: which operators are in which group, and what the others are.

Needs torch, for the graphs it walks; for the child process. It will never say why an operator is where it is.

1. An *operator* is a node of a library that makes a tensor, or a list of tensors, and is no copy of a constant. What
   only moves tensors between Python values (`prim::ListConstruct`) is none, but for prim::ConstantChunk.
2. The second arm of a guard is the way for other shapes, a function of its own: it is no part of the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tsl.fusion.reasons import Seen
from tsl.ir.fused import Node
from tsl.ir.fusible import DROPOUTS, base_of
from tsl.record import Record

GROUP, GRADIENT = "prim::TensorExprGroup", "prim::DifferentiableGraph"
CHUNK, LIST = "prim::ConstantChunk", "prim::ListConstruct"
_BLOCKED = frozenset(["prim::If", "prim::Loop", "prim::TensorExprDynamicGroup"])
_TRAINING_AT = {"batch_norm": 5, **dict.fromkeys(DROPOUTS, 2), **{base_of(f"aten::{name}"): 2 for name in DROPOUTS}}
_TENSORS = ("TensorType", "ListType", "OptionalType")

Placed = Callable[[Any], Node]


class Drawn(Record):
    """The operators of a graph: those of each group, whether a group is for any size, and the rest."""

    groups: tuple[tuple[Node, ...], ...]
    symbolic: tuple[bool, ...]
    rest: tuple[tuple[Seen, Node], ...]
    nodes: tuple[Any, ...]  # of the rest, for those who look further
    gradients: int = 0


def draw(graph: Any, placed: Placed) -> Drawn:
    """The plan of a graph as torch runs it."""
    groups, symbolic, rest, nodes, gradients = [], [], [], [], 0
    for node in walk(graph):
        kind = node.kind()
        if kind == GROUP:
            inner = node.g("Subgraph")
            groups.append(tuple(placed(one) for one in walk(inner) if is_operator(one)))
            symbolic.append(node.hasAttribute("symbolic_shape_inputs"))
        elif kind == GRADIENT:
            gradients += 1
        elif is_operator(node):
            rest.append((seen_of(node), placed(node)))
            nodes.append(node)
    return Drawn(tuple(groups), tuple(symbolic), tuple(rest), tuple(nodes), gradients)


def walk(block: Any) -> Iterator[Any]:
    """Every node of a block and of the blocks in it, in order."""
    for node in block.nodes():
        yield node
        if node.kind() in _BLOCKED:
            for inner in node.blocks():
                yield from walk(inner)


def is_operator(node: Any) -> bool:
    """Whether a node is an operator (1)."""
    kind = node.kind()
    if kind == CHUNK:
        return True
    if kind.startswith("prim::") or kind.endswith("::size"):
        return False
    return any(_holds_tensors(node.outputsAt(place).type()) for place in range(node.outputsSize()))


def seen_of(node: Any) -> Seen:
    """An operator as an explanation needs it."""
    values = [node.inputsAt(place) for place in range(node.inputsSize())]
    inputs: list[str] = []
    makers: list[str] = []
    for value in values:
        maker = value.node()
        makers.append(maker.kind())
        listed = [maker.inputsAt(place) for place in range(maker.inputsSize())] if maker.kind() == LIST else [value]
        inputs += [one.debugName() for one in listed]
    name = node.outputsAt(0).debugName()
    return Seen(node.kind(), name, tuple(inputs), tuple(makers), _training(node))


def _training(node: Any) -> bool | None:
    place = _TRAINING_AT.get(base_of(node.kind()), _TRAINING_AT.get(node.kind().partition("::")[2]))
    if place is None or place >= node.inputsSize():
        return None
    found = node.inputsAt(place).toIValue()
    return found if isinstance(found, bool) else None


def _holds_tensors(type_: Any) -> bool:
    kind = type_.kind()
    if kind == "TensorType":
        return True
    return kind in _TENSORS and _holds_tensors(type_.getElementType())

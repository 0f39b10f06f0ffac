"""Branches, loops and calls of a run on fakes: which nodes run, and what is left where they meet.

The definitions are those of `simulate_run`, by their numbers. Each function runs one node for a Runner and answers with
what the node makes. Needs no torch of its own. It will never call an operator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from tsl.ir.graph import Block, Graph, Node
from tsl.ir.simulate_state import UNKNOWN, State, Thing, joined

if TYPE_CHECKING:
    from tsl.ir.simulate_run import Runner

Made = Sequence[Any]


class Raised(Exception):
    """The model raises."""


def branch(runner: Runner, node: Node, given: list[Any]) -> Made:
    """`prim::If` (3)"""
    condition = _decided(given[0])
    if condition is not None:
        return _left(runner, node, node.blocks[0 if condition else 1])
    return _met(runner, [partial(_left, runner, node, block) for block in node.blocks], node)


def loop(runner: Runner, node: Node, given: list[Any]) -> Made:
    """`prim::Loop` (4)"""
    trips, condition, carried, place = given[0], _decided(given[1]), list(given[2:]), 0
    pairs = zip(node.inputs[2:], node.outputs, node.blocks[0].inputs[1:], strict=True)
    hanging = [(made.number, taken.number) for start, made, taken in pairs if start.number in runner.tainted]
    runner.tainted.update(number for pair in hanging for number in pair)
    while condition is not False:
        if condition is None or type(trips) not in (int, bool):
            return _met(runner, [partial(_once, runner, node, carried), partial(list, carried)], node)
        if place >= trips:
            break
        going, *carried = _round(runner, node, place, carried)
        condition, place = _decided(going), place + 1
    return carried


def method(runner: Runner, node: Node, given: list[Any]) -> Made:
    """`prim::CallMethod`, by the class of the object that is there."""
    owner = given[0].type if isinstance(given[0], Thing) else str(node.inputs[0].type)
    return _called(runner, node, f"{owner}.{node.attribute('name', '')}", given)


def function(runner: Runner, node: Node, given: list[Any]) -> Made:
    """`prim::CallFunction`"""
    return _called(runner, node, str(given[0]), given[1:])


def fork(runner: Runner, node: Node, given: list[Any]) -> Made:
    """`prim::fork`, which runs at once."""
    graph = node.attribute("Subgraph")
    return _within(runner, graph, given, node)[:1] if isinstance(graph, Graph) else (UNKNOWN,)


def raised(runner: Runner, node: Node, given: list[Any]) -> Made:
    """`prim::RaiseException`"""
    raise Raised


def _decided(condition: Any) -> bool | None:
    """Whether a condition holds; None where that is not known, or a question that the data decides."""
    if condition is UNKNOWN:
        return None
    try:
        return bool(condition)
    except RuntimeError:
        return None


def _met(runner: Runner, arms: Sequence[Callable[[], Made]], node: Node) -> Made:
    """What is left by arms of which any may run (3)."""
    before = State(runner.held.values())
    left: list[Made] = []
    after: list[State] = []
    with runner.doubting(True):
        for arm in arms:
            before.restore()
            try:
                left.append(arm())
                after.append(State(runner.held.values()))
            except Raised:
                continue
    if not left:
        raise Raised
    after[-1].restore()
    if len(left) == 1:
        return left[0]
    runner.lost.add(after)
    runner.tainted.update(value.number for value in node.outputs)
    return list(map(joined, *left))


def _left(runner: Runner, node: Node, block: Block) -> list[Any]:
    """What a block of a node ends in; what of that hangs on data (5) is so of what the node makes."""
    runner.nodes(block.nodes)
    ends = block.outputs[len(block.outputs) - len(node.outputs) :]
    hanging = [value.number in runner.tainted for value in ends]
    runner.tainted.update(made.number for made, hangs in zip(node.outputs, hanging, strict=True) if hangs)
    return [runner.held[value.number] for value in block.outputs]


def _round(runner: Runner, node: Node, place: Any, carried: Made) -> list[Any]:
    (block,) = node.blocks
    runner.held.update(zip((value.number for value in block.inputs), (place, *carried), strict=True))
    return _left(runner, node, block)


def _once(runner: Runner, node: Node, carried: Made) -> list[Any]:
    return _round(runner, node, UNKNOWN, carried)[1:]


def _called(runner: Runner, node: Node, name: str, given: Made) -> Made:
    graph = runner.function(name)
    if graph is None or len(graph.inputs) != len(given):
        return (runner.cannot(node, "its code is not known"),) * len(node.outputs)
    return _within(runner, graph, given, node)


def _within(runner: Runner, graph: Graph, given: Made, node: Node) -> Made:
    with runner.doubting(not runner.is_sure(node)):
        return runner.run(graph, given)

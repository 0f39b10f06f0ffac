"""Two traced graphs side by side: where they part, and what one constant of the other does to one of them.

Needs torch; for the child process. It never changes a graph that it was given.

1. The *steps* of an inlined graph are its nodes in order, those of blocks where the block stands, without constants and
   without the reading of weights: torch moves these about and lets equal ones be one.
2. A step is known by its operator and by what goes into it: constants by their value, weights by their name, everything
   else by the step it comes from. Types do not count: they carry the sizes of the example, which bind nothing.
3. The graphs of two inputs *part* at the first pair of steps that are not the same. Up to it they are one program.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from tsl.entry.inputs import Inputs
from tsl.entry.places import of_node
from tsl.record import Record
from tsl.verify.compare import same
from tsl.verify.perturb import Setting
from tsl.verify.runs import answer, as_function
from tsl.verify.verdict import Node

CONSTANT, WEIGHT = "prim::Constant", "prim::GetAttr"
# What only carries values to the node that does something with them, which is the one to tell of.
CARRIERS = frozenset({"prim::ListConstruct", "prim::TupleConstruct", "prim::NumToTensor", "aten::Int", "aten::size"})


class Slot(Record):
    """A constant among the inputs of a step, by the numbers of both."""

    step: int
    place: int


def graph_of(module: Any) -> tuple[Any, list[Any]]:
    """The inlined graph of something traced as one of inputs and weights alone, and the weights.

    Raises RuntimeError where the module holds what is no tensor.
    """
    graph = module.inlined_graph
    if isinstance(module, torch.jit.ScriptFunction):
        return graph, []
    lowered, weights = torch._C._jit_pass_lower_graph(graph, module._c)
    return lowered, list(weights)


def parting(one: Any, other: Any) -> int | None:
    """The number of the step at which two graphs part (3), None where they do not."""
    steps, others = _steps(one), _steps(other)
    known, other_known = _sources(one, steps), _sources(other, others)
    for number, (step, match) in enumerate(zip(steps, others, strict=False)):
        if step.kind() != match.kind() or step.outputsSize() != match.outputsSize():
            return number
        if not same(_inputs(step, known), _inputs(match, other_known)):
            return number
    return None if len(steps) == len(others) else min(len(steps), len(others))


def unlike_constants(one: Any, other: Any) -> list[Slot]:
    """The constants that differ between two graphs which are otherwise one; none where they are not."""
    steps, others = _steps(one), _steps(other)
    if [_form(step) for step in steps] != [_form(step) for step in others]:
        return []
    return [
        Slot(number, place)
        for number, (step, match) in enumerate(zip(steps, others, strict=True))
        for place, (value, its) in enumerate(zip(step.inputs(), match.inputs(), strict=True))
        if _is_constant(value) and _is_constant(its) and not same(value.toIValue(), its.toIValue())
    ]


def with_constant(graph: Any, weights: list[Any], slot: Slot, other: Any) -> Any:
    """A graph as a function in which one constant is that of another graph."""
    patched = graph.copy()
    step = _steps(patched)[slot.step]
    value = list(_steps(other)[slot.step].inputs())[slot.place]
    constant = patched.create(CONSTANT, 1)
    constant.copyAttributes(value.node())
    constant.output().setType(value.type())
    constant.insertBefore(step)
    step.replaceInput(slot.place, constant.output())
    return as_function(patched, weights)


def computed_by(module: Any, inputs: Inputs, setting: Setting, home: str) -> Iterator[tuple[Node, torch.Tensor]]:
    """What the nodes of something traced compute for inputs, in order; nothing where it fails on them."""
    try:
        graph, weights = graph_of(module)
    except RuntimeError:
        return
    graph = graph.copy()
    steps = [step for step in graph.nodes() if _gives_tensor(step)]
    nodes = [Node(step.kind(), of_node(step, home)) for step in steps]
    for _ in list(graph.outputs()):
        graph.eraseOutput(0)
    for step in steps:
        graph.registerOutput(step.output())
    there = answer(as_function(graph, weights), inputs, setting)
    values = there.value if isinstance(there.value, tuple) else (there.value,)
    if there.error is None:
        yield from zip(nodes, values, strict=False)


def _gives_tensor(node: Any) -> bool:
    """Whether a node computes one tensor."""
    is_one = node.kind() != CONSTANT and node.outputsSize() == 1
    return bool(is_one and node.output().type().kind() == "TensorType")


def told(graph: Any, number: int, home: str) -> Node | None:
    """A step for people, with the place where it was traced; in place of one that only carries values what it feeds.

    Nodes that unpack a list know no place; theirs is that of the list. None where the graph has no such step.
    """
    steps = _steps(graph)
    if number >= len(steps):
        return None
    step = steps[number]
    while step.kind() in CARRIERS:
        users = [use.user for output in step.outputs() for use in output.uses()]
        if not users or users[0].kind() == "prim::Return":
            break
        step = users[0]
    sources = [value.node() for value in step.inputs() if not _is_constant(value)]
    places = (of_node(node, home) for node in (step, *sources))
    return Node(step.kind(), next(filter(None, places), None))


def _steps(block: Any) -> list[Any]:
    return [node for node in _nodes(block) if node.kind() not in {CONSTANT, WEIGHT}]


def _nodes(block: Any) -> Iterator[Any]:
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from _nodes(inner)


def _sources(graph: Any, steps: list[Any]) -> dict[str, tuple[int, int]]:
    """The step and output that each value comes from, by its name; the inputs of a graph come from step -1."""
    known = {value.debugName(): (-1, place) for place, value in enumerate(graph.inputs())}
    for number, step in enumerate(steps):
        known.update((value.debugName(), (number, place)) for place, value in enumerate(step.outputs()))
    return known


def _inputs(step: Any, known: dict[str, tuple[int, int]]) -> list[Any]:
    """What goes into a step, as far as it counts (2)."""
    return [_input(value, known) for value in step.inputs()]


def _input(value: Any, known: dict[str, tuple[int, int]]) -> Any:
    if _is_constant(value):
        return value.toIValue()
    return value.node().s("name") if value.node().kind() == WEIGHT else known.get(value.debugName())


def _is_constant(value: Any) -> bool:
    return bool(value.node().kind() == CONSTANT)


def _form(step: Any) -> tuple[str, int, int]:
    return step.kind(), step.inputsSize(), step.outputsSize()

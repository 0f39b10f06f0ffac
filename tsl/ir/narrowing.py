"""What a condition tells of tensors where it is known to hold, or not to: after `if x.dim() != 4: raise`.

Definitions:
1. A *question* asks a tensor for its rank (`dim`, the length of its sizes), for a size, or for its dtype.
2. A comparison with a constant tells the answer of its question where it holds (`eq`), or does not (`ne`).
3. `not` tells what its operand does not; `and` that holds tells what both do, and `or` that does not what neither does.
   TorchScript writes them as an If that makes a bool, an arm of which is the constant.
4. What is known already is not given up: an answer only fills in what is not known.

Needs a graph, and the values found so far. It will never know where a condition stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from tsl.ir.abstract import FALSE, TRUE, Constant, Tensor, Value
from tsl.ir.dtype import CODES
from tsl.ir.graph import Graph, Node
from tsl.ir.number import ANY_SIZE

Makers = Mapping[int, Node]
Values = Mapping[int, Value]

COMPARES = {"aten::eq": True, "aten::ne": False}
LARGEST = 16  # dimensions of a tensor that anybody asks for


class Narrowing:
    """What conditions have filled in while a graph is read, so that it can be taken back."""

    def __init__(self, graph: Graph | None) -> None:
        self._graph = graph
        self._before: list[tuple[int, Value]] = []

    @cached_property
    def _makers(self) -> Makers:
        nodes = self._graph.walk() if self._graph is not None else ()
        return {value.number: node for node in nodes for value in node.outputs}

    @property
    def mark(self) -> int:
        """How much has been filled in."""
        return len(self._before)

    def fill(self, values: dict[int, Value], condition: int, holds: bool) -> None:
        """Fills in what a condition tells."""
        for number, tensor in narrowed(self._makers, values, condition, holds):
            self._before.append((number, values[number]))
            values[number] = tensor

    def take_back(self, values: dict[int, Value], mark: int) -> None:
        """Takes back what was filled in since a mark."""
        while len(self._before) > mark:
            number, value = self._before.pop()
            values[number] = value


def narrowed(makers: Makers, values: Values, number: int, holds: bool) -> Iterator[tuple[int, Tensor]]:
    """The tensors that a condition tells of (1-4), by the numbers of their values, and what they are then."""
    node = makers.get(number)
    if node is None:
        return
    if node.kind in COMPARES:
        if COMPARES[node.kind] is holds and len(node.inputs) == 2:  # (2)
            yield from _answered(makers, values, node)
    elif node.kind == "aten::__not__":
        yield from narrowed(makers, values, node.inputs[0].number, not holds)
    elif node.kind in ("aten::__and__", "aten::__or__"):
        if (node.kind == "aten::__and__") is holds:
            for value in node.inputs:
                yield from narrowed(makers, values, value.number, holds)
    elif node.kind == "prim::If" and len(node.blocks) == 2 and len(node.outputs) == 1:
        yield from _joined(makers, values, node, holds)


def _joined(makers: Makers, values: Values, node: Node, holds: bool) -> Iterator[tuple[int, Tensor]]:
    """(3)"""
    first, second = (block.outputs[0].number for block in node.blocks)
    plain, other = (second, first) if holds else (first, second)
    constant = FALSE if holds else TRUE
    if values.get(plain) == constant or plain == node.inputs[0].number:
        yield from narrowed(makers, values, node.inputs[0].number, holds)
        yield from narrowed(makers, values, other, holds)


def _answered(makers: Makers, values: Values, node: Node) -> Iterator[tuple[int, Tensor]]:
    asked, answer = node.inputs[0].number, values.get(node.inputs[1].number)
    if type(answer) is not Constant:
        asked, answer = node.inputs[1].number, values.get(asked)
    question = makers.get(asked)
    if type(answer) is not Constant or type(answer.value) is not int or question is None or not question.inputs:
        return
    if question.kind == "aten::len":
        question = makers.get(question.inputs[0].number)
        if question is None or question.kind != "aten::size" or len(question.inputs) != 1:
            return
    tensor = values.get(question.inputs[0].number)
    if type(tensor) is Tensor:
        found = _filled(tensor, question, answer.value, values)
        if found is not None:
            yield question.inputs[0].number, found


def _filled(tensor: Tensor, question: Node, answer: int, values: Values) -> Tensor | None:
    """A tensor with an answer filled in; None where it says nothing new (4)."""
    if question.kind == "prim::dtype":
        return tensor._replace(dtype=CODES[answer]) if tensor.dtype == "" and answer in CODES else None
    is_rank = question.kind == "aten::dim" or (question.kind == "aten::size" and len(question.inputs) == 1)
    if is_rank:
        is_new = tensor.shape is None and 0 <= answer <= LARGEST
        return tensor._replace(shape=(ANY_SIZE,) * answer) if is_new else None
    if question.kind != "aten::size" or not isinstance(tensor.shape, tuple):
        return None
    place = values.get(question.inputs[1].number)
    at = place.value if type(place) is Constant else None
    if type(at) is not int or not -len(tensor.shape) <= at < len(tensor.shape) or isinstance(tensor.shape[at], int):
        return None
    shape = list(tensor.shape)
    shape[at] = answer
    return tensor._replace(shape=tuple(shape))

"""The outputs of a graph that no run decides: tensors that come out the same whatever goes in.

Definitions:
1. A value is *open* where it depends on what a caller gives, on what is drawn, on what a call of something unknown
   makes, or on what the module holds. All other values are *settled*: they are made of constants of the graph.
2. What a node makes is open where something that it takes is; so is what an If or a Loop makes where its condition, or
   anything in it, is.
3. A write opens what it writes to, with all that shares its memory as a view of it, where something it takes is open.
4. Outputs are the tensors that a graph returns, those in tuples, lists and dictionaries made for it included.

Needs graphs that call nothing any more. It will never know what a constant holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from tsl.ir.containers import CHANGES
from tsl.ir.graph import Node, Value
from tsl.ir.operator import operator_at
from tsl.ir.types import TENSOR
from tsl.ir.uses import CALLS, Uses

HOLDS = frozenset({"prim::TupleConstruct", "prim::ListConstruct", "prim::DictConstruct"})
# What makes an open value of nothing, besides what draws (1).
OPENS = CALLS | {"prim::GetAttr", "prim::CreateObject", "prim::PythonOp", "aten::wait", "prim::Uninitialized"}
ROUNDS = 8


def settled_outputs(uses: Uses, draws: frozenset[str]) -> Iterator[tuple[str, Node]]:
    """The settled tensors (1) that a graph returns, by their place in words, each with the node that makes it.

    `draws` are the kinds that draw random numbers. Of a graph that is given no tensor nothing is said.
    """
    returned = [(place, value) for place, value in _outputs(uses) if value.type is TENSOR]
    given = {value.number for value in uses.graph.inputs}
    if not returned or not any(value.type.kind != "Class" for value in uses.graph.inputs):
        return
    found = _Open(uses, draws, given)
    for place, value in returned:
        maker = uses.maker(value.number)
        if maker is not None and not found.is_open(value.number):
            yield place, maker


class _Open:
    """Which values are open: grows until nothing changes, and all are where that takes too long."""

    def __init__(self, uses: Uses, draws: frozenset[str], given: set[int]) -> None:
        self._uses, self._draws, self._open = uses, draws, set(given)
        for _ in range(ROUNDS):
            before = len(self._open)
            for node in uses.graph.nodes:
                self._read(node)
            if len(self._open) == before:
                return
        self._open.update(value.number for node in uses.nodes for value in node.outputs)

    def is_open(self, number: int) -> bool:
        """Whether a value is open, or what it is a view of."""
        return number in self._open or self._uses.root(number) in self._open

    def _read(self, node: Node) -> bool:
        """Reads a node and what is in it; whether it is open (2)."""
        inner = [self._read(each) for block in node.blocks for each in block.nodes]
        is_open = any(inner) or self._opens(node) or any(self.is_open(value.number) for value in node.inputs)
        if is_open:
            self._open.update(value.number for value in node.outputs)
            self._open.update(value.number for block in node.blocks for value in block.inputs)
            if node.inputs and _writes(node):
                self._open.add(self._uses.root(node.inputs[0].number))  # (3)
        return is_open

    def _opens(self, node: Node) -> bool:
        if node.kind in OPENS or node.kind in self._draws:
            return True
        return not node.kind.startswith(("aten::", "prim::"))


def _writes(node: Node) -> bool:
    operator = operator_at(node)
    return node.kind in CHANGES or node.kind == "prim::SetAttr" or bool(operator and operator.writes_self)


def _outputs(uses: Uses) -> Iterator[tuple[str, Value]]:
    """(4)"""
    queue = [("output", value) for value in uses.graph.outputs]
    while queue:
        place, value = queue.pop(0)
        maker = uses.maker(value.number)
        if maker is None or maker.kind not in HOLDS:
            yield place, value
        elif maker.kind == "prim::DictConstruct":
            queue += [
                (f"{place} {_key(uses, key)}", part) for key, part in zip(*[iter(maker.inputs)] * 2, strict=False)
            ]
        else:
            queue += [(f"{place} {number}", part) for number, part in enumerate(maker.inputs)]


def _key(uses: Uses, key: Value) -> str:
    constant = uses.constant(key.number)
    return repr(constant) if isinstance(constant, str | int) else f"%{key.name}"

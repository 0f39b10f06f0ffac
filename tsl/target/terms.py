"""What a target takes, and on terms: as several other operators, in some forms only, or without a dtype.

Definitions:
1. An operator is taken *apart* where the target runs at least three others in its place; its table says which. What
   that costs is time, and numbers that are rounded more than once.
2. It is taken *partly* where its converter refuses some forms of it. A form that the graph shows is refused (LIMITS,
   with what the graph has to show); one that only a run shows is told with the condition.
3. A target *lacks* a dtype. What makes the first tensor of it is told, and not what computes with that.

Read from the converters of Torch-TensorRT 2.13 (core/conversion/converters/impl: select.cpp, normalize.cpp,
pooling.cpp, expand.cpp) and its core/partitioning/shape_analysis.cpp. Needs nodes and tables.

It will never know a rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tsl.ir.graph import Node
from tsl.ir.operator import operator_at
from tsl.ir.solved import Solved
from tsl.ir.uses import Uses
from tsl.record import Record

DISPLAYS = frozenset({"prim::ListConstruct", "prim::TupleConstruct"})
# Whether the graph shows a form that is refused: True or False, None where only a run does.
Shown = Callable[[Node, Uses], "bool | None"]


class Limit(Record):
    """A form of an operator that a target refuses (2), in words that follow `takes ... `."""

    words: str
    shown: Shown


def _unseen(node: Node, uses: Uses) -> bool | None:
    return None


def _given(name: str, usual: object) -> Shown:
    """Whether an argument is written as something else than what is usual."""

    def shown(node: Node, uses: Uses) -> bool | None:
        operator = operator_at(node)
        place = operator.places.get(name, -1) if operator else -1
        if not 0 <= place < len(node.inputs):
            return None
        number = node.inputs[place].number
        maker = uses.maker(number)
        parts = [value.number for value in maker.inputs] if maker and maker.kind in DISPLAYS else [number]
        return any(uses.constant(part) != usual for part in parts)

    return shown


LIMITS: Mapping[str, Mapping[str, Limit]] = {
    "tensorrt": {
        "aten::roll": Limit("only where the size of the rolled dimension is fixed", _unseen),
        "aten::repeat_interleave": Limit("only where at most one dimension is dynamic", _unseen),
        "aten::linalg_norm": Limit("only without an `ord`", _given("ord", None)),
        **dict.fromkeys(
            ("aten::max_pool1d", "aten::max_pool2d", "aten::max_pool3d"),
            Limit("only without dilation", _given("dilation", 1)),
        ),
    },
}

# The dtypes that a target has no tensors of (3).
LACKING: Mapping[str, frozenset[str]] = {"tensorrt": frozenset({"float64", "complex64", "complex128"})}
MAKERS_ONLY = frozenset({"prim::Constant", "prim::GetAttr", "prim::NumToTensor"})


class Foreign(Record):
    """A node that makes the first tensor of a dtype that a target lacks (3)."""

    node: Node
    dtype: str


def foreign_dtypes(solved: Solved, lacking: frozenset[str]) -> Iterator[Foreign]:
    """Where a graph begins to compute in dtypes that are lacking; what is put together on the host is not told."""
    for node in solved.graph.walk():
        if node.kind in MAKERS_ONLY or node.blocks:
            continue
        given = {solved.dtype_of(value) for value in node.inputs}
        for value in node.outputs:
            dtype, shape = solved.dtype_of(value), solved.shape_of(value)
            if dtype in lacking and shape != () and not given & lacking:
                yield Foreign(node, dtype)
                break

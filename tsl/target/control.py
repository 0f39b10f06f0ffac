"""Branches and loops that a target does not take as they are, whatever the operators in them.

Definitions:
1. The arms of an If *differ* where a tensor that both leave surely has different dtypes, or numbers of dimensions: both
   known, or one made of the other by operators that add or take dimensions (RANKS). An ONNX If with two dtypes is
   invalid, and one with two ranks has none, which TensorRT refuses; Core ML refuses both (coremltools, `cond`). What
   asks for the rank of a tensor they decide by the example that they are given.
2. A branch or loop is decided *by data* where the numbers in a tensor do, and not its sizes. torch.export, and what
   begins with it, ends there: "Could not guard on data-dependent expression".
3. Torch-TensorRT evaluates control flow while it builds an engine: a loop that runs tensors, or a branch decided by
   data, stays with torch (its core/partitioning). It freezes a model before, which *unrolls* loops of a constant number
   of rounds that is below UNROLLED (measured on torch 2.13: torch._C._freeze_module, bodies of 1 to 300 nodes).

Needs graphs that were interpreted. It will never know a rule or a severity.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tsl.ir.foretold import ASKED
from tsl.ir.graph import Block, Node, Value
from tsl.ir.solved import Solved
from tsl.ir.uses import Uses
from tsl.record import Record

BRANCH, LOOP = "prim::If", "prim::Loop"
UNROLLED = 64

# What each family of targets does not take.
EXPORTED = frozenset({"export", "onnx-dynamo", "executorch"})
ENGINES = frozenset({"tensorrt"})
GRAPHS = frozenset({"onnx", "coreml"})

# By how many dimensions the result of an operator differs from its first operand. A squeeze that a branch is about
# takes one: that is what the branch asks.
RANKS: Mapping[str, int] = {
    "aten::squeeze": -1,
    "aten::unsqueeze": 1,
    "aten::select": -1,
    "aten::stack": 1,
    **dict.fromkeys(
        """aten::relu aten::relu_ aten::sigmoid aten::tanh aten::neg aten::abs aten::exp aten::clone aten::contiguous
        aten::detach aten::to aten::transpose aten::permute aten::slice aten::softmax aten::log_softmax aten::clamp
        aten::dropout aten::gelu aten::silu aten::flip aten::roll""".split(),
        0,
    ),
}
# Where the numbers in a tensor become a value of Python; of what was a number before it is none.
READS = frozenset(
    """aten::Bool aten::Int aten::Float aten::item aten::is_nonzero aten::IntImplicit aten::FloatImplicit
    aten::ScalarImplicit aten::equal aten::allclose""".split()
)
NUMBER = "prim::NumToTensor"
ASKS = ASKED | {"prim::device", "prim::is_cuda"}
SETTLED = frozenset({"aten::dim", "aten::len", "aten::__is__", "aten::__isnot__"})

DTYPES, DIMENSIONS, DATA, TENSORS, ROUNDS = "dtypes", "dimensions", "data", "tensors", "rounds"

# The targets that each of these is about.
TAKERS: Mapping[str, frozenset[str]] = {
    DTYPES: GRAPHS,
    DIMENSIONS: GRAPHS,
    DATA: EXPORTED | ENGINES,
    TENSORS: ENGINES,
    ROUNDS: ENGINES,
}


class Control(Record):
    """A branch or loop, and what of it some targets do not take: `why` is one of DTYPES to ROUNDS, `words` tells it."""

    node: Node
    why: str
    words: str = ""


def controls(solved: Solved, dead: Mapping[int, int]) -> Iterator[Control]:
    """What targets may not take of the control flow of a graph, in its order.

    `dead` are the arms that no run takes, by the identity of the branch: not those that an example does not take.
    """
    uses = Uses(solved.graph)
    for node in _running(solved.graph.nodes, dead):
        if node.kind == BRANCH and len(node.blocks) == 2 and id(node) not in dead:
            yield from _of_branch(node, solved, uses)
        elif node.kind == LOOP and len(node.blocks) == 1:
            yield from _of_loop(node, uses)


def _running(nodes: Sequence[Node], dead: Mapping[int, int]) -> Iterator[Node]:
    """The nodes that may run: not those in an arm that is never taken."""
    for node in nodes:
        yield node
        for number, block in enumerate(node.blocks):
            if dead.get(id(node)) != number:
                yield from _running(block.nodes, dead)


def _of_branch(node: Node, solved: Solved, uses: Uses) -> Iterator[Control]:
    if _raises(node):
        return
    if _is_data(node.inputs[0], uses):
        yield Control(node, DATA)
    for one, other in zip(node.blocks[0].outputs, node.blocks[1].outputs, strict=False):
        dtypes = solved.dtype_of(one), solved.dtype_of(other)
        if all(dtypes) and dtypes[0] != dtypes[1]:
            yield Control(node, DTYPES, f"`{dtypes[0]}` and `{dtypes[1]}`")
        ranks = "" if _is_settled(node, uses) else _ranks(one, other, solved, uses)
        if ranks:
            yield Control(node, DIMENSIONS, ranks)


def _of_loop(node: Node, uses: Uses) -> Iterator[Control]:
    (block,) = node.blocks
    if _is_data(node.inputs[0], uses) or _is_data(block.outputs[0], uses):
        yield Control(node, DATA)
    if not any(_is_tensor(value) for inner in _walk(block) for value in inner.outputs):
        return
    rounds, starts = uses.constant(node.inputs[0].number), uses.constant(node.inputs[1].number)
    goes_on = uses.constant(block.outputs[0].number)
    if isinstance(rounds, int) and rounds < UNROLLED and starts and goes_on:
        yield Control(node, ROUNDS, str(rounds))
    else:
        yield Control(node, TENSORS)


def _is_settled(node: Node, uses: Uses) -> bool:
    """Whether a converter knows which arm it takes: from the rank of an example, or from what is None."""
    return bool(uses.made_of(node.inputs[0].number, ASKED) & SETTLED)


def _raises(node: Node) -> bool:
    """Whether an arm only raises: it leaves nothing."""
    return any(inner.kind == "prim::RaiseException" for block in node.blocks for inner in block.nodes)


def _is_data(value: Value, uses: Uses) -> bool:
    """(2)"""
    made_of = uses.made_of(value.number, ASKS)
    return bool(made_of & READS) and NUMBER not in made_of


def _is_tensor(value: Value) -> bool:
    return value.type.kind == "Tensor"


def _ranks(one: Value, other: Value, solved: Solved, uses: Uses) -> str:
    """The different numbers of dimensions of two tensors in words; empty where they may be the same (1)."""
    shapes = solved.shape_of(one), solved.shape_of(other)
    if shapes[0] is not None and shapes[1] is not None:
        ranks = len(shapes[0]), len(shapes[1])
        return f"tensors with {ranks[0]} and {ranks[1]} dimensions" if ranks[0] != ranks[1] else ""
    if not (_is_tensor(one) and _is_tensor(other)):
        return ""
    added = dict(_origins(one, uses))
    for origin, number in _origins(other, uses):
        if origin in added:
            apart = abs(added[origin] - number)
            return f"numbers of dimensions that differ by {apart}" if apart else ""
    return ""


def _origins(value: Value, uses: Uses) -> Iterator[tuple[int, int]]:
    """The values that a tensor is made of in a line, with the dimensions that were added since."""
    added, number = 0, value.number
    while True:
        yield number, added
        maker = uses.maker(number)
        if maker is None or maker.kind not in RANKS or not maker.inputs:
            return
        if maker.kind == "aten::squeeze" and len(maker.inputs) < 2:
            return  # which takes any number
        added += RANKS[maker.kind]
        number = maker.inputs[0].number


def _walk(block: Block) -> Iterator[Node]:
    for node in block.nodes:
        yield node
        for inner in node.blocks:
            yield from _walk(inner)

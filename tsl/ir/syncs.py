"""The operators that make the host wait for the device: which operand they read, and what for.

A table with its sources, and the one question to it, about a node whose operands are known. What is known to be on the
CPU makes nothing wait: not the arithmetic of sizes either, which tracing records as tensors. It will never know a
graph.

Sources, all read at or tested against torch 2.13: the tags `data_dependent_output` and `dynamic_output_shape`
(aten/src/ATen/native/tags.yaml); `memcpy_and_sync` in aten/src/ATen/native/cuda (CUDAScalar.cu, Nonzero.cu,
UniqueCub.cu, Copy.cu); what test/test_cuda.py expects of `torch.cuda.set_sync_debug_mode`. Of linalg only `inv_out` was
read (BatchLinearAlgebra.cpp, `_linalg_check_errors`); the others share the function by family.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tsl.ir.graph import Node
from tsl.ir.held import FIXED, HOST, MOVES, NOWHERE, Held
from tsl.ir.transfer import NUMBERS
from tsl.record import Record


class Sync(Record):
    """Why an operator waits. `operand` is the place among the inputs of what it reads.

    With `unless` it does not wait where the input at that place is given: a number of classes, the size of the output.
    """

    why: str
    operand: int = 0
    unless: int | None = None


NUMBER = Sync("a number is read out of a tensor")
SIZE = Sync("the size of the result has to be known")
TRUTH = Sync("one answer is read out of a tensor")
ERRORS = Sync("the factorization is checked for errors")

SYNCS: Mapping[str, Sync] = {
    **dict.fromkeys(
        """aten::item aten::_local_scalar_dense aten::Int aten::Float aten::Complex aten::IntImplicit
        aten::FloatImplicit aten::ComplexImplicit aten::ScalarImplicit""".split(),
        NUMBER,
    ),
    **dict.fromkeys("aten::Bool aten::is_nonzero aten::equal aten::allclose".split(), TRUTH),
    "prim::tolist": Sync("all numbers are read out of a tensor"),
    **dict.fromkeys(
        """aten::nonzero aten::nonzero_numpy aten::argwhere aten::masked_select aten::unique_dim aten::_unique
        aten::_unique2 aten::unique_consecutive aten::unique_dim_consecutive aten::bincount""".split(),
        SIZE,
    ),
    "aten::one_hot": Sync("the number of classes is read out of a tensor", unless=1),
    "aten::_ctc_loss": Sync("the lengths are read out of a tensor", 2),
    **dict.fromkeys(
        """aten::inverse aten::linalg_inv aten::linalg_solve aten::linalg_cholesky aten::cholesky aten::linalg_eigh
        aten::linalg_svd aten::linalg_lu_factor aten::linalg_lstsq""".split(),
        ERRORS,
    ),
}

# `repeat_interleave(x, repeats, dim, output_size)`, or of repeats alone: the sum of the repeats is the size.
REPEAT = "aten::repeat_interleave"

# Indices that are masks are counted first, but not to put one number there: that is masked_fill.
INDEXING = frozenset({"aten::index"})
PUTTING = frozenset({"aten::index_put", "aten::index_put_"})
MASKED = Sync("the hits of a mask are counted")
WHERE = "aten::where"  # of a condition alone it is nonzero

COPIES = frozenset({"aten::to", "aten::cpu", "aten::cuda"})
DATA = frozenset({"aten::tensor", "aten::as_tensor"})
TO_HOST = Sync("the tensor is copied to the CPU")
TO_DEVICE = Sync("the tensor is copied from the CPU")


def sync_of(node: Node, operands: Sequence[Held], results: Sequence[Held]) -> Sync | None:
    """Why the host waits at a node, given what its operands and results hold; None where it does not."""
    known = SYNCS.get(node.kind)
    if known is not None:
        return known if _waits(known, node, operands) else None
    if node.kind in COPIES:
        return _copy(node, operands, results)
    if node.kind in DATA and node.inputs and results:
        return TO_DEVICE if results[0].where in (MOVES, FIXED) and operands[0].where == NOWHERE else None
    if node.kind in INDEXING | PUTTING:
        return MASKED if _counts_hits(node, operands) else None
    if node.kind == WHERE and len(operands) == 1 and _is_away(operands[0]):
        return SIZE
    if node.kind == REPEAT and _is_away(operands[min(1, len(operands) - 1)]):
        is_by_tensor = len(operands) < 3 or node.inputs[1].type.kind == "Tensor"
        return SIZE if is_by_tensor and (len(operands) < 3 or operands[-1].is_none) else None
    return None


def _waits(known: Sync, node: Node, operands: Sequence[Held]) -> bool:
    if len(operands) <= known.operand or not _is_away(operands[known.operand]):
        return False
    if node.inputs[known.operand].type.kind in NUMBERS:
        return False
    if known.unless is None or len(operands) <= known.unless:
        return True
    given = operands[known.unless]
    return given.is_none or given.constant == (-1,)


def _is_away(held: Held) -> bool:
    return held.where not in (HOST, NOWHERE)


def _copy(node: Node, operands: Sequence[Held], results: Sequence[Held]) -> Sync | None:
    """A copy between the CPU and another device, unless it is asked not to block."""
    if not results or any(held.constant == (True,) for held in operands):
        return None
    source, target = operands[0].where, results[0].where
    if target == HOST and _is_away(operands[0]):
        return TO_HOST
    is_data = source == HOST and not operands[0].is_number
    return TO_DEVICE if is_data and target in (MOVES, FIXED) else None


def _counts_hits(node: Node, operands: Sequence[Held]) -> bool:
    if len(operands) < 2 or not any(held.is_mask and _is_away(held) for held in operands[1].parts or ()):
        return False
    return node.kind in INDEXING or len(operands) < 3 or not operands[2].is_number

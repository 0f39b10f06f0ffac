"""Promotions: calls that compute in a wider dtype because of one of their tensors.

Definition: a *promotion* is to float64, or from 16 bits to float32, by a tensor that has dimensions, from one of
another floating dtype that has too, in an operator whose dtype is promoted over its tensors.

Needs the ways of `dtype_rules`. It will never know what comes of one.
"""

from __future__ import annotations

from tsl.ir.abstract import Tensor
from tsl.ir.dtype_rules import RULES, divided, floating, promoted, selected
from tsl.ir.operator import Call

PROMOTED = (promoted, floating, divided, selected)
# What each dtype may be promoted from.
NARROWER = {"float64": frozenset({"float16", "bfloat16", "float32"}), "float32": frozenset({"float16", "bfloat16"})}


def promotes(
    call: Call, tensors: list[tuple[int, Tensor]], made: str
) -> tuple[tuple[int, Tensor], tuple[int, Tensor]] | None:
    """The tensor that promotes a call to what it makes, and one that is promoted; None where it surely is no
    promotion."""
    if RULES.get(call.operator.name) not in PROMOTED or len(tensors) < 2:
        return None
    by = of = None
    for pair in tensors:
        tensor = pair[1]
        if not tensor.shape:
            continue
        if tensor.dtype == made:
            by = by or pair
        elif tensor.dtype in NARROWER[made]:
            of = of or pair
    return (by, of) if by and of else None

"""Constant pooling, as torch/csrc/jit/passes/constant_pooling.cpp does it: equal constants become one, at the top.

Two constants are equal where kind, type and value are; a tensor is what its storage holds, so one without a storage of
its own equals none. Constants come to the top in the reverse of the order they are met in. It will never fold anything.
"""

from __future__ import annotations

from typing import Any

from tsl.archive.values import Tensor, Unresolved
from tsl.ir.inline_form import CONSTANT, Op, Region, replace


def pool(region: Region) -> None:
    """Makes one constant of equal ones, and puts all before everything else."""
    known: dict[Any, Op] = {}
    met: list[Op] = []
    _collect(region, known, met)
    met.reverse()
    region.ops = met + region.ops


def _collect(region: Region, known: dict[Any, Op], met: list[Op]) -> None:
    kept: list[Op] = []
    for op in region.ops:
        if op.kind != CONSTANT:
            kept.append(op)
            for inner in op.regions:
                _collect(inner, known, met)
            continue
        key = _key(op)
        first = known.get(key)
        if first is None:
            known[key] = op
            met.append(op)
        else:
            replace(op.outputs[0], first.outputs[0])
    region.ops = kept


def _key(op: Op) -> Any:
    value = op.attributes[0][1] if op.attributes else None
    made = op.outputs[0].type
    if value is None or isinstance(value, int | str):
        return made, type(value), value
    if isinstance(value, Unresolved) or (isinstance(value, Tensor) and not value.storage):
        return id(op)
    return made, type(value), repr(value)

"""Constant propagation, as torch/csrc/jit/passes/constant_propagation.cpp does it for immutable types.

1. An op whose inputs are all constant, and whose inputs and outputs have no memory, becomes what it comes to.
2. An If whose condition is constant becomes the block that runs; an output that both blocks give alike leaves the If.
3. A Loop that will not run is taken out; a carried value that its body hands back unchanged leaves the Loop.

What operators come to is in `inline_scalar`. It will never run an operator on a tensor.
"""

from __future__ import annotations

from typing import Any

from tsl.ir.inline_alias import is_mutable
from tsl.ir.inline_dead import SIDE_EFFECTS, drop_branch_output, drop_carried, eliminate
from tsl.ir.inline_form import CONSTANT, Op, Region, Var, constant_of, constant_op, find, is_constant, release, replace
from tsl.ir.inline_scalar import evaluate, type_of

_SKIPPED = SIDE_EFFECTS | {
    "prim::Uninitialized",
    "prim::unchecked_unwrap_optional",
    "prim::Closure",
    "prim::AutogradZero",
    "prim::CreateObject",
    "prim::GetAttr",
    "prim::ListConstruct",
    "prim::DictConstruct",
}


def fold(region: Region) -> bool:
    """Folds what is constant, and takes out what that leaves dead; tells whether anything changed."""
    changed = _fold(region)
    if changed:
        eliminate(region, aliases=True)
    return changed


def _fold(region: Region) -> bool:
    changed = False
    kept: list[Op] = []
    for op in region.ops:
        kind = op.kind
        if kind == CONSTANT:
            kept.append(op)
        elif kind == "prim::If":
            changed = _branch(op, kept) or changed
        elif kind == "prim::Loop":
            changed = _loop(op, kept) or changed
        else:
            folded = None if kind in _SKIPPED else _folded(op)
            if folded:
                changed = True
                kept.extend(folded)
            kept.append(op)
    region.ops = kept
    return changed


def _folded(op: Op) -> list[Op]:
    """The constants that stand for what an op makes (1); none where it does not fold."""
    given: list[Any] = []
    for var in op.inputs:
        maker = find(var).op
        if maker is None or maker.kind != CONSTANT or not is_constant(var):
            return []
        given.append(constant_of(var))
    if any(is_mutable(find(var).type) for var in (*op.inputs, *op.outputs)):
        return []
    types = tuple(find(var).type for var in op.inputs)
    made = evaluate(op.kind, tuple(given), types, dict(op.attributes))
    if made is None or len(made) != len(op.outputs):
        return []
    constants = []
    for var, value in zip(op.outputs, made, strict=True):
        is_named = var.type.kind in {"NamedTuple", "Enum", "Optional"} or value is None
        constant = constant_op(value, var.type if is_named else type_of(value))
        replace(var, constant.outputs[0])
        constants.append(constant)
    return constants


def _branch(op: Op, kept: list[Op]) -> bool:
    condition = constant_of(op.inputs[0], None)
    if condition is not None:
        taken = op.regions[0 if condition else 1]
        _fold(taken)
        _splice(op, taken, kept)
        return True
    changed = [_fold(region) for region in op.regions]
    return _drop_equal_outputs(op, kept) or any(changed)


def _splice(op: Op, taken: Region, kept: list[Op]) -> None:
    """Puts the ops of the block that runs in the place of an If (2)."""
    kept.extend(taken.ops)
    for outer, inner in zip(op.outputs, taken.outputs, strict=True):
        find(inner).uses -= 1
        replace(outer, inner)
    for region in op.regions:
        if region is not taken:
            for var in region.outputs:
                find(var).uses -= 1
            for inner_op in region.ops:
                release(inner_op)
    find(op.inputs[0]).uses -= 1


def _drop_equal_outputs(op: Op, kept: list[Op]) -> bool:
    changed = False
    place = 0
    while place < len(op.outputs):
        one, other = (find(region.outputs[place]) for region in op.regions)
        stand_in = one if one is other else _common_constant(one, other, kept)
        if stand_in is None:
            place += 1
            continue
        replace(op.outputs[place], stand_in)
        drop_branch_output(op, place)
        changed = True
    kept.append(op)
    return changed


def _common_constant(one: Var, other: Var, kept: list[Op]) -> Var | None:
    """A constant before the If where both its blocks give equal ones."""
    if not is_constant(one) or not is_constant(other) or one.type is not other.type:
        return None
    value, other_value = constant_of(one), constant_of(other)
    if type(value) is not type(other_value) or value != other_value:
        return None
    if value is not None and is_mutable(one.type):
        return None
    constant = constant_op(value, one.type)
    kept.append(constant)
    return constant.outputs[0]


def _loop(op: Op, kept: list[Op]) -> bool:
    count, condition = constant_of(op.inputs[0], None), constant_of(op.inputs[1], None)
    if (isinstance(count, int) and count <= 0) or condition is False:
        for outer, given in zip(op.outputs, op.inputs[2:], strict=True):
            replace(outer, given)
        release(op)
        return True
    body = op.regions[0]
    changed = _fold(body)
    for place in range(len(op.outputs) - 1, -1, -1):
        inner = body.inputs[place + 1]
        if find(inner) is find(body.outputs[place + 1]):
            replace(op.outputs[place], op.inputs[place + 2])
            replace(inner, op.inputs[place + 2])
            drop_carried(op, place)
            changed = True
    kept.append(op)
    return changed

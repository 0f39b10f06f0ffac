"""What operators of archives of old versions mean now.

PyTorch keeps what an operator did at an earlier version of the operator set and puts that in its place when an archive
is loaded (torch/csrc/jit/operator_upgraders/upgraders_entry.cpp). Of its entries only one changes what a graph holds:
before version 4, `aten::div` of integers dropped the remainder. So `div(a, b)` becomes, of version 3 and below,

    if is_floating_point(a) or is_floating_point(b):    (of a number b: isinstance(b, float))
        div(a, b)
    else:
        div(a, b, rounding_mode="trunc")

Old forms of `full`, `gelu`, `linspace` and `logspace` are the same nodes as today's. Needs the regions of
`inline_form`.
"""

from __future__ import annotations

from typing import Any

from tsl.ir.graph import Frame, Source
from tsl.ir.inline_form import Op, Region, Var, constant_op, find, replace
from tsl.ir.types import BOOL, COMPLEX, FLOAT, INT, STR, TENSOR, Type

DIV_UNTIL = 3

_NEITHER = Type("Union", (COMPLEX, INT))


def upgrade(region: Region, version: int) -> None:
    """Puts what an operator of a version means in its place, in nested blocks too."""
    if version > DIV_UNTIL:
        return
    for op in list(region.walk()):
        for inner in op.regions:
            _upgrade_block(inner)
    _upgrade_block(region)


def _upgrade_block(region: Region) -> None:
    kept: list[Op] = []
    for op in region.ops:
        if _divides(op):
            kept.extend(_division(op))
            continue
        if op.kind in {"aten::div", "aten::div_"} and find(op.inputs[0]).type is TENSOR:
            op.source = _at(3, 10)  # with a rounding mode it is what it was, and yet goes through the upgrader
        kept.append(op)
    region.ops = kept


def _divides(op: Op) -> bool:
    """Whether an op is a division by what it is now divided by differently: of a tensor, without a rounding mode."""
    if op.kind not in {"aten::div", "aten::div_"} or not op.inputs or find(op.inputs[0]).type is not TENSOR:
        return False
    return len(op.inputs) == 2 or (len(op.inputs) == 3 and find(op.inputs[2]).type is TENSOR)


def _division(op: Op) -> list[Op]:
    divided, by, *out = op.inputs
    for var in op.inputs:
        var.uses -= 1
    made: list[Op] = []
    mode = _constant(made, "trunc", STR, _at(5, 43))
    true = _constant(made, True, BOOL, _at(3, 7))
    floats = _make(made, "aten::is_floating_point", [divided], BOOL, _at(3, 7))
    either = _branch(made, floats, _at(3, 7), BOOL)
    yes, no = either.regions
    _yield(yes, true)
    _yield(no, _is_float(no, by))
    result = _branch(made, either.outputs[0], _at(3, 3), op.outputs[0].type)
    plain, truncated = result.regions
    _yield(plain, _make(plain.ops, op.kind, [divided, by, *out], TENSOR, _at(4, 12)))
    rest = _rest(truncated, by)
    _yield(truncated, _make(truncated.ops, op.kind, [divided, rest, mode, *out], TENSOR, _at(5, 10)))
    replace(op.outputs[0], result.outputs[0])
    return made


def _is_float(region: Region, by: Var) -> Var:
    if find(by).type is TENSOR:
        return _make(region.ops, "aten::is_floating_point", [by], BOOL, _at(3, 35))
    return _make(region.ops, "prim::isinstance", [by], BOOL, None, (("types", (FLOAT,)),))


def _rest(region: Region, by: Var) -> Var:
    """A number that is no float, in the arm where that is known."""
    return by if find(by).type is TENSOR else _make(region.ops, "prim::unchecked_cast", [by], _NEITHER, None)


def _at(line: int, column: int) -> Source:
    """A place in the text of the upgrader, which torch calls `<string>`."""
    return Source((Frame("<string>", line, column),))


def _make(ops: list[Op], kind: str, inputs: list[Var], type: Type, source: Source | None, attributes: Any = ()) -> Var:
    op = Op(kind, list(inputs), attributes, None, source)
    for var in inputs:
        var.uses += 1
    op.outputs.append(Var(type, "", op))
    ops.append(op)
    return op.outputs[0]


def _branch(ops: list[Op], condition: Var, source: Source, type: Type) -> Op:
    _make(ops, "prim::If", [condition], type, source)
    ops[-1].regions = (Region([]), Region([]))
    return ops[-1]


def _constant(ops: list[Op], value: Any, type: Type, source: Source) -> Var:
    op = constant_op(value, type)
    op.source = source
    ops.append(op)
    return op.outputs[0]


def _yield(region: Region, var: Var) -> None:
    var.uses += 1
    region.outputs.append(var)

"""Transfer functions of Python's operators on abstract values. Pure: nothing is evaluated or recorded here.

Definitions:
1. An operator with a certain tensor makes a tensor; with a certain traced size and no tensor it makes a traced size,
   for sizes keep being recorded through arithmetic and comparison (measured: `n ** .5`, `n // 2`, `n > 3` stay
   traced).
   What the traced size depends on is what its traced operands depend on: a plain number's data was lost before.
2. Where an operand is joined, every combination counts: the result may be each of the operands' results.
3. Two Python constants fold.
"""

from __future__ import annotations

import _ast
import operator
from typing import Any

from tsl.flow.lattice import TOP
from tsl.source import values
from tsl.source.values import (
    BOOL,
    FLOAT,
    INT,
    NUMBER,
    SEQ,
    SIZE,
    STR,
    TENSOR,
    TRACED,
    UNKNOWN,
    Value,
)

FOLD: dict[type, Any] = {
    _ast.Add: operator.add,
    _ast.Sub: operator.sub,
    _ast.Mult: operator.mul,
    _ast.FloorDiv: operator.floordiv,
    _ast.Div: operator.truediv,
    _ast.Mod: operator.mod,
    _ast.Eq: operator.eq,
    _ast.NotEq: operator.ne,
    _ast.Lt: operator.lt,
    _ast.LtE: operator.le,
    _ast.Gt: operator.gt,
    _ast.GtE: operator.ge,
}
SMALL = 1 << 32
TENSOR_ORIGINS = values.DATA | values.SIZES | values.STATIC | values.STATE | values.EXTENT


def binary(op: Any, left: Value, right: Value) -> Value:
    """The result of `left op right`."""
    folded = _fold(op, left, right)
    if folded is not None:
        return folded
    if left.kind & SEQ or right.kind & SEQ:
        contained = _on_sequence(op, left, right)
        if contained is not None:
            return contained
    kind = left.kind | right.kind
    number = _numbers(op, kind) if not kind & ~NUMBER else _arithmetic_kind(op, left.kind, right.kind)
    result = _with_trail(number, left, right)
    logical = isinstance(op, _ast.BitAnd | _ast.BitOr | _ast.BitXor)
    return values.mask(result) if logical and is_mask(left) and is_mask(right) else result


def compare(op: Any, left: Value, right: Value) -> Value:
    """The result of `left op right` for an ordering or equality; identity and membership are the caller's."""
    folded = _fold(op, left, right)
    if folded is not None:
        return folded
    kind = left.kind | right.kind
    if not kind & (TRACED | UNKNOWN):
        return Value(BOOL, left.origin | right.origin)
    traced = _arithmetic_kind(op, left.kind, right.kind)
    plain = BOOL if traced & (NUMBER | STR) else 0
    result = _with_trail(traced & ~(NUMBER | STR) | plain or BOOL, left, right)
    return values.mask(result) if result.is_only(TENSOR) else result


def unary(op: Any, operand: Value) -> Value:
    """The result of `-x`, `+x` or `~x`; a tensor that is inverted holds truth values, as far as models go."""
    if isinstance(op, _ast.USub) and isinstance(operand.const, int | float):
        return values.constant(-operand.const)
    result = Value(operand.kind & (TRACED | NUMBER | UNKNOWN) or UNKNOWN, operand.origin, trail=operand.trail)
    return values.mask(result) if isinstance(op, _ast.Invert) and operand.is_only(TENSOR) else result


def is_mask(value: Value) -> bool:
    """Whether a value is a tensor of truth values."""
    return value.is_only(TENSOR) and value.item is values.BOOL_VALUE


def _fold(op: Any, left: Value, right: Value) -> Value | None:
    one, other = left.const, right.const
    if one is TOP or other is TOP or type(op) not in FOLD:
        return None
    if not (_is_small(one) and _is_small(other)) and not (isinstance(one, str) and isinstance(other, str)):
        return None
    try:
        return values.constant(FOLD[type(op)](one, other))
    except (ArithmeticError, TypeError):
        return None


def _is_small(thing: object) -> bool:
    return isinstance(thing, int | float) and abs(thing) < SMALL


def _numbers(op: Any, kind: int) -> int:
    if kind & FLOAT or isinstance(op, _ast.Div | _ast.Pow):
        return FLOAT | (
            INT if isinstance(op, _ast.Pow) or (kind & (INT | BOOL) and not isinstance(op, _ast.Div)) else 0
        )
    return INT


def _arithmetic_kind(op: Any, left: int, right: int) -> int:
    # None in an operator raises, so where it may stand the other kinds are what goes on.
    left, right = left & ~values.NONE or left, right & ~values.NONE or right
    if left == TENSOR or right == TENSOR:
        return TENSOR
    both = left | right
    certain_size = left == SIZE or right == SIZE
    kind = both & TRACED
    plain_left, plain_right = left & ~TRACED, right & ~TRACED
    if both & UNKNOWN and not (certain_size and not both & TENSOR):
        kind |= UNKNOWN
    if certain_size:
        return kind
    if plain_left and plain_right:
        numbers = (plain_left | plain_right) & NUMBER
        kind |= _numbers(op, numbers) if numbers else 0
        kind |= STR if plain_left & STR else 0
    return kind or UNKNOWN


def _on_sequence(op: Any, left: Value, right: Value) -> Value | None:
    if isinstance(op, _ast.Add) and left.is_only(SEQ) and right.is_only(SEQ):
        if isinstance(left.parts, tuple) and isinstance(right.parts, tuple):
            return values.sequence(left.parts + right.parts, left.origin | right.origin)
        return values.listing(_joined(left, right), left.origin | right.origin)
    if isinstance(op, _ast.Add) and (left.kind | right.kind) & SEQ and not (left.kind | right.kind) & TRACED:
        return values.listing(values.join(left.elements(), right.elements()), left.origin | right.origin)
    if isinstance(op, _ast.Mult):
        listed, count = (left, right) if left.kind & SEQ else (right, left)
        if listed.is_only(SEQ):
            return _repeat(listed, count)
    return None


def _repeat(listed: Value, count: Value) -> Value:
    if isinstance(listed.parts, tuple) and isinstance(count.const, int) and 0 <= count.const <= 16:
        return values.sequence(listed.parts * count.const, listed.origin)
    return values.listing(listed.elements(), listed.origin)


def _joined(left: Value, right: Value) -> Value:
    full = [side.elements() for side in (left, right) if side.parts != ()]
    return values.join_all(full)


def _with_trail(kind: int, left: Value, right: Value) -> Value:
    trail = left.trail if left.kind & TRACED and left.trail else right.trail
    origin = left.origin | right.origin
    if kind & SIZE and not kind & TENSOR:
        traced = _origin_of_size(left) | _origin_of_size(right)
        origin = traced if traced & values.SIZES else origin
    return Value(kind, origin, trail=trail)


def _origin_of_size(operand: Value) -> int:
    return operand.origin & ~values.DATA if operand.is_only(NUMBER) else operand.origin

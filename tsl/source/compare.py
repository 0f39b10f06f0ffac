"""Comparisons: identity, membership, sequences against sequences, and chains.

Definitions:
1. A comparison of a traced value stays traced (`operators.compare`).
2. A chain converts every link but its last; `in` converts inside; so does comparing sequences that hold traced
   values, such as `x.shape == y.shape`. Those are uses here, with whatever test stands around them.
3. `is None` is decided where the kinds decide it.
"""

from __future__ import annotations

import _ast
from collections.abc import Mapping
from typing import Any

from tsl.flow.lattice import TOP
from tsl.source import operators, values
from tsl.source.frame import INPUT, METADATA, Frame
from tsl.source.values import DICT, NONE, SEQ, TENSOR, TRACED, UNKNOWN, Value


def compare(frame: Frame, node: Any) -> Value:
    """The value of a comparison; every link of a chain but the last is converted."""
    left, result, certain = frame.evaluate(node.left), values.BOOL_VALUE, True
    links = list(zip(node.ops, node.comparators, strict=True))
    for position, (op, comparator) in enumerate(links):
        right = frame.evaluate(comparator)
        result = _link(frame, op, left, right, node)
        if position < len(links) - 1:
            frame.record(node, frame.how, result)
            certain = certain and result.const is True
        if result.const is False:
            return result
        left = right
    return result if certain or result.const is not True else values.BOOL_VALUE


def _link(frame: Frame, op: Any, left: Value, right: Value, node: Any) -> Value:
    match op:
        case _ast.Is() | _ast.IsNot():
            return _identity(left, right, isinstance(op, _ast.Is))
        case _ast.In() | _ast.NotIn():
            return _membership(frame, left, right, node)
    if (left.kind & SEQ and right.kind & (SEQ | UNKNOWN)) or (right.kind & SEQ and left.kind & UNKNOWN):
        return _compare_sequences(frame, left, right, node)
    if (
        (left.kind | right.kind) & NONE
        and left.is_only(TRACED | NONE)
        and right.is_only(TRACED | NONE)
        and left.kind != right.kind
    ):
        return (
            values.BOOL_VALUE if left.kind & NONE and left.kind != NONE else values.constant(isinstance(op, _ast.NotEq))
        )
    return operators.compare(op, left, right)


def _identity(left: Value, right: Value, same: bool) -> Value:
    for value, other in ((left, right), (right, left)):
        if other.is_only(NONE):
            if value.is_only(NONE):
                return values.constant(same)
            if not value.kind & (NONE | UNKNOWN):
                return values.constant(not same)
    return Value(values.BOOL, left.origin & right.origin | (left.origin | right.origin) & values.GRAD)


def _membership(frame: Frame, left: Value, right: Value, node: Any) -> Value:
    if left.kind & TRACED and right.is_only(DICT):
        frame.record(node, "contains", left)
    if right.is_only(TENSOR):
        frame.record(node, "contains", right)
    if left.kind & TRACED and right.is_only(SEQ):
        frame.record(node, "contains", left)
    if right.is_only(SEQ) and right.item is not None and right.item.kind & TRACED and not left.kind & UNKNOWN:
        frame.record(node, "contains", right.item)
    if isinstance(right.parts, Mapping | tuple) and left.const is not TOP and right.item is None:
        known = [part.const for part in right.parts] if isinstance(right.parts, tuple) else list(right.parts)
        if left.const in known:
            return values.BOOL_VALUE if TOP in known else Value(values.BOOL)
    return Value(values.BOOL, left.origin & METADATA) if left.is_only(PLAIN) else values.BOOL_VALUE


PLAIN = values.META | values.INT | values.STR


def _compare_sequences(frame: Frame, left: Value, right: Value, node: Any) -> Value:
    known = [side.elements() for side in (left, right) if side.is_only(SEQ) and side.parts != ()]
    traced = [elements for elements in known if elements.kind & TRACED]
    if traced:  # the side that depends on an input, where only one does: the other is what was kept of an earlier one
        most = max(traced, key=_depends_on_input)
        frame.record(node, frame.how, Value(most.kind & (TRACED | UNKNOWN), most.origin, trail=most.trail))
    return Value(values.BOOL, 0)


def _depends_on_input(elements: Value) -> bool:
    return bool(elements.origin & INPUT)

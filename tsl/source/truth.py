"""Where Python tests a truth: `if`, `while`, `and`, `or`, `not`, conditional expressions.

`decide` converts operand by operand, as Python does, so that a finding stands at the operand that is lost and not at
the whole test; how the truth is used stands in the frame (`frame.testing`). Expressions are evaluated through the
frame.

Where a question about the capture decides an `and` or an `or` whatever its other operands are, nothing is lost in them:
`x.shape[0] > 8 and not torch.jit.is_tracing()`.
"""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.flow.lattice import TOP
from tsl.source import values
from tsl.source.effects import ternary_effect
from tsl.source.frame import Env, Frame, join_envs
from tsl.source.guards import assume
from tsl.source.torch_hand import GUARDS
from tsl.source.tree import last_name
from tsl.source.values import BOOL, DATA, NONE, REF, SEQ, SIZES, TRACED, Value

if TYPE_CHECKING:
    from tsl.source.names import Names


def decide(frame: Frame, node: Any) -> bool | None:
    """How a truth test comes out, None where tsl cannot know; records each operand that is a traced value."""
    if isinstance(node, _ast.BoolOp):
        return _decide_operands(frame, node)
    if isinstance(node, _ast.UnaryOp) and isinstance(node.op, _ast.Not):
        inner = decide(frame, node.operand)
        return None if inner is None else not inner
    value = frame.evaluate(node)
    frame.record(node, frame.how, value)
    return truth_of(value)


def truth_of(value: Value) -> bool | None:
    """The truth of a value where it is the same on every path."""
    if value.const is not TOP:
        return bool(value.const)
    if value.is_only(REF):
        return True
    if value.is_only(SEQ) and isinstance(value.parts, tuple):
        return bool(value.parts)
    return False if value.is_only(NONE) else None


def _decide_operands(frame: Frame, node: Any) -> bool | None:
    conjunction = isinstance(node.op, _ast.And)
    if settled(frame, node, not conjunction):
        return not conjunction
    before, certain = frame.env, True
    try:
        for operand in node.values:
            outcome = decide(frame, operand)
            if outcome is (not conjunction):
                return outcome if certain else None if not conjunction else False
            certain = certain and outcome is not None
            frame.env = assume(frame, frame.env, operand, conjunction)
            if frame.env is None:
                return (not conjunction) if certain else None
    finally:
        frame.env = kept(before, frame.env)
    return conjunction if certain else None


def settled(frame: Frame, node: Any, outcome: bool) -> bool:
    """Whether an operand behind the first asks how the model is captured, and its answer alone decides."""
    questions = frame.module.once(_questions_of_capture, node)
    return bool(questions) and any(decide(frame, question) is outcome for question in questions)


def _questions_of_capture(node: Any, _names: Names) -> list[Any]:
    return [operand for operand in node.values[1:] if _asks_of_capture(operand)]


def _asks_of_capture(node: Any) -> bool:
    while isinstance(node, _ast.UnaryOp) and isinstance(node.op, _ast.Not):
        node = node.operand
    return isinstance(node, _ast.Call) and not node.args and not node.keywords and last_name(node.func) in GUARDS


def kept(before: Env | None, after: Env | None) -> Env | None:
    """The environment after an expression that narrowed on its way."""
    # Names bound by := inside the operands stay bound; narrowing does not outlive the test.
    if before is None or after is None or after.keys() == before.keys():
        return before
    return {
        **before,
        **{name: value for name, value in after.items() if name not in before},
    }


def bool_op(frame: Frame, node: Any) -> Value:
    """The value of `a and b` or `a or b`: one of the operands; all but the last are converted."""
    conjunction = isinstance(node.op, _ast.And)
    if conjunction and settled(frame, node, False):
        return values.constant(False)
    before = frame.env
    results: list[Value] = []
    for operand in node.values[:-1]:
        value = frame.evaluate(operand)
        frame.record(operand, frame.how, value)
        outcome = truth_of(value)
        if outcome is (not conjunction):
            frame.env = kept(before, frame.env)
            return values.join_all([*results, value])
        if outcome is None:
            results.append(_falsy(value) if conjunction else value.without(NONE))
        frame.env = assume(frame, frame.env, operand, conjunction)
        if frame.env is None:
            break
    else:
        results.append(frame.evaluate(node.values[-1]))
    frame.env = kept(before, frame.env)
    return values.join_all(value for value in results if value.kind)


def _falsy(value: Value) -> Value:
    """What `a and b` is where `a` is falsy: a traced `a` has been converted by then, and that was the loss."""
    return Value(BOOL, value.origin & ~(DATA | SIZES)) if value.is_only(TRACED) else value


def negate(frame: Frame, node: Any) -> Value:
    """The value of `not x`: a plain bool, for `not` converts."""
    outcome = decide(frame, node.operand)
    return values.BOOL_VALUE if outcome is None else values.constant(not outcome)


def ternary(frame: Frame, node: Any) -> Value:
    """The value of `a if test else b`."""
    with frame.testing("ternary", ternary_effect(node)):
        outcome = decide(frame, node.test)
    before = frame.env
    results: list[Value] = []
    after: Env | None = None
    for arm, truth in ((node.body, True), (node.orelse, False)):
        if outcome is (not truth):
            continue
        frame.env = assume(frame, before, node.test, truth)
        if frame.env is not None:
            results.append(frame.evaluate(arm))
            after = join_envs(after, frame.env)
    frame.env = kept(before, after)
    return values.join_all(results)

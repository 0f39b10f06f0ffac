"""Narrowing: what a test that came out true or false says about the names in it.

Definitions:
1. `x is None`, `x is not None`, `isinstance(x, T)`, `torch.is_tensor(x)`, `not`, `and`, `or`, a bare name's truth,
   and `hasattr`-free combinations of these narrow names and attributes of `self`; other tests narrow nothing.
2. Narrowing edits a copy of the environment. When it rules out every kind a name may have, that arm cannot run and
   has no environment.
3. A size is a tensor to isinstance() while tracing, and no int.
4. `torch.jit.is_tracing()` is true while tracing, its relatives (`GUARDS`) are false; that is decided in `calls`,
   here they are constants like any other.
"""

from __future__ import annotations

import _ast
from typing import Any

from tsl.source import values
from tsl.source.frame import Env, Frame
from tsl.source.tree import last_name
from tsl.source.values import (
    BOOL,
    DICT,
    FLOAT,
    INT,
    META,
    NONE,
    REF,
    SEQ,
    SIZE,
    STR,
    TENSOR,
    UNKNOWN,
    Value,
)

TYPES = {
    "Tensor": TENSOR,
    "Parameter": TENSOR,
    "int": INT,
    "float": FLOAT,
    "bool": BOOL,
    "str": STR,
    "list": SEQ,
    "tuple": SEQ,
    "set": SEQ,
    "Size": SEQ,
    "Sequence": SEQ,
    "Iterable": SEQ | DICT | TENSOR,
    "dict": DICT,
    "Mapping": DICT,
    "device": META,
    "dtype": META,
    "Number": INT | FLOAT | BOOL,
    "Integral": INT | BOOL,
}


def key_of(frame: Frame, node: Any) -> str | None:
    """The environment key of a name or of an attribute of `self`; None for other expressions."""
    if isinstance(node, _ast.Name):
        return node.id
    if isinstance(node, _ast.Attribute) and isinstance(node.value, _ast.Name) and node.value.id == frame.self_name:
        return f"self.{node.attr}"
    return None


def assume(frame: Frame, env: Env | None, test: Any, truth: bool) -> Env | None:
    """The environment on the arm where `test` came out as `truth`; None where that cannot happen."""
    if env is None:
        return None
    match test:
        case _ast.UnaryOp(op=_ast.Not(), operand=operand):
            return assume(frame, env, operand, not truth)
        case _ast.BoolOp(op=op, values=operands):
            return _assume_all(frame, env, operands, truth, isinstance(op, _ast.And))
        case _ast.Compare(
            left=left,
            ops=[_ast.Is() | _ast.IsNot() | _ast.Eq() | _ast.NotEq() as op],
            comparators=[right],
        ):
            return _assume_none(
                frame,
                env,
                left,
                right,
                isinstance(op, _ast.Is | _ast.Eq) is truth,
                type(op),
            )
        case _ast.Call(func=_ast.Name(id="isinstance"), args=[subject, types]):
            return _assume_type(frame, env, subject, kinds_of(types), truth)
        case _ast.Call(func=func, args=[subject]) if last_name(func) == "is_tensor":
            return _assume_type(frame, env, subject, TENSOR, truth)
        case _ast.Name() | _ast.Attribute():
            return _assume_truth(frame, env, test, truth)
        case _ast.NamedExpr(target=target):
            return _assume_truth(frame, env, target, truth)
    return env


def _assume_all(frame: Frame, env: Env, operands: list[Any], truth: bool, conjunction: bool) -> Env | None:
    if conjunction is not truth:
        return env if len(operands) > 1 else assume(frame, env, operands[0], truth)
    narrowed: Env | None = env
    for operand in operands:
        narrowed = assume(frame, narrowed, operand, truth)
    return narrowed


def _assume_none(frame: Frame, env: Env, left: Any, right: Any, equal: bool, op: type) -> Env | None:
    key = key_of(frame, left)
    if key is None or not (isinstance(right, _ast.Constant) and right.value is None):
        return env
    value = _held(frame, env, key, left)
    if equal:
        return _with(env, key, values.NONE_VALUE, value.kind & (NONE | UNKNOWN))
    return _with(env, key, value.without(NONE), value.without(NONE).kind)


def _assume_type(frame: Frame, env: Env, subject: Any, kinds: int | None, truth: bool) -> Env | None:
    key = key_of(frame, subject)
    if key is None or kinds is None:
        return env
    value = _held(frame, env, key, subject)
    matching = under_trace(kinds)
    if not truth:
        rest = value.without(matching)
        return _with(env, key, rest, rest.kind)
    if value.kind & UNKNOWN and not value.kind & matching:
        if kinds & TENSOR and kinds != TENSOR:
            return env
        return _with(env, key, _of_kind(kinds, value), kinds)
    rest = value.without(~matching)
    return _with(env, key, rest, rest.kind)


def _of_kind(kinds: int, value: Value) -> Value:
    if kinds == TENSOR:
        return values.tensor(value.origin or values.DATA, value.trail)
    item = values.UNKNOWN_VALUE if kinds & (SEQ | DICT) else None
    return Value(kinds, item=item)


def kinds_of(types: Any) -> int | None:
    """The kinds an isinstance() type expression stands for; None when one of its classes is not a kind."""
    if isinstance(types, _ast.BinOp):
        parts = [types.left, types.right]
    else:
        parts = types.elts if isinstance(types, _ast.Tuple) else [types]
    total = 0
    for part in parts:
        kind = TYPES.get(last_name(part))
        if kind is None:
            return None
        total |= kind
    return total


def under_trace(kinds: int) -> int:
    """The kinds whose values are instances of these types while tracing (3)."""
    return kinds | SIZE if kinds & TENSOR else kinds


def _assume_truth(frame: Frame, env: Env, node: Any, truth: bool) -> Env | None:
    key = key_of(frame, node)
    if key is None:
        return env
    value = _held(frame, env, key, node)
    if not truth:
        # Only kinds that can be false: a module or function never is.
        rest = value.without(REF) if value.kind & REF else value
        return _with(env, key, rest, rest.kind)
    return _with(env, key, value.without(NONE), value.without(NONE).kind)


def _held(frame: Frame, env: Env, key: str, node: Any) -> Value:
    return env[key] if key in env else frame.session.evaluate(frame, node)


def _with(env: Env, key: str, value: Value, possible: int) -> Env | None:
    if not possible:
        return None
    if env.get(key) is value:
        return env
    return {**env, key: value}

"""Expressions -> abstract values: one function per node type, looked up in EVALUATE.

Evaluating records uses as it goes (`frame.record`). Tests are `truth`'s and `compare`'s job, displays `displays`',
calls `calls`', operators' results `operators`'.
"""

from __future__ import annotations

import _ast
from collections.abc import Iterator, Mapping
from typing import Any

from tsl.source import calls, containers, operators, values
from tsl.source.compare import compare
from tsl.source.displays import comprehension, dictionary, sequence
from tsl.source.frame import Frame
from tsl.source.guards import key_of
from tsl.source.refs import Arguments, External, Routine
from tsl.source.torch_numbers import note_bound
from tsl.source.tree import keeps_one
from tsl.source.truth import bool_op, negate, ternary
from tsl.source.values import DICT, REF, SEQ, SIZE, TENSOR, TRACED, UNKNOWN_VALUE, Value


def evaluate(frame: Frame, node: Any) -> Value:
    """The value of an expression; UNKNOWN for node types that hold no value tsl follows."""
    handler = EVALUATE.get(type(node))
    return handler(frame, node) if handler else UNKNOWN_VALUE


# Names, attributes, subscripts


def _name(frame: Frame, node: Any) -> Value:
    found = frame.env.get(node.id) if frame.env is not None else None
    if found is not None:
        if frame.handed:
            frame.read(node.id)
        return frame.capture(node, found)
    closure = frame.routine.closure
    if closure and node.id in closure:
        return closure[node.id]
    return frame.capture(node, frame.session.global_value(frame.module, node.id))


def _attribute(frame: Frame, node: Any) -> Value:
    key = key_of(frame, node)
    if key is not None and key in frame.scope:
        return frame.scope[key]
    return frame.capture(node, calls.attribute(frame, _owner(frame, node), node.attr, node))


# What is asked of a tensor without putting it into the graph (measured; its shape does put it there)
OUTSIDE = frozenset({"data", "item", "tolist", "device", "dtype", "requires_grad", "grad", "is_cuda", "is_leaf"})


def _owner(frame: Frame, node: Any) -> Value:
    if node.attr not in OUTSIDE:
        return evaluate(frame, node.value)
    with frame.inside("outside"):
        return evaluate(frame, node.value)


def _subscript(frame: Frame, node: Any) -> Value:
    base = evaluate(frame, node.value)
    if isinstance(node.slice, _ast.Slice):
        lower, upper = (_bound(frame, bound) for bound in (node.slice.lower, node.slice.upper))
        step = evaluate(frame, node.slice.step) if node.slice.step else None
        if base.is_only(SEQ) and not base.origin & values.RANK:
            for bound in (lower, upper):
                if bound is not None and bound.kind & TRACED:
                    frame.record(node, "index", bound)
        for place, bound in ((node.slice.lower, lower), (node.slice.upper, upper)):
            if bound is not None and base.is_only(TENSOR):
                note_bound(frame, place, bound)
        cut = containers.cut(base, *(bound.const if bound else None for bound in (lower, upper)))
        if base.is_only(TENSOR) and keeps_one(node.slice):
            return values.thin(cut)
        return cut if step is None or not cut.is_only(SEQ) else values.listing(cut.elements(), cut.origin)
    key = evaluate(frame, node.slice)
    if base.kind & REF:
        if any(isinstance(ref, External) and ref.path == "os.environ" for ref in base.refs):
            frame.note_call(node, "os.environ.get", None, Arguments((key,)))
        base = frame.session.objects.items(base)
    if base.kind & REF:
        return calls.subscript(frame, base, key)
    found = containers.index(frame, base, key, node)
    frame.capture(node, found)
    return values.thin(found) if base.is_only(TENSOR) and keeps_one(node.slice) else found


def _bound(frame: Frame, node: Any) -> Value | None:
    return None if node is None else evaluate(frame, node)


def _slice(frame: Frame, node: Any) -> Value:
    for bound in (node.lower, node.upper, node.step):
        if bound is not None:
            note_bound(frame, bound, evaluate(frame, bound))
    return UNKNOWN_VALUE


# Text and the rest


def _formatted(frame: Frame, node: Any) -> Value:
    for part in node.values:
        if isinstance(part, _ast.FormattedValue):
            value = evaluate(frame, part.value)
            if value.kind & SIZE:
                frame.record(part.value, "format", value)
    return values.STR_VALUE


def _walrus(frame: Frame, node: Any) -> Value:
    value = evaluate(frame, node.value)
    frame.session.bind(frame, node.target, value, node.value)
    return value


def _lambda(frame: Frame, node: Any) -> Value:
    return values.reference(Routine(node, frame.module, closure=frame.scope))


def _unary(frame: Frame, node: Any) -> Value:
    if isinstance(node.op, _ast.Not):
        return negate(frame, node)
    return operators.unary(node.op, evaluate(frame, node.operand))


def _binary(frame: Frame, node: Any) -> Value:
    left, right = evaluate(frame, node.left), evaluate(frame, node.right)
    if isinstance(node.op, _ast.Mult):
        for listed, count in ((left, right), (right, left)):
            if listed.is_only(SEQ) and count.kind & TRACED:
                frame.record(node, "index", count)
    if isinstance(node.op, _ast.Mod) and left.is_only(values.STR):
        for value in right.parts if isinstance(right.parts, tuple) else (right,):
            frame.record(node, "format", value if value.kind & SIZE else UNKNOWN_VALUE)
        return values.STR_VALUE
    return operators.binary(node.op, left, right)


def _call(frame: Frame, node: Any) -> Value:
    arguments = _arguments(frame, node)
    if isinstance(node.func, _ast.Attribute):
        key = key_of(frame, node.func)
        if key is None or key not in frame.scope:
            return calls.method(frame, _owner(frame, node.func), node.func.attr, arguments, node)
    return calls.call(frame, evaluate(frame, node.func), arguments, node)


def _arguments(frame: Frame, node: Any) -> Arguments:
    if not node.keywords and not any(isinstance(item, _ast.Starred) for item in node.args):
        return Arguments(tuple([evaluate(frame, item) for item in node.args]))
    positional, rest = _positional(frame, node)
    keywords: dict[str, Value] = {}
    for name, value in _keywords(frame, node):
        if name is None:
            rest.append(value)
        else:
            keywords[name] = value
    return Arguments(tuple(positional), keywords, values.join_all(rest) if rest else None)


def _positional(frame: Frame, node: Any) -> tuple[list[Value], list[Value]]:
    """The arguments whose places are known, and those that come with or after a `*` of unknown length."""
    positional: list[Value] = []
    rest: list[Value] = []
    for item in node.args:
        if not isinstance(item, _ast.Starred):
            (rest if rest else positional).append(evaluate(frame, item))
            continue
        spread = frame.session.objects.items(evaluate(frame, item.value))
        if spread.is_only(TENSOR):
            frame.record(item, "star", containers.length_of(spread))
        if not rest and spread.is_only(SEQ) and isinstance(spread.parts, tuple):
            positional.extend(spread.parts)
        else:
            rest.append(containers.element_of(spread))
    return positional, rest


def _keywords(frame: Frame, node: Any) -> Iterator[tuple[str | None, Value]]:
    for keyword in node.keywords:
        value = evaluate(frame, keyword.value)
        if keyword.arg is not None:
            yield keyword.arg, value
        elif isinstance(value.parts, Mapping) and value.is_only(DICT) and value.item is None:
            yield from ((str(name), part) for name, part in value.parts.items())
        else:
            yield None, value.elements() if value.kind & DICT else UNKNOWN_VALUE


def _starred(frame: Frame, node: Any) -> Value:
    return containers.element_of(evaluate(frame, node.value))


def _opaque(frame: Frame, node: Any) -> Value:
    if getattr(node, "value", None) is not None:
        evaluate(frame, node.value)
    return UNKNOWN_VALUE


EVALUATE: dict[type, Any] = {
    _ast.Constant: lambda _frame, node: values.constant(node.value),
    _ast.Name: _name,
    _ast.Attribute: _attribute,
    _ast.Subscript: _subscript,
    _ast.Slice: _slice,
    _ast.Call: _call,
    _ast.BinOp: _binary,
    _ast.UnaryOp: _unary,
    _ast.BoolOp: bool_op,
    _ast.Compare: compare,
    _ast.IfExp: ternary,
    _ast.Tuple: sequence,
    _ast.List: sequence,
    _ast.Set: sequence,
    _ast.Dict: dictionary,
    _ast.ListComp: comprehension,
    _ast.SetComp: comprehension,
    _ast.GeneratorExp: comprehension,
    _ast.DictComp: comprehension,
    _ast.JoinedStr: _formatted,
    _ast.NamedExpr: _walrus,
    _ast.Lambda: _lambda,
    _ast.Starred: _starred,
    _ast.Await: _opaque,
    _ast.Yield: _opaque,
    _ast.YieldFrom: _opaque,
}

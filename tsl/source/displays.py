"""Displays and comprehensions: `[a, *b]`, `{k: v}`, `[f(t) for t in ts if t]`.

Generators run once, over the join of what they iterate; a comprehension has a scope of its own. Expressions are
evaluated through the frame, iteration is `containers`' job.
"""

from __future__ import annotations

import _ast
from typing import Any

from tsl.flow.lattice import TOP
from tsl.source import containers, values
from tsl.source.frame import Frame
from tsl.source.guards import assume
from tsl.source.truth import decide
from tsl.source.values import DICT, SEQ, TENSOR, Value


def sequence(frame: Frame, node: Any) -> Value:
    """The value of a list, tuple or set display."""
    parts: list[Value] = []
    fewer = 0
    for item in node.elts:
        if not isinstance(item, _ast.Starred):
            parts.append(frame.evaluate(item))
            continue
        spread = frame.session.objects.items(frame.evaluate(item.value))
        if spread.is_only(TENSOR):
            frame.record(item, "star", containers.length_of(spread))
        if not (spread.is_only(SEQ) and isinstance(spread.parts, tuple)):
            rest = [frame.evaluate(other.value if isinstance(other, _ast.Starred) else other) for other in node.elts]
            known = [value.elements() if value.kind & SEQ else value for value in rest]
            origin = spread.origin & containers.LENGTHS if spread.is_only(SEQ) else 0
            return values.listing(values.join_all(known), origin)
        parts.extend(spread.parts)
        fewer |= spread.origin & values.FEWER
    if isinstance(node, _ast.Set):
        for part in parts:
            frame.record(node, "index", part)  # a set hashes its elements, and a traced one by identity
    return values.sequence(parts, fewer)


def dictionary(frame: Frame, node: Any) -> Value:
    """The value of a dict display."""
    parts: dict[object, Value] = {}
    rest: list[Value] = []
    for key, item in zip(node.keys, node.values, strict=True):
        value = frame.evaluate(item)
        const = frame.evaluate(key).const if key is not None else TOP
        if const is TOP:
            rest.append(value.elements() if key is None and value.kind & DICT else value)
        else:
            parts[const] = value
    return Value(DICT, parts=parts, item=values.join_all(rest) if rest else None)


def comprehension(frame: Frame, node: Any) -> Value:
    """The value of a comprehension or generator expression; its length is plain, whatever was lost in counting it."""
    before = frame.env
    count = _generators(frame, node.generators)
    parts = [node.key, node.value] if isinstance(node, _ast.DictComp) else [node.elt]
    results = [frame.evaluate(part) for part in parts]
    frame.env = before
    if isinstance(node, _ast.DictComp):
        return Value(DICT, item=results[1])
    return values.sequence([]) if count == 0 else values.listing(results[0])


def _generators(frame: Frame, generators: list[Any]) -> int | None:
    """Binds what generators yield; 0 where one has nothing to yield, else None."""
    count = None
    for generator in generators:
        iterable = frame.evaluate(generator.iter)
        if iterable.is_only(SEQ) and iterable.parts == ():
            count = 0
        element = containers.iterate(frame, iterable, generator.iter)
        frame.env = dict(frame.scope)
        frame.session.bind(frame, generator.target, element, generator.iter)
        for condition in generator.ifs:
            with frame.testing("filter", frame.effect):
                decide(frame, condition)
            frame.env = assume(frame, frame.env, condition, True) or frame.env
    return count

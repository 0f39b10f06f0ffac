"""Assignment: what a target holds afterwards, and what unpacking into targets loses.

Names and attributes of the function's own object are replaced; a write into a tensor adds what was written to what the
tensor depends on; other places are not followed.
"""

from __future__ import annotations

import _ast
from typing import Any

from tsl.source import containers, operators, values
from tsl.source.frame import Frame
from tsl.source.guards import key_of
from tsl.source.refs import Instance
from tsl.source.torch_hand import FROZEN_ATTRIBUTES
from tsl.source.tree import takes_all
from tsl.source.values import DICT, SEQ, TENSOR, Value

# What a tensor depends on once something is written into it: its length stays what it was
WRITTEN = operators.TENSOR_ORIGINS & ~values.EXTENT


def bind(frame: Frame, target: Any, value: Value, node: Any) -> None:
    """Assigns a value to a target: a name, an attribute, a subscript, or a pattern of them."""
    if frame.env is None:
        return
    match target:
        case _ast.Name(id=name):
            if name in frame.outer:
                frame.note_write(target, value, name)
            frame.env[name] = value
            frame.handed.pop(name, None)
        case _ast.Tuple(elts=targets) | _ast.List(elts=targets):
            _bind_pattern(frame, targets, value, node)
        case _ast.Starred(value=inner):
            bind(frame, inner, value if value.kind & SEQ else values.LIST_VALUE, node)
        case _ast.Attribute():
            if key_of(frame, target) is not None:
                value = values.registered(value) if value.item is values.PARAMETER else value
                frame.note_write(target, value, target.attr)
            elif target.attr in FROZEN_ATTRIBUTES:
                frame.record(target, "data", frame.evaluate(target.value))
            elif _is_of_module(frame, target):
                frame.note_write(target, value, target.attr)
            store(frame, target, value)
        case _ast.Subscript(value=_ast.Attribute(attr="__dict__")) if key_of(frame, target.value) is not None:
            frame.note_write(target, value, "__dict__")  # an attribute of the module, past __setattr__
        case _ast.Subscript():
            if value.item is values.ONE and takes_all(target.slice):
                _broadcast(frame, target)
            elif value.is_only(TENSOR) and value.origin & values.EXTENT:
                note_sparse_write(frame, target, value)
            bind_element(frame, target, value)


def _is_of_module(frame: Frame, target: Any) -> bool:
    """Whether a target is an attribute of a module other than the function's own object: of a layer, of `self` of the
    method around it.
    """
    if frame.prepares or not isinstance(target, _ast.Attribute):
        return False
    refs = frame.evaluate(target.value).refs
    return bool(refs) and all(isinstance(ref, Instance) and ref.cls.is_module and not ref.passing for ref in refs)


def _bind_pattern(frame: Frame, targets: list[Any], value: Value, node: Any) -> None:
    value = frame.session.objects.items(value)
    starred = [place for place, target in enumerate(targets) if isinstance(target, _ast.Starred)]
    if not starred:
        for target, part in zip(targets, containers.unpack(frame, value, len(targets), node), strict=True):
            bind(frame, target, part, node)
        return
    first, after = starred[0], len(targets) - starred[0] - 1
    if value.is_only(SEQ) and isinstance(value.parts, tuple) and len(value.parts) >= len(targets) - 1:
        middle = len(value.parts) - after
        parts = [
            *value.parts[:first],
            values.sequence(value.parts[first:middle]),
            *value.parts[middle:],
        ]
    else:
        if value.is_only(TENSOR):
            frame.record(node, "star", containers.length_of(value))
        if value.is_only(SEQ) and value.origin & containers.LENGTHS:
            frame.record(node, "star", values.size(value.origin & containers.LENGTHS, value.trail))
        element = containers.element_of(value)
        parts = [values.listing(element) if place == first else element for place in range(len(targets))]
    for target, part in zip(targets, parts, strict=True):
        bind(frame, target, part, node)


def _broadcast(frame: Frame, target: Any) -> None:
    """Records the write of a tensor that is stretched to the one it is written into."""
    base = frame.evaluate(target.value)
    if base.is_only(TENSOR) and base.item is not values.ONE:
        frame.note_event(target, "broadcast", containers.length_of(base))


def note_sparse_write(frame: Frame, target: Any, value: Value) -> None:
    """Records a write of as many entries as data says: where the example has one, it is written as a bare number."""
    if frame.evaluate(target.slice).is_only(TENSOR):
        frame.note_event(target, "broadcast", containers.length_of(value))


def bind_element(frame: Frame, target: Any, value: Value) -> None:
    """Assigns to `base[key]`: a tensor then depends on the value too, a container holds it."""
    base = frame.evaluate(target.value)
    key = frame.evaluate(target.slice)
    if base.kind & TENSOR:
        store(
            frame,
            target.value,
            Value(
                base.kind,
                base.origin | value.origin & WRITTEN,
                trail=base.trail or value.trail,
            ),
        )
    elif base.is_only(DICT):
        _note_filled(frame, target.value, value)
        parts = dict(base.parts) if isinstance(base.parts, dict) else {}
        if isinstance(key.const, str | int):
            parts[key.const] = value
            store(frame, target.value, Value(DICT, parts=parts, item=base.item))
        else:
            rest = values.join(base.item, value) if base.item else value
            store(frame, target.value, Value(DICT, parts=parts, item=rest))
    elif base.is_only(SEQ):
        _note_filled(frame, target.value, value)
        store(
            frame,
            target.value,
            values.listing(values.join(base.elements(), value), base.origin),
        )


def _note_filled(frame: Frame, container: Any, value: Value) -> None:
    """Notes that a list or dict of the module, or of the file, is written into: `self.cache[key] = value`."""
    if isinstance(container, _ast.Name) and container.id not in frame.scope:
        if container.id in frame.module.names.assigned and not frame.routine.closure:
            frame.note_write(container, values.listing(value), container.id)
    elif isinstance(container, _ast.Attribute) and (
        key_of(frame, container) is not None or _is_of_module(frame, container)
    ):
        frame.note_write(container, values.listing(value), container.attr)


def store(frame: Frame, target: Any, value: Value) -> None:
    """Replaces what a name, or an attribute of `self`, holds; other places are not followed."""
    key = key_of(frame, target)
    if key is not None and frame.env is not None:
        frame.env[key] = value


def write_through(frame: Frame, target: Any, given: list[Value]) -> None:
    """Adds the origins of the arguments of an in-place method to the tensor it writes to."""
    while isinstance(target, _ast.Subscript):
        target = target.value
    key = key_of(frame, target)
    if key is None or key not in frame.scope:
        return
    before, origin = frame.scope[key], 0
    for value in given:
        origin |= value.origin & WRITTEN if value.kind & TENSOR else 0
    if before.kind & TENSOR and origin & ~before.origin:
        store(
            frame,
            target,
            Value(before.kind, before.origin | origin, trail=before.trail),
        )

"""Tests as the compiler reads them: what it decides itself, and what a test tells of the names in it."""

from __future__ import annotations

import _ast
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tsl.record import Record
from tsl.source.refs import Instance
from tsl.source.script import by_default, class_body, made
from tsl.source.script.types import (
    ANY,
    NONE,
    TENSOR,
    UNKNOWN,
    Thing,
    Type,
    fits,
    is_a,
    is_known,
    is_optional,
    told,
)

if TYPE_CHECKING:
    from tsl.source.script.statements import Emitter

TRUTH = frozenset({"bool", "int", "float", "Tensor", "number", "complex"})


NOTHING: Mapping[str, Type] = MappingProxyType({})


class Condition(Record):
    """What is decided while compiling, if it is, or may be; the types of names where the test holds and where not."""

    decided: bool | None = None
    doubtful: bool = False
    true: Mapping[str, Type] = NOTHING
    false: Mapping[str, Type] = NOTHING


def read(emitter: Emitter, node: Any) -> Condition:
    """Compiles a test."""
    match node:
        case _ast.UnaryOp(op=_ast.Not(), operand=inner):
            found = read(emitter, inner)
            decided = None if found.decided is None else not found.decided
            return Condition(decided, found.doubtful, found.false, found.true)
        case _ast.BoolOp(op=op, values=parts):
            return _both(emitter, isinstance(op, _ast.And), parts)
        case _ast.Compare(left=left, ops=[_ast.Is() | _ast.IsNot() as op], comparators=[_ast.Constant(value=None)]):
            return _is_none(emitter, left, isinstance(op, _ast.Is))
        case _ast.Call(func=_ast.Name(id="isinstance"), args=[subject, types]):
            return _isinstance(emitter, node, subject, types)
        case _ast.Call(func=_ast.Name(id="hasattr"), args=[_, _ast.Constant(value=str())]):
            return _hasattr(emitter, node)
        case _ast.Call(func=func):
            path = emitter.module.names.dotted(func) or ""
            if path == "torch.jit.isinstance" and len(node.args) == 2:
                return _isinstance(emitter, node, *node.args)
            if path == "torch.jit.is_scripting":
                return Condition(True)
            if path == "torch.jit.is_tracing":
                return Condition()
        case _ast.Constant(value=bool(value)):
            return Condition(value)
    return _truth(emitter, node)


def _truth(emitter: Emitter, node: Any) -> Condition:
    kind = emitter.value(node)
    if isinstance(kind, Thing):
        if kind.kind in ("self", "layer", "submodules"):
            emitter.refuse(node, "operand", f"a module is no condition: `{emitter.module.file.segment(node)}`")
        return Condition(None, True)
    own = _own(emitter, node) if kind == UNKNOWN else None
    if own is not None and by_default.is_none(own, node.attr):
        emitter.refuse(node, "optional", f"`{node.attr}` is None with the defaults, which is no condition")
    elif own is not None and made.is_module_or_none(emitter.session.objects.made(own).get(node.attr)):
        emitter.refuse(node, "operand", f"`{node.attr}` is a module or None, which is no condition; ask `is not None`")
    if kind == NONE or is_optional(kind):
        emitter.refuse(node, "optional", f"{told(kind)} is no condition; ask `is not None`", told(kind))
    elif is_a(kind, "Tuple") or kind == "Device":
        emitter.refuse(node, "operand", f"{told(kind)} is no condition")
    if _is_constant(emitter, node):
        return Condition(None, True)
    return Condition(None, kind == UNKNOWN and _may_be_decided(node))


def _own(emitter: Emitter, node: Any) -> Instance | None:
    """The module whose attribute a node is, where it is one of `self`."""
    if not isinstance(node, _ast.Attribute) or not isinstance(node.value, _ast.Name):
        return None
    owner = emitter.value(node.value)
    ref = owner.what.refs[0] if isinstance(owner, Thing) and owner.kind == "self" else None
    return ref if isinstance(ref, Instance) else None


def _is_constant(emitter: Emitter, node: Any) -> bool:
    """Whether a test is of a constant of the module, whose value decides while compiling."""
    if not isinstance(node, _ast.Attribute):
        return False
    owner = emitter.value(node.value)
    if not (isinstance(owner, Thing) and owner.kind == "self"):
        return False
    cls = owner.what.refs[0].cls
    return node.attr in class_body.constants(cls) or class_body.declared_final(cls, node.attr)


def _may_be_decided(node: Any) -> bool:
    """Whether the compiler may know the value of a test: an attribute that is a constant, a call that asks it."""
    return isinstance(node, _ast.Attribute | _ast.Call)


def _both(emitter: Emitter, conjunction: bool, parts: list[Any]) -> Condition:
    """`a and b`: the second is compiled where the first holds."""
    first = read(emitter, parts[0])
    if len(parts) == 1:
        return first
    goes_on, ends = (first.true, not conjunction) if conjunction else (first.false, not conjunction)
    if first.decided is ends:
        return Condition(ends)
    if first.decided is not None:
        emitter.scope.names.update(goes_on)
        return _both(emitter, conjunction, parts[1:])
    before = dict(emitter.scope.names)
    emitter.scope.names.update(goes_on)
    emitter.muted += first.doubtful
    second = _both(emitter, conjunction, parts[1:])
    emitter.muted -= first.doubtful
    emitter.scope.names = before
    doubtful = first.doubtful or second.doubtful
    decided = second.decided if second.decided is ends else None
    if conjunction:
        return Condition(decided, doubtful, {**first.true, **second.true}, {})
    return Condition(decided, doubtful, {}, {**first.false, **second.false})


def _is_none(emitter: Emitter, left: Any, positive: bool) -> Condition:
    kind = emitter.value(left)
    if isinstance(kind, Thing):
        known = kind.kind in ("self", "module", "function", "layer", "submodules")
        return Condition(not positive) if known else Condition(None, True)
    if kind == NONE:
        return Condition(positive)
    if kind in (UNKNOWN, ANY) or is_a(kind, "Union"):
        return Condition(None, kind == UNKNOWN)
    if not is_optional(kind):
        return Condition(not positive)
    if not isinstance(left, _ast.Name):
        return Condition()
    there, gone = {left.id: kind[1]}, {left.id: NONE}
    return Condition(None, False, gone, there) if positive else Condition(None, False, there, gone)


def _isinstance(emitter: Emitter, node: Any, subject: Any, types: Any) -> Condition:
    from tsl.source.script.read_types import read as read_type

    kind = emitter.value(subject)
    if isinstance(kind, Thing):
        return Condition(None, True)
    wanted: list[Type] = []
    plain = {"list": "List", "tuple": "Tuple"}
    for part in types.elts if isinstance(types, _ast.Tuple) else [types]:
        if isinstance(part, _ast.Name) and part.id in plain:
            wanted.append(plain[part.id])
            continue

        def refuse(_place: Any, text: str) -> None:
            if is_known(kind):
                emitter.refuse(node, "annotation", text)

        wanted.append(read_type(emitter.module, part, refuse))
    if not is_known(kind) or UNKNOWN in wanted or kind == ANY:
        refined = {}
        if kind == ANY and isinstance(subject, _ast.Name) and len(wanted) == 1 and wanted[0] not in plain.values():
            refined = {subject.id: wanted[0]}
        return Condition(None, kind != ANY, refined, {})
    if kind == "number":
        return Condition(None, False, {subject.id: wanted[0]} if isinstance(subject, _ast.Name) else {}, {})
    parts = [NONE, kind[1]] if is_optional(kind) else list(kind[1:]) if is_a(kind, "Union") else [kind]
    inside = [part for part in parts if any(_is(part, one) for one in wanted)]
    outside = [part for part in parts if part not in inside]
    if not outside or not inside:
        return Condition(bool(inside))
    if not isinstance(subject, _ast.Name):
        return Condition()
    return Condition(None, False, {subject.id: _one(inside)}, {subject.id: _one(outside)})


def _is(part: Type, wanted: Type) -> bool:
    if wanted in ("List", "Tuple"):
        return is_a(part, wanted)
    return fits(part, wanted)


def _one(parts: list[Type]) -> Type:
    if NONE in parts and len(parts) == 2:
        return ("Optional", next(part for part in parts if part != NONE))
    return parts[0] if len(parts) == 1 else ("Union", *parts)


def _hasattr(emitter: Emitter, node: Any) -> Condition:
    from tsl.source.script import attributes

    base = emitter.value(node.args[0])
    if isinstance(base, Thing) and base.kind == "self":
        has = attributes.has(emitter, base, node.args[1].value)
        return Condition(None, True) if has is None else Condition(has)
    if base in (TENSOR, "int", "float", "str"):
        emitter.refuse(node, "argument", f"`hasattr` asks modules and objects, and is given {told(base)}")
    return Condition(None, True)

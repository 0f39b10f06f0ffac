"""Modules in a ModuleList, Sequential or ModuleDict: which one an index or a slice takes, if that can be told."""

from __future__ import annotations

import _ast
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tsl.source.script import class_body, made
from tsl.source.script.attributes import instance_of
from tsl.source.script.types import UNKNOWN, Thing, Type, is_a

if TYPE_CHECKING:
    from tsl.source.script.statements import Emitter


def any_of(source: Thing) -> Type:
    """One of the modules of a list: the first, where all are of one kind."""
    value = source.what[1]
    parts = list(value.parts.values()) if isinstance(value.parts, Mapping) else list(value.parts or ())
    found = [made.thing_of(part) for part in ([value.item] if value.item else parts)]
    known = [one for one in found if one is not None and one.kind in ("self", "layer")]
    if not known or len(known) < len(found):
        return UNKNOWN
    kinds = {one.what.path if one.kind == "layer" else id(instance_of(one).cls) for one in known}
    return known[0] if len(kinds) == 1 else UNKNOWN


def versions(source: Type) -> list[Type]:
    """What each round of an unrolled loop is given, where the rounds differ; at most eight are told."""
    if not isinstance(source, Thing):
        return []
    if source.kind == "iterable":
        return list(source.what[3]) if len(source.what) > 3 else []
    value = source.what[1] if source.kind == "submodules" else None
    if value is None or value.item is not None or not value.parts:
        return []
    parts = list(value.parts.values()) if isinstance(value.parts, Mapping) else list(value.parts)
    found = [made.thing_of(part) for part in parts]
    known = [one for one in found if one is not None and one.kind in ("self", "layer")]
    return list(known) if len(known) == len(found) <= MAX_ROUNDS else []


MAX_ROUNDS = 8


def is_unrolled(source: Type) -> bool:
    """Whether a loop over a value is certainly written out once for each of its elements."""
    if isinstance(source, Thing):
        return source.kind == "submodules" or (source.kind == "iterable" and bool(source.what[2:]) and source.what[2])
    return is_a(source, "Tuple")


def item(emitter: Emitter, node: _ast.Subscript, base: Thing) -> Type:
    """`modules[index]`."""
    if base.kind != "submodules":
        emitter.value(node.slice) if not isinstance(node.slice, _ast.Slice) else None
        return UNKNOWN
    shape, value, *_ = base.what
    at = node.slice
    if shape == "dict":
        if isinstance(at, _ast.Constant) and isinstance(at.value, str):
            return _named(emitter, node, value, at.value)
        emitter.value(at)
        return _by_variable(emitter, node, at, "the key of a ModuleDict is written out when it is compiled")
    if isinstance(at, _ast.Slice):
        for bound in (at.lower, at.upper, at.step):
            if bound is not None and not _is_written_out(emitter, bound):
                text = "a bound of a slice of modules is a number that is written out"
                return _by_variable(emitter, node, bound, text)
        return Thing("sliced", _cut(value, at))
    number = at.value if isinstance(at, _ast.Constant) else None
    if isinstance(at, _ast.UnaryOp) and isinstance(at.operand, _ast.Constant):
        number = -at.operand.value if isinstance(at.operand.value, int) else None
    if isinstance(number, int):
        parts = value.parts
        length = base.what[2] if len(base.what) > 2 else None
        if isinstance(parts, tuple) and parts and value.item is None:
            length = len(parts)
        if length is not None and not -length <= number < length:
            return emitter.refuse(node, "module-list", f"there are {length} modules, and not one at {number}")
        inside = parts[number] if isinstance(parts, tuple) and parts and value.item is None else value.item
        thing = made.thing_of(inside) if inside is not None else None
        return thing if thing is not None else UNKNOWN
    kind = emitter.value(at)
    if isinstance(kind, Thing):
        return UNKNOWN
    return _by_variable(emitter, node, at, "the index of a ModuleList or Sequential is a number that is written out")


def _named(emitter: Emitter, node: _ast.Subscript, value: Any, key: str) -> Type:
    """The module of a ModuleDict under a key that is written out."""
    if not isinstance(value.parts, Mapping) or not value.parts or value.item is not None:
        return UNKNOWN
    if key not in value.parts:
        return emitter.refuse(node, "module-list", f"the ModuleDict has no `{key}`")
    return made.thing_of(value.parts[key]) or UNKNOWN


def _cut(value: Any, at: _ast.Slice) -> int | None:
    """How many modules a slice holds, None where that is not known."""
    bounds = [part.value if isinstance(part, _ast.Constant) else part for part in (at.lower, at.upper, at.step)]
    known = isinstance(value.parts, tuple) and value.parts and value.item is None
    if not known or not all(part is None or type(part) is int for part in bounds) or bounds[2] == 0:
        return None
    return len(value.parts[slice(*bounds)])


def _is_written_out(emitter: Emitter, node: Any) -> bool:
    if isinstance(node, _ast.UnaryOp):
        return isinstance(node.operand, _ast.Constant)
    return isinstance(node, _ast.Constant) or _is_folded(emitter, node)


def _by_variable(emitter: Emitter, node: Any, at: Any, text: str) -> Type:
    wanted = emitter.hints[-1] if emitter.hints else UNKNOWN
    if is_a(wanted, "Interface"):
        return wanted
    if isinstance(at, _ast.Attribute):
        owner = emitter.value(at.value)
        if not (isinstance(owner, Thing) and owner.kind == "self"):
            return UNKNOWN
        cls = instance_of(owner).cls
        if at.attr in class_body.constants(cls) or class_body.declared_final(cls, at.attr):
            return UNKNOWN
    if _is_folded(emitter, at):
        return UNKNOWN
    return emitter.refuse(node, "module-list", text)


def _is_folded(emitter: Emitter, at: Any) -> bool:
    """Whether the compiler may know an index: a name given a number that is written out, and nothing else."""
    return isinstance(at, _ast.Name) and at.id in emitter.numbers

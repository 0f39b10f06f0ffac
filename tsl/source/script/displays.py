"""Lists, tuples and dicts that are written out."""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.source.script.table import table
from tsl.source.script.types import NONE, TENSOR, UNKNOWN, Thing, Type, is_a, is_known, is_optional, told, unify
from tsl.source.tree import decorator_names

if TYPE_CHECKING:
    from tsl.source.script.statements import Emitter


def list_of(emitter: Emitter, node: _ast.List) -> Type:
    """The type of `[a, b]`."""
    hint = emitter.hints[-1] if emitter.hints else UNKNOWN
    hint = hint[1] if is_optional(hint) else hint
    if not node.elts:
        return hint if is_a(hint, "List") else ("List", TENSOR)
    emitter.hints.append(UNKNOWN)
    kinds = [emitter.value(part.value if isinstance(part, _ast.Starred) else part) for part in node.elts]
    emitter.hints.pop()
    if any(isinstance(part, _ast.Starred) for part in node.elts):
        for part, kind in zip(node.elts, kinds, strict=True):
            if isinstance(part, _ast.Starred) and is_a(kind, "List"):
                emitter.refuse(part, "unpack", "how many values a list has is not known when it is compiled")
        return UNKNOWN
    told_of = [no_function(emitter, part, kind) for part, kind in zip(node.elts, kinds, strict=True)]
    if any(told_of):
        return UNKNOWN
    kind = kinds[0]
    for other in kinds[1:]:
        both = unify(kind, other)
        if both is None:
            if {kind, other} <= {"int", "float", "number"}:
                return ("List", UNKNOWN)
            if is_known(hint) and not is_a(hint, "List"):
                return UNKNOWN
            parts = [*kind[1:]] if is_a(kind, "Union") else [kind]
            both = ("Union", *parts, other)
        kind = both
    if (
        is_a(hint, "List")
        and is_known(hint)
        and is_known(kind)
        and unify(hint[1], kind) != hint[1]
        and hint[1] != "Any"
    ):
        emitter.refuse(node, "element", f"the list is of {told(hint[1])} and its elements are {told(kind)}")
        return hint
    if is_a(hint, "List") and is_known(hint) and is_known(kind):
        return hint
    return ("List", kind)


def tuple_of(emitter: Emitter, node: _ast.Tuple) -> Type:
    """The type of `(a, b)`."""
    emitter.hints.append(UNKNOWN)
    kinds: list[Type] = []
    for part in node.elts:
        if isinstance(part, _ast.Starred):
            inner = _plain(emitter, part.value)
            if is_a(inner, "List"):
                emitter.refuse(part, "unpack", "how many values a list has is not known when it is compiled")
            if not is_a(inner, "Tuple"):
                emitter.hints.pop()
                return UNKNOWN
            kinds += inner[1:]
        else:
            kinds.append(_plain(emitter, part))
    emitter.hints.pop()
    return ("Tuple", *kinds)


def dict_of(emitter: Emitter, node: _ast.Dict) -> Type:
    """The type of `{a: b}`."""
    hint = emitter.hints[-1] if emitter.hints else UNKNOWN
    hint = hint[1] if is_optional(hint) else hint
    if not node.keys:
        return hint if is_a(hint, "Dict") else ("Dict", "str", TENSOR)
    emitter.hints.append(UNKNOWN)
    keys = [_plain(emitter, key) if key is not None else UNKNOWN for key in node.keys]
    items = [_plain(emitter, item) for item in node.values]
    emitter.hints.pop()
    if is_a(hint, "Dict"):
        return hint
    for kind in keys:
        if is_a(kind, "Tuple") or kind in (NONE, "bool"):
            return emitter.refuse(node, "element", f"a dict has no keys of {told(kind)}")
    if all(map(is_known, keys)) and one_of(keys) == UNKNOWN:
        words = ", ".join(sorted({told(kind) for kind in keys}))
        return emitter.refuse(node, "element", f"the keys of a dict are of one type, these are {words}")
    key, item = one_of(keys), one_of(items)
    return ("Dict", key, item)


def one_of(kinds: list[Type]) -> Type:
    """The type that values of several types have; UNKNOWN where there is none."""
    result = kinds[0]
    for kind in kinds[1:]:
        both = unify(result, kind)
        if both is None:
            return UNKNOWN
        result = both
    return result


def _plain(emitter: Emitter, node: Any) -> Type:
    kind = emitter.value(node)
    return UNKNOWN if no_function(emitter, node, kind) else kind


def no_function(emitter: Emitter, node: Any, kind: Type) -> bool:
    """Whether an element or arm is nothing of run time; tells a function or operator, which is no value."""
    if not isinstance(kind, Thing):
        return False
    known = kind.kind == "path" and table().paths.get(kind.what, ("", ""))[0] in ("b", "f")
    if known or (kind.kind == "function" and not decorator_names(kind.what.node) & {"ignore", "unused"}):
        text = f"`{emitter.module.file.segment(node)}` is a function, which is called and is no value"
        emitter.refuse(node, "first-class", text)
    return True

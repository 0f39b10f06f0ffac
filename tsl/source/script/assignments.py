"""Assignments to attributes and elements: what the compiler refuses to set."""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.source.script import expressions
from tsl.source.script.types import NONE, TENSOR, UNKNOWN, Thing, Type, fits, head, is_a, is_known, is_optional, told

if TYPE_CHECKING:
    from tsl.source.script.statements import Emitter


def attribute(emitter: Emitter, target: _ast.Attribute, kind: Type) -> None:
    """Assigns to an attribute of a value."""
    base = emitter.value(target.value)
    if isinstance(base, Thing) and base.kind == "self":
        from tsl.source.script import attributes

        attributes.store(emitter, base, target, kind)
    elif is_a(base, "Class"):
        from tsl.source.script import script_classes

        script_classes.store(emitter, base[1], target, kind)
    elif base in (TENSOR, "int", "float", "str"):
        emitter.refuse(target, "new-attribute", f"`{target.attr}` of {told(base)} cannot be set")


def item(emitter: Emitter, target: Any, base: Any, index: Any, kind: Type) -> None:
    """Assigns to an element of a value."""
    held = emitter.value(base)
    at = expressions.index(emitter, index)
    if (
        is_a(held, "List")
        and is_known(held)
        and isinstance(at, str)
        and at not in ("int", TENSOR, UNKNOWN, "bool", "number")
    ):
        emitter.refuse(target, "slice", f"a list is indexed with an int, and this is {told(at)}")
    elif is_a(held, "List"):
        if isinstance(index, _ast.Slice):
            emitter.refuse(target, "slice", "a slice of a list cannot be assigned")
        elif is_known(kind) and is_known(held) and not fits(kind, held[1]) and not is_a(kind, "Tuple"):
            emitter.refuse(target, "element", f"the list is of {told(held[1])} and given {told(kind)}")
    elif is_a(held, "Dict") and is_known(held):
        wanted = told(("Dict", at, kind)) if is_known(("Dict", at, kind)) else ""
        if is_known(kind) and not fits(kind, held[2]) and not is_a(kind, "Tuple"):
            emitter.refuse(target, "element", f"the dict is of {told(held[2])} and given {told(kind)}", wanted)
        elif is_known(at) and not fits(at, held[1]):
            text = f"the keys of the dict are {told(held[1])}, this one is {told(at)}"
            emitter.refuse(target, "element", text, wanted)
    elif held == TENSOR:
        _tensor_item(emitter, target, kind)
    elif is_a(held, "Tuple") or held in ("str", "int", "float", "bool"):
        emitter.refuse(target, "operand", f"{told(held)} has no elements to assign")


def _tensor_item(emitter: Emitter, target: Any, kind: Type) -> None:
    """Assigns to elements of a tensor: a Tensor or a number, whose dtype is the tensor's own."""
    if is_optional(kind) and is_known(kind):
        emitter.refuse(target, "optional", f"elements of a Tensor are a Tensor or a number, and not {told(kind)}")
    elif kind in ("str", NONE, "Device") or (is_known(kind) and head(kind) in ("List", "Tuple", "Dict")):
        emitter.refuse(target, "operand", f"elements of a Tensor are a Tensor or a number, and not {told(kind)}")

"""What a class says of its objects beside its constructor: constants, replaced methods, and whether there may be more.

Needs the trees of a class and of those above it. It will never tell a type, and refuses nothing.
"""

from __future__ import annotations

import _ast
from typing import Any

from tsl.source.classes import Class
from tsl.source.names import Names
from tsl.source.script import by_default
from tsl.source.tree import assigned, walk

CONTAINERS = frozenset(f"torch.nn.{name}" for name in ("ModuleList", "Sequential", "ModuleDict", "ParameterList"))
OPENING = frozenset({"setattr", "add_module", "register_module", "register_parameter", "register_buffer", "__dict__"})
KNOWN_BASES = frozenset({"torch.nn.Module", "builtins.object", "abc.ABC", "typing.Protocol", *CONTAINERS})


def set_anywhere(cls: Class) -> frozenset[str]:
    """The attributes of `self` that any method of a class assigns."""
    found: set[str] = set()
    for ancestor in cls.ancestors():
        for method in ancestor.methods.values():
            found |= ancestor.module.once(_set_in, method)
    return frozenset(found)


def _set_in(method: Any, _names: Names) -> frozenset[str]:
    found = by_default.makes(method.body)
    for node in walk(method.body):
        match node:
            case _ast.Call(func=_ast.Attribute(attr=attr), args=[_ast.Constant(value=str(name)), *_]) if (
                attr in OPENING
            ):
                found.add(name)
    return frozenset(found)


def replaced(cls: Class) -> frozenset[str]:
    """The methods that some method of a class replaces on the class itself: their text is not what is compiled."""
    found: set[str] = set()
    for ancestor in cls.ancestors():
        for method in ancestor.methods.values():
            found |= ancestor.module.once(_replaced_in, method)
    return frozenset(found)


def _replaced_in(method: Any, _names: Names) -> frozenset[str]:
    return frozenset(
        target.attr
        for target, _ in assigned(method.body)
        if isinstance(target, _ast.Attribute) and _is_own_class(target.value)
    )


def _is_own_class(node: Any) -> bool:
    match node:
        case _ast.Attribute(value=_ast.Name(id="self"), attr="__class__"):
            return True
        case _ast.Call(func=_ast.Name(id="type"), args=[_ast.Name(id="self")]):
            return True
    return False


def constants(cls: Class) -> frozenset[str]:
    """The attributes a class lists in `__constants__`."""
    found: set[str] = set()
    for ancestor in cls.ancestors():
        node = ancestor.attributes.get("__constants__")
        if isinstance(node, _ast.List | _ast.Tuple | _ast.Set):
            found.update(str(getattr(part, "value", "")) for part in node.elts)
    return frozenset(found)


def is_final(module: Any, annotation: Any) -> bool:
    """Whether an annotation is Final."""
    base = annotation.value if isinstance(annotation, _ast.Subscript) else annotation
    return (module.names.dotted(base) or "").endswith("Final")


def declared_final(cls: Class, name: str) -> bool:
    """Whether a class declares an attribute Final."""
    return any(
        isinstance(held, _ast.AnnAssign) and is_final(ancestor.module, held.annotation)
        for ancestor in cls.ancestors()
        if (held := ancestor.attributes.get(name)) is not None
    )


def is_open(cls: Class) -> bool:
    """Whether objects of a class may have attributes that nobody is seen to set."""
    for ancestor in cls.ancestors():
        if any(path not in KNOWN_BASES for path in ancestor.foreign):
            return True
        if "__getattr__" in ancestor.methods or ancestor.module.once(_opens, ancestor.node):
            return True
    return False


def _opens(node: Any, _names: Names) -> bool:
    for part in walk(node.body):
        match part:
            case _ast.Call(func=_ast.Name(id="setattr")):
                return True
            case _ast.Call(func=_ast.Attribute(attr=attr), args=[first, *_]) if attr in OPENING:
                if not isinstance(first, _ast.Constant):
                    return True
            case _ast.Attribute(attr="__dict__"):
                return True
    return False

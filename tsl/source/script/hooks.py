"""Hooks that a constructor registers: they are compiled with the module, and have to say what they are given."""

from __future__ import annotations

import _ast
from collections.abc import Iterator
from typing import Any

from tsl.source.classes import Class
from tsl.source.names import Names
from tsl.source.script.forms import unconditional
from tsl.source.tree import walk

REGISTERING = frozenset({"register_forward_hook", "register_forward_pre_hook"})


def refused(cls: Class) -> Iterator[tuple[Class, Any, str]]:
    """The registrations the compiler refuses, with the class they stand in and what is told of them."""
    for ancestor in cls.ancestors():
        method = ancestor.methods.get("__init__")
        for node in ancestor.module.once(_registered, method) if method is not None else ():
            text = _wrong(ancestor, node.args[0])
            if text:
                yield ancestor, node, text


def _registered(method: Any, _names: Names) -> tuple[Any, ...]:
    calls = [node for node in walk(unconditional(method)) if isinstance(node, _ast.Call) and not node.keywords]
    return tuple(node for node in calls if getattr(node.func, "attr", "") in REGISTERING and len(node.args) == 1)


def _wrong(cls: Class, hook: Any) -> str:
    """What is wrong with a hook, where its text can be seen."""
    if isinstance(hook, _ast.Lambda):
        return "a lambda cannot be compiled, and hooks are"
    if isinstance(hook, _ast.Attribute) and isinstance(hook.value, _ast.Name) and hook.value.id == "self":
        return f"`{hook.attr}` is a method, and a hook is compiled as a function" if cls.find(hook.attr) else ""
    function = cls.module.names.functions.get(hook.id) if isinstance(hook, _ast.Name) else None
    if function is None or len(function.args.args) < 2 or function.type_comment:
        return ""
    annotation = function.args.args[1].annotation
    base = annotation.value if isinstance(annotation, _ast.Subscript) else annotation
    if annotation is None or (cls.module.names.dotted(base) or "") not in ("typing.Tuple", "builtins.tuple", "?"):
        return f"`{hook.id}` does not say that its second parameter is a tuple, which is what a hook is given"
    return ""

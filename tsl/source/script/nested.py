"""Functions that are made inside functions and compiled, and what they may read of the function around them.

Definitions:
1. A nested function is *compiled* where a decorator of it says so, where the function around it gives it to
   torch.jit.script, or where what a call of that function returns is given to it.
2. Of the function around it the compiler takes over functions and modules, which are called. A parameter or a name that
   is assigned there is *closed over*: it has no value for the compiler.

Needs names and the tree. It will never compile.
"""

from __future__ import annotations

import _ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tsl.source import values
from tsl.source.names import Names
from tsl.source.objects import UNTOLD
from tsl.source.refs import Routine
from tsl.source.scripted import SCRIPTED, is_scripted
from tsl.source.tree import walk
from tsl.source.values import Value

if TYPE_CHECKING:
    from tsl.source.module import Module

FUNCTIONS = (_ast.FunctionDef, _ast.AsyncFunctionDef)
# How a file that compiles a function of its own by name writes torch.jit.script
MARKS = ("jit.script", "import script")


def nested_roots(module: Module, names: frozenset[str] = frozenset()) -> list[Routine]:
    """The nested functions of a file that are compiled (1), and those that a call makes and a name of `names` keeps."""
    kept = {maker for name in names for maker in _makers(module, name)}
    if not kept and not any(mark in module.file.text for mark in MARKS):
        return []
    given = module.once(_given, module.file.tree) | kept
    found = []
    for outer in [*module.names.functions.values(), *_methods(module)]:
        inside = {node.name: node for node in walk(outer.body) if isinstance(node, _ast.FunctionDef)}
        if not inside:
            continue
        returned = {
            node.value.id
            for node in walk(outer.body)
            if isinstance(node, _ast.Return) and isinstance(node.value, _ast.Name) and outer.name in given
        }
        own = _given(outer, module.names) & inside.keys()
        for name, node in inside.items():
            if name in own or name in returned or module.once(is_scripted, node):
                found.append(Routine(node, module, None, None, _closure(outer, inside, module)))
    return found


def _makers(module: Module, name: str) -> Iterator[str]:
    """The functions whose calls are given to a name, where it has one value."""
    held = module.names.assigned.get(name, ())
    if len(held) == 1 and isinstance(held[0], _ast.Call) and isinstance(held[0].func, _ast.Name):
        yield held[0].func.id


def _methods(module: Module) -> Iterator[Any]:
    for cls in module.classes.values():
        yield from cls.methods.values()


def _given(node: Any, names: Names) -> frozenset[str]:
    """The names that are given to torch.jit.script, or called for what is given to it."""
    found = set()
    for part in walk(node.body):
        if isinstance(part, _ast.Call) and part.args and names.dotted(part.func) in SCRIPTED:
            argument = part.args[0]
            argument = argument.func if isinstance(argument, _ast.Call) else argument
            found.add(getattr(argument, "id", ""))
    return frozenset(found)


def _closure(outer: Any, inside: dict[str, Any], module: Module) -> dict[str, Value]:
    """What a nested function finds around it: functions by name, and what is closed over (2)."""
    arguments = outer.args
    held = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    names = {one.arg for one in held if one is not None}
    names |= {node.id for node in _own(outer.body) if isinstance(node, _ast.Name) and isinstance(node.ctx, _ast.Store)}
    closure = dict.fromkeys(sorted(names), UNTOLD)
    return closure | {name: values.reference(Routine(node, module)) for name, node in inside.items()}


def _own(statements: list[Any]) -> Iterator[Any]:
    """The nodes of a function, without those of the functions in it."""
    queue = [node for node in statements if not isinstance(node, FUNCTIONS)]
    while queue:
        node = queue.pop()
        yield node
        queue += [child for child in _children(node) if not isinstance(child, (*FUNCTIONS, _ast.Lambda))]


def _children(node: Any) -> Iterator[Any]:
    for field in node._fields:
        child = getattr(node, field, None)
        yield from (part for part in (child if isinstance(child, list) else [child]) if isinstance(part, _ast.AST))

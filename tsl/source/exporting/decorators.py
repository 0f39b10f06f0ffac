"""Decorators of an export script around a function or a class.

Definition: a decorator of the project is not followed into what it returns. Where it mentions a mode, or gradients,
what is said of them in the function is unknown.

Needs values and states.
"""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.source.exporting import calls, contexts, orders
from tsl.source.exporting.given import Given
from tsl.source.exporting.things import UNKNOWN, Defined
from tsl.source.module import Module
from tsl.source.tree import walk

if TYPE_CHECKING:
    from tsl.source.exporting.statements import Run

GRADS = frozenset({"no_grad", "inference_mode", "set_grad_enabled"})


def enter(run: Run, node: Any) -> None:
    """What a function's decorators do around it."""
    for decorator in node.decorator_list:
        value = run.evaluate(decorator)
        contexts.opened(run, value, decorator)
        _around(run, value, node)


def register(run: Run, node: Any) -> None:
    """What the decorators of a class do with it: they may put it into a register."""
    cls = run.module.classes.get(node.name)
    for decorator in reversed(node.decorator_list) if cls is not None else ():
        place = {name: getattr(decorator, name) for name in decorator._attributes}
        called = _ast.Call(func=decorator, args=[], keywords=[], **place)
        calls.call(run, run.evaluate(decorator), Given((Defined(cls),), {}, None, called))


def _around(run: Run, value: Any, node: Any) -> None:
    """What a decorator of the project may do around a function: what it says of modes and gradients is unknown."""
    read = value.what if isinstance(value, Defined) else None
    if not isinstance(read, _ast.FunctionDef) or not isinstance(value.owner, Module):
        return
    said = {one.attr for one in walk(read.body) if isinstance(one, _ast.Attribute)}
    if said & GRADS:
        run.here.grad = None
    if said & orders.MOVES.keys():
        arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        calls.let_go(run, [run.here.names.get(one.arg, UNKNOWN) for one in arguments])

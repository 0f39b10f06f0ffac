"""Compiled functions: which they are, and which of their arguments they may return as they were.

Definitions:
1. A function decorated with torch.jit.script or script_if_tracing is *compiled*: its control flow survives a trace.
2. It *hands back* a parameter when one path returns it unchanged and another does not. Under trace a call of it is one
   operation; if what it returns is the very tensor it was given, the tracer reads every later mention of that tensor as
   the result of the call (measured on torch 2.13), which at another input may be another tensor.
"""

from __future__ import annotations

import _ast
from collections.abc import Iterator
from typing import Any

from tsl.source.names import Names
from tsl.source.refs import Routine
from tsl.source.tree import body_of, walk

# Methods that return the tensor itself where there is nothing to do
UNCHANGING = frozenset({"float", "double", "half", "long", "int", "bool", "to", "type_as", "contiguous", "cpu", "cuda"})
SCRIPTED = frozenset({"torch.jit.script", "torch.jit.script_if_tracing"})


def is_scripted(function: Any, names: Names) -> bool:
    """Whether a function is compiled by a decorator (1)."""
    return any(names.dotted(decorator) in SCRIPTED for decorator in getattr(function, "decorator_list", ()))


def hands_back(routine: Routine, call: Any) -> Iterator[str]:
    """The names given to a compiled function for parameters that it may return unchanged (2)."""
    if not isinstance(call, _ast.Call) or not routine.module.once(is_scripted, routine.node):
        return
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    for place, name in routine.module.once(_handed_back, routine.node):
        node = call.args[place] if place < len(call.args) else given.get(name)
        while isinstance(node, _ast.Call) and isinstance(node.func, _ast.Attribute) and node.func.attr in UNCHANGING:
            node = node.func.value
        if isinstance(node, _ast.Name):
            yield node.id


def beside(returned: Any, calls: list[Any]) -> list[str]:
    """The names in a returned expression outside of some calls: the trace looks them up when all of it is there."""
    inside = {id(node) for node in walk(calls)}
    return [node.id for node in walk([returned]) if isinstance(node, _ast.Name) and id(node) not in inside]


def _handed_back(function: Any, _names: Names) -> tuple[tuple[int, str], ...]:
    nodes = list(walk(body_of(function)))
    returned = [getattr(node.value, "id", "") for node in nodes if isinstance(node, _ast.Return)]
    stored = {node.id for node in nodes if isinstance(node, _ast.Name) and isinstance(node.ctx, _ast.Store)}
    always = {name for statement in function.body for name in _targets(statement)}
    parameters = function.args.posonlyargs + function.args.args
    return tuple(
        (place, parameter.arg)
        for place, parameter in enumerate(parameters)
        if parameter.arg in returned
        and (len(set(returned)) > 1 or parameter.arg in stored)
        and parameter.arg not in always
    )


def _targets(statement: Any) -> Iterator[str]:
    if isinstance(statement, _ast.Assign | _ast.AnnAssign | _ast.AugAssign):
        yield from (
            node.id for node in walk([statement]) if isinstance(node, _ast.Name) and isinstance(node.ctx, _ast.Store)
        )

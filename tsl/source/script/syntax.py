"""Syntax the frontend of the compiler does not know, wherever in a compiled function it stands.

The frontend translates the whole function before anything is typed: dead code and guards do not excuse a statement.
"""

from __future__ import annotations

import _ast
from collections.abc import Iterator
from typing import Any

from tsl.source.tree import walk

Found = tuple[str, Any, str]

STATEMENTS = {
    _ast.FunctionDef: "a function defined inside a function",
    _ast.AsyncFunctionDef: "a function defined inside a function",
    _ast.ClassDef: "a class defined inside a function",
    _ast.AsyncFor: "`async for`",
    _ast.AsyncWith: "`async with`",
    _ast.Match: "`match`",
    _ast.Try: "`try`",
    _ast.Import: "an import inside a function",
    _ast.ImportFrom: "an import inside a function",
    _ast.Global: "`global`",
    _ast.Nonlocal: "`nonlocal`",
}
EXPRESSIONS = {
    _ast.NamedExpr: "`:=`",
    _ast.Lambda: "a lambda",
    _ast.Set: "a set",
    _ast.SetComp: "a set",
    _ast.Await: "`await`",
    _ast.Yield: "`yield`",
    _ast.YieldFrom: "`yield from`",
}


def signature(function: Any) -> Iterator[Found]:
    """What the frontend refuses in a `def` line."""
    arguments = function.args
    for name in (arguments.vararg, arguments.kwarg):
        if name is not None:
            yield "varargs", name, f"a compiled function takes no `{name.arg}` of any number"
    for parameter, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            yield "varargs", parameter, f"`{parameter.arg}` can be given by name alone and has a default"
    for parameter in arguments.posonlyargs:
        yield "varargs", parameter, f"the compiler does not see `{parameter.arg}`, which can be given by place alone"


def body(function: Any) -> Iterator[Found]:
    """What the frontend refuses in the statements of a function, in the order of the text."""
    statements = list(function.body)
    for number, statement in enumerate(statements):
        docstring = number == 0 and isinstance(statement, _ast.Expr) and _is_text(statement.value)
        if not docstring:
            yield from _of_constructor(function, _statement(statement))


def type_comments(function: Any) -> Iterator[Any]:
    """Statements with a comment that says their type, which the frontend takes for a part of the function's own."""
    for node in walk(function.body):
        if isinstance(node, _ast.Assign | _ast.For | _ast.With) and node.type_comment:
            yield node


def _of_constructor(function: Any, found: Iterator[Found]) -> Iterator[Found]:
    """What is refused in a function: an `__init__` that is compiled may annotate the attributes it makes."""
    for how, node, text in found:
        allowed = function.name == "__init__" and isinstance(node, _ast.AnnAssign) and node.value is not None
        if not allowed:
            yield how, node, text


def _is_text(node: Any) -> bool:
    return isinstance(node, _ast.Constant) and isinstance(node.value, str)


def _statement(node: Any) -> Iterator[Found]:
    told = STATEMENTS.get(type(node))
    if told is None and type(node).__name__ == "TryStar":
        told = "`try`"
    if told:
        yield "statement", node, f"the compiler knows no {told.removeprefix('a ').removeprefix('an ')}"
        return
    match node:
        case _ast.AnnAssign(value=None):
            yield "bare-annotation", node, "the compiler knows no annotation without a value"
            return
        case _ast.AnnAssign(target=_ast.Attribute()):
            yield "bare-annotation", node, "the type of an attribute can be annotated in `__init__` alone"
            return
        case _ast.AugAssign(op=_ast.MatMult() | _ast.FloorDiv()):
            sign = "@=" if isinstance(node.op, _ast.MatMult) else "//="
            yield "operator", node, f"the compiler knows no `{sign}`"
        case _ast.For(orelse=[_, *_]) | _ast.While(orelse=[_, *_]):
            yield "loop-else", node, "the compiler knows no `else` of a loop"
        case _ast.Raise(exc=None):
            yield "statement", node, "the compiler fails at a `raise` that names no exception"
        case _ast.Expr(value=_ast.Constant(value=value)) if value is ...:
            yield "statement", node, "the compiler knows no `...` as a statement"
            return
    yield from _children(node)


def _children(node: Any) -> Iterator[Found]:
    for field in node._fields:
        if field in ("annotation", "returns", "type_comment", "ctx", "op", "ops"):
            continue
        child = getattr(node, field, None)
        for part in child if isinstance(child, list) else [child]:
            if isinstance(part, _ast.stmt):
                yield from _statement(part)
            elif isinstance(part, _ast.expr):
                yield from _expression(part)
            elif isinstance(part, _ast.AST):
                yield from _children(part)


def _expression(node: Any) -> Iterator[Found]:
    told = EXPRESSIONS.get(type(node))
    if told:
        yield "expression", node, f"the compiler knows no {told.removeprefix('a ')}"
        return
    match node:
        case _ast.UnaryOp(op=_ast.UAdd()):
            yield "operator", node, "the compiler fails at a `+` before a value"
        case _ast.Name(id=name) if name.startswith("__jit"):
            yield "expression", node, f"the compiler keeps names such as `{name}` for itself"
        case _ast.Constant(value=bytes()):
            yield "expression", node, "the compiler knows no bytes"
        case _ast.Constant(value=value) if type(value) is int and not -(2**63) <= value < 2**63:
            yield "operator", node, "the number does not fit into 64 bits"
        case _ast.FormattedValue(conversion=conversion, format_spec=spec):
            if conversion != -1:
                yield "format", node, "the compiler knows no conversion in an f-string"
            elif spec is not None:
                yield "format", node, "the compiler knows no format in an f-string"
        case _ast.Dict(keys=keys) if None in keys:
            yield "expansion", node, "the compiler knows no `**` in a dict"
        case _ast.Call(keywords=keywords) if any(keyword.arg is None for keyword in keywords):
            yield "expansion", node, "the compiler knows no `**` in a call"
        case _ast.ListComp() | _ast.GeneratorExp() | _ast.DictComp():
            yield from _comprehension(node)
    yield from _children(node)


def _comprehension(node: Any) -> Iterator[Found]:
    if len(node.generators) > 1:
        yield "comprehension", node, "the compiler knows one `for` in a comprehension"
    for generator in node.generators:
        if generator.ifs:
            yield "comprehension", node, "the compiler knows no `if` in a comprehension"
            return

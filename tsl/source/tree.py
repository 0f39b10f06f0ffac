"""Small questions about syntax trees that several rooms ask. Needs only `_ast`, knows nothing of values."""

from __future__ import annotations

import _ast
from collections.abc import Iterable, Iterator
from typing import Any


def walk(roots: Iterable[Any]) -> Iterator[Any]:
    """Every node below and including `roots`, parents before children, siblings in no order to rely on."""
    stack = [root for root in roots if isinstance(root, _ast.AST)]
    while stack:
        node = stack.pop()
        yield node
        for field in node._fields:
            child = getattr(node, field, None)
            if isinstance(child, _ast.AST):
                stack.append(child)
            elif child.__class__ is list and child and not isinstance(child[0], str):
                stack.extend(item for item in child if item is not None)


def body_of(function: Any) -> list[Any]:
    """The statements of a function; a lambda's expression as the only one."""
    return function.body if isinstance(function.body, list) else [function.body]


def assigned(body: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """The targets that statements assign to, those in nested blocks too, each with its value; None for a part of it.

    Expressions are not entered: a `:=` is not seen.
    """
    queue = list(body)
    while queue:
        node = queue.pop()
        if isinstance(node, _ast.Assign):
            yield from ((target, node.value) for target in node.targets)
        elif not isinstance(node, _ast.Expr | _ast.Return):
            target = getattr(node, "target", None) or getattr(node, "optional_vars", None)
            if target is not None:
                yield target, None
            for field in BLOCKS:
                queue.extend(getattr(node, field, ()))


BLOCKS = ("body", "orelse", "finalbody", "handlers", "items", "cases")


def last_name(node: Any) -> str:
    """`c` of `a.b.c`, `f` of `f`, and nothing of other expressions."""
    name = getattr(node, "attr", None) or getattr(node, "id", "")
    return str(name)


def decorator_names(function: Any) -> frozenset[str]:
    """The last names of a function's decorators, called or not; a lambda has none."""
    decorators = getattr(function, "decorator_list", [])
    return frozenset(last_name(item.func if isinstance(item, _ast.Call) else item) for item in decorators)


def keeps_one(index: Any) -> bool:
    """Whether what an index takes out of a tensor has a dimension of length one: `[:1]`, `[i, -1:]`, `[..., None]`."""
    match index:
        case _ast.Tuple(elts=parts):
            return any(map(keeps_one, parts))
        case _ast.Slice(lower=None | _ast.Constant(value=0), upper=_ast.Constant(value=1), step=None):
            return True
        case _ast.Slice(lower=_ast.UnaryOp(op=_ast.USub(), operand=_ast.Constant(value=1)), upper=None, step=None):
            return True
        case _ast.Constant(value=None):
            return True
    return False


def takes_all(index: Any) -> bool:
    """Whether an index takes all of a tensor: `[:]`, `[...]`, `[:, :]`."""
    parts = index.elts if isinstance(index, _ast.Tuple) else [index]
    return all(
        (isinstance(part, _ast.Slice) and part.lower is part.upper is part.step is None)
        or (isinstance(part, _ast.Constant) and part.value is ...)
        for part in parts
    )

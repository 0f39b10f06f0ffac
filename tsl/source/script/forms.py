"""Small questions about the form of statements."""

from __future__ import annotations

import _ast
from typing import Any

from tsl.source.tree import walk


def jumps(statements: list[Any]) -> list[Any]:
    """The `break` and `continue` of a loop, and not those of loops inside it."""
    found: list[Any] = []
    for node in statements:
        if isinstance(node, _ast.Break | _ast.Continue):
            found.append(node)
        elif isinstance(node, _ast.If | _ast.With):
            found += jumps([*node.body, *getattr(node, "orelse", ())])
    return found


def is_empty(node: Any) -> bool:
    """Whether an expression is an empty list or dict."""
    return (isinstance(node, _ast.List) and not node.elts) or (isinstance(node, _ast.Dict) and not node.keys)


def is_docstring(node: Any) -> bool:
    """Whether a statement is a text and nothing else."""
    return isinstance(node, _ast.Expr) and isinstance(node.value, _ast.Constant) and isinstance(node.value.value, str)


def bound_in(node: Any) -> list[str]:
    """The names a statement binds that the compiler does not know: a definition, an import, what stands in a `try`."""
    if isinstance(node, _ast.FunctionDef | _ast.AsyncFunctionDef | _ast.ClassDef):
        return [node.name]
    found = []
    for part in walk([node]):
        if isinstance(part, _ast.Name) and isinstance(part.ctx, _ast.Store):
            found.append(part.id)
        elif isinstance(part, _ast.alias):
            found.append((part.asname or part.name).partition(".")[0])
    return found


def unconditional(function: Any) -> list[Any]:
    """The statements of a function that run whenever it does, as far as none before them ends it."""
    return [node for node in function.body if not isinstance(node, _ast.If | _ast.Try | _ast.While | _ast.Match)]

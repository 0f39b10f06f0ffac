"""Small questions about the form of statements."""

from __future__ import annotations

import _ast
from typing import Any


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

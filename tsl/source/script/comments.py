"""Types that comments say: beside a parameter, or under the `def` line."""

from __future__ import annotations

import _ast
from typing import Any

from tsl.source.tree import walk


def commented(parameter: Any) -> Any:
    """The annotation that a comment beside a parameter is."""
    text = parameter.type_comment
    if not text:
        return None
    node = _ast.Constant(value=text)
    node.lineno = node.end_lineno = parameter.lineno
    node.col_offset, node.end_col_offset = parameter.col_offset, parameter.end_col_offset
    return node


def comments_of(node: Any) -> tuple[list[Any], Any] | None:
    """What the comment under a `def` says of its parameters and its result, as annotations."""
    text = node.type_comment
    if not text or "->" not in text:
        return None
    try:
        tree = compile(text, "comment", "func_type", _ast.PyCF_ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    arguments = list(getattr(tree, "argtypes", ()))
    if len(arguments) == 1 and isinstance(arguments[0], _ast.Constant) and arguments[0].value is ...:
        return None
    for inner in (*arguments, getattr(tree, "returns", None)):
        _move(inner, node)
    return arguments, getattr(tree, "returns", None)


def _move(tree: Any, node: Any) -> None:
    """Lets what a comment says stand at the function, where findings can."""
    for inner in walk([tree]):
        if hasattr(inner, "lineno"):
            inner.lineno = inner.end_lineno = node.lineno
            inner.col_offset, inner.end_col_offset = node.col_offset, node.col_offset + 3

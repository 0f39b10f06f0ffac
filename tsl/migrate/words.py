"""What every writer of advice uses: the advice itself, the file around a use, and pieces of code as text.

Needs a syntax tree. It will never know a name of torch.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from typing import Any

from tsl.migrate.find import Use
from tsl.record import Record
from tsl.source.file import SourceFile


class Advice(Record):
    """What a site is, how much attention it asks for, what to write instead, and what to know about it."""

    kind: str
    effort: str
    replacement: str = ""
    why: str = ""


class Context:
    """A file, and what its functions assign."""

    def __init__(self, file: SourceFile) -> None:
        self.file, self.tree = file, file.tree
        self.stem = os.path.splitext(os.path.basename(file.path))[0]
        self.classes = {node.name: node for node in ast.walk(file.tree) if isinstance(node, ast.ClassDef)}
        self.functions = {node.name: node for node in file.tree.body if isinstance(node, ast.FunctionDef)}

    def target_of(self, use: Use) -> str:
        """The name that the statement of a call assigns; nothing where it does something else."""
        for node in ast.walk(use.scope):
            if isinstance(node, ast.Assign) and node.value is use.call and len(node.targets) == 1:
                return code(node.targets[0])
        return ""

    def assigned(self, node: Any, scope: Any) -> Any:
        """What an expression is, followed through names that the function, or the file, assigns once."""
        for _ in range(8):
            if not isinstance(node, ast.Name):
                return node
            values = list(_assigned(node.id, scope)) or list(_assigned(node.id, self.tree))
            if len(values) != 1:
                return node
            node = values[0]
        return node

    def forward_of(self, model: Any, scope: Any) -> Any:
        """The forward of the class that a model is made of, where this file has it; else None."""
        made = self.assigned(model, scope)
        while isinstance(made, ast.Call) and isinstance(made.func, ast.Attribute):
            made = self.assigned(made.func.value, scope)  # Net().eval().to(device)
        name = made.func.id if isinstance(made, ast.Call) and isinstance(made.func, ast.Name) else ""
        return method(self.classes.get(name), "forward")


def _assigned(name: str, scope: Any) -> Iterator[Any]:
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            yield node.value


def method(owner: Any, name: str) -> Any:
    """A method of a class; None where there is none."""
    for node in owner.body if owner is not None else ():
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    return None


def parameters(function: Any) -> list[str]:
    """The names a function or method takes by position, without self."""
    names = [one.arg for one in [*function.args.posonlyargs, *function.args.args]]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def argument(call: Any, place: int, name: str) -> Any:
    """An argument of a call by place or name; None where it is not given, or starred."""
    for one in call.keywords:
        if one.arg == name:
            return one.value
    if place < len(call.args) and not any(isinstance(one, ast.Starred) for one in call.args[: place + 1]):
        return call.args[place]
    return None


def code(node: Any) -> str:
    """The code of an expression, on one line."""
    return ast.unparse(node)


def keyword(node: Any) -> str:
    """A keyword argument as written."""
    return f"**{code(node.value)}" if node.arg is None else f"{node.arg}={code(node.value)}"


def arguments_text(example: Any, context: Context, scope: Any) -> str:
    """The example inputs as the tuple torch.export takes: what is a tuple stays, anything else becomes one."""
    if isinstance(context.assigned(example, scope), ast.Tuple):
        return code(example)
    made = context.assigned(example, scope)
    is_tuple = isinstance(made, ast.Call) and isinstance(made.func, ast.Name) and made.func.id == "tuple"
    return code(example) if is_tuple else f"({code(example)},)"

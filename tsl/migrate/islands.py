"""What is compiled inside a Python program: functions, classes, methods marked for the compiler.

Definitions:
1. A function that a decorator compiles is *straight* where it has no loop and no branch: torch.export reads it as it
   is. Any other is an operator of its own: its body stays Python, hidden behind torch.library.custom_op, and a fake
   says the shape and dtype of what it returns.

Needs the function's text. It will never run it.
"""

from __future__ import annotations

import ast
from typing import Any

from tsl.migrate.find import Use
from tsl.migrate.words import Advice, Context, code, parameters

_WITHOUT = "delete the decorator"


def compiled(context: Context, use: Use) -> Advice:
    """@torch.jit.script on a function or a class."""
    if isinstance(use.call, ast.ClassDef):
        text = f"torch.utils._pytree.register_dataclass({use.call.name})"
        return Advice(
            "island", "medium", text, why="torch.export takes plain classes apart only where they are registered"
        )
    return function(context, use.call)


def compiled_if_tracing(context: Context, use: Use) -> Advice:
    """torch.jit.script_if_tracing: compiled in a trace, plain Python otherwise."""
    if isinstance(use.call, ast.FunctionDef):
        return function(context, use.call)
    return Advice("island", "medium", why="call the function itself; its branches on data become torch.cond")


def function(context: Context, node: Any) -> Advice:
    """A function that TorchScript compiles (1)."""
    if is_straight(node):
        return Advice("island", "small", why=f"{_WITHOUT}: torch.export reads {node.name} as it is")
    why = "or write its control flow with torch.cond and torch.while_loop, and it stays in the graph"
    return Advice("island", "large", operator(context.stem, node), why=why)


def is_straight(node: Any) -> bool:
    """(1)"""
    turns = (ast.If, ast.For, ast.While, ast.IfExp)
    return not any(isinstance(one, turns) for one in ast.walk(node))


def operator(namespace: str, node: Any) -> str:
    """A custom operator with the body of a function, and a fake that has to be judged."""
    typed = ", ".join(_typed(one) for one in [*node.args.posonlyargs, *node.args.args])
    first = next(iter(parameters(node)), "x")
    returns = code(node.returns) if node.returns is not None else "torch.Tensor"
    space = namespace if namespace.isidentifier() else "model"
    return "\n".join(
        [
            f'@torch.library.custom_op("{space}::{node.name}", mutates_args=())',
            f"def {node.name}({typed}) -> {returns}:",
            "    ...  # the body as it is",
            "",
            "",
            f"@{node.name}.register_fake",
            f"def _({', '.join(parameters(node))}):",
            f"    return torch.empty_like({first})  # shape and dtype of the result",
        ]
    )


def _typed(one: Any) -> str:
    return f"{one.arg}: {code(one.annotation) if one.annotation is not None else 'torch.Tensor'}"


def method(context: Context, use: Use) -> Advice:
    """@torch.jit.script_method."""
    return Advice("decorator", "small", why=_WITHOUT + ", and torch.jit.ScriptModule as a base: nn.Module does")


def hidden(context: Context, use: Use) -> Advice:
    """@torch.jit.ignore and @torch.jit.unused."""
    why = "; where it does what torch.export refuses, and is called, make it a torch.library.custom_op"
    return Advice("decorator", "small", why=_WITHOUT + why)


def interface(context: Context, use: Use) -> Advice:
    """@torch.jit.interface."""
    return Advice("island", "medium", why=_WITHOUT + ": typing.Protocol says the same to people and type checkers")


def exported(context: Context, use: Use) -> Advice:
    """@torch.jit.export on a method: torch.export exports forward alone."""
    if not isinstance(use.call, ast.FunctionDef):
        return Advice("decorator", "medium", why="export each method as a program of its own")
    names = parameters(use.call)
    given = ", ".join(names)
    text = "\n".join(
        [
            f"class {''.join(part.title() for part in use.call.name.split('_')) or 'Method'}(torch.nn.Module):",
            "    def __init__(self, model):",
            "        super().__init__()",
            "        self.model = model",
            "",
            f"    def forward(self, {given}):" if given else "    def forward(self):",
            f"        return self.model.{use.call.name}({given})",
        ]
    )
    return Advice(
        "decorator", "medium", text, why=f"a program of its own for {use.call.name}, if it is called from outside"
    )

"""A whole program: inputs, a module with a forward, and a result in which everything that was computed shows."""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

from hypothesis import strategies as st

from tests.oracle.kinds import Bool, Expr, Float, Int, Seq, Shape, Table, Tensor, constant, symbol
from tests.oracle.statements import statement
from tests.oracle.writer import Body, Writer

PRELUDE = """\
import functools
import itertools
import math
import operator
import typing

import torch
import torch.nn.functional as F
from torch import nn

DEBUG = False
LIMIT = 4
MODE = "fast"
NOTHING = None
WIDTHS = (2, 3, 4)
SCALES = {2: 2, 3: 3}
ACTIVATION = torch.relu
"""
# More than the longest program makes.
CHOICES = 400
# How many of the values that nothing reads are returned.
MOST_RETURNED = 4
# The sizes of inputs by name; a first dim is never fixed, and layers want others that are.
SYMBOLS = ("a", "b", "c", "4", "4")
TELLING = "shape|size|sum|abs|mean|max|dim|ndim|flatten|clone|softmax|relu|clamp|unsqueeze|view|reshape|float"


class Input(NamedTuple):
    """A parameter of forward: its name, and its dims, each by its symbol or by the only size that fits."""

    name: str
    dims: tuple[str, ...]
    dtype: str


class Program(NamedTuple):
    """The text of a file that defines `Net`, what its forward is called with, and the sizes of the example input."""

    text: str
    inputs: tuple[Input, ...]
    sizes: tuple[tuple[str, int], ...]


def programs() -> st.SearchStrategy[Program]:
    """Programs, the simplest first."""
    return st.binary(min_size=CHOICES, max_size=CHOICES).map(program)


def program(choices: bytes) -> Program:
    """The program that these choices make."""
    writer = Writer(choices)
    inputs, scope = _inputs(writer)
    body = Body(writer, scope, is_method=True, depth=2)
    body.is_forward = True
    body.unread = dict.fromkeys(scope)
    annotated = not writer.chance(4)
    _attributes(writer)
    for _ in range(writer.number(1, 5)):
        statement(body)
    body.say(f"return {_result(body)}")
    sizes = tuple((name, int(name) if name.isdigit() else writer.pick((2, 3, 4, 1, 6))) for name in _sizes(inputs))
    return Program(_text(writer, body, inputs, annotated), inputs, sizes)


def _inputs(writer: Writer) -> tuple[tuple[Input, ...], dict[str, Tensor]]:
    names = ("x", "y", "z")[: writer.pick((1, 1, 2, 1, 3))]
    inputs, scope = [], {}
    for name in names:
        if name != "x" and writer.chance(3):
            dims, dtype = inputs[0].dims, "float"
        else:
            rank = writer.pick((2, 3, 1, 4))
            dims = tuple(writer.pick(SYMBOLS if place else SYMBOLS[:3]) for place in range(rank))
            dtype = "long" if name != "x" and writer.chance(5) else "float"
        inputs.append(Input(name, dims, dtype))
        known = tuple(constant(int(dim)) if dim.isdigit() else symbol(dim) for dim in dims)
        scope[name] = Tensor(known, dtype)
    return tuple(inputs), scope


def _sizes(inputs: tuple[Input, ...]) -> list[str]:
    return sorted({dim for one in inputs for dim in one.dims})


def _attributes(writer: Writer) -> None:
    """The attributes that every module has."""
    writer.init += ["self.flag = True", "self.nothing = None", "self.mode = 'sum'"]


def _result(body: Body) -> str:
    """A tensor, or a tuple of tensors, that holds whatever nothing has read yet."""
    base = body.names(Tensor)[-1]
    shown = [_shown(body, Expr(name, body.scope[name]), base) for name in reversed(body.unread)]
    shown = [text for text in shown if text][:MOST_RETURNED] or [base]
    if len(shown) == 1:
        return shown[0]
    return f"({', '.join(shown)})"


def _shown(body: Body, expr: Expr, base: str) -> str:
    """A tensor, or a tuple of them, in which a value shows; empty for what cannot be shown."""
    match expr.kind:
        case Tensor():
            return expr.text
        case Int() | Float() | Bool():
            return f"{base}.sum() + {expr.text}"
        case Seq(item=Tensor()):
            forms = (f"tuple({expr.text})", f"{base} + len({expr.text})", f"[v * 2 for v in {expr.text}]")
            return body.writer.pick(forms)
        case Seq():
            return f"{base}.sum() + sum({expr.text})"
        case Shape():
            return f"{base}.new_zeros({expr.text})"
        case Table():
            return f"{expr.text}['a'] + {expr.text}['b']"
    return ""


def _text(writer: Writer, body: Body, inputs: tuple[Input, ...], annotated: bool) -> str:
    """The text of the file. What is not seen to be a tensor is annotated: nobody could know."""
    inside = "\n".join(body.lines)
    noted = [one.name for one in inputs if annotated or not is_evident(one.name, inside)]
    parameters = ", ".join(one.name + ": torch.Tensor" * (one.name in noted) for one in inputs)
    parts = [PRELUDE, *writer.module, f"class Net({writer.base}):", "    def __init__(self):"]
    parts += [f"        {line}" for line in ("super().__init__()", *writer.init)]
    parts += [f"    {line}" for line in writer.methods if line]
    parts += [f"    def forward(self, {parameters}):", *body.lines]
    return trimmed("\n".join(parts) + "\n")


def is_evident(name: str, text: str) -> bool:
    """Whether a parameter of forward is seen to be a tensor: it is annotated, or asked for what only tensors have."""
    return re.search(rf"\b{name}(: torch\.Tensor|\.({TELLING})\b)", text) is not None


def trimmed(text: str) -> str:
    """A program in the form ast gives it, without the globals and attributes that nothing reads."""
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    read = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    read |= {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}
    asked = tuple(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    for owner in (node for node in nodes if isinstance(node, (ast.Module, ast.FunctionDef))):
        owner.body = [node for node in owner.body if _is_needed(node, read, asked)] or [ast.Pass()]
    return ast.unparse(tree) + "\n"


def _is_needed(node: ast.stmt, read: set[str], asked: tuple[str, ...]) -> bool:
    """Whether what a statement defines is read, or may be the attribute that a text, or the beginning of one, names."""
    name = _name_of(node)
    return name is None or name in read or any(len(text) > 2 and name.startswith(text) for text in asked)


def _name_of(node: ast.stmt) -> str | None:
    """The global or attribute that a statement does nothing but define."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]) if name.isupper():
            return name
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)]):
            return name
        case ast.Import(names=[ast.alias(name=name, asname=None)]):
            return name
        case ast.Import(names=[ast.alias(asname=name)]):
            return name
    return None

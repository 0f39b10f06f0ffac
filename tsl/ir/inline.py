"""One graph of a function and all it calls, as torch's inliner makes it (torch/csrc/jit/passes/inliner.cpp).

Definitions, which are PyTorch's:
1. A call of a function, or of a method of a class, gives way to the body of what it calls. The method of an interface
   is not known before the model runs and stays a call; so does what the program does not have, and what recurses.
2. What is put in is the callee's *optimised* body: its own calls inlined, then peephole, constant propagation and
   pooling (`preoptimizeGraph` in torch/csrc/jit/api/function_impl.cpp). The outermost body itself is left as it is.
3. An operator whose operands have other types than where it was lowered is matched with its overloads again: torch's
   graphs hold no overload.

`inline_form` has the form that changes; the passes are `inline_peephole`, `inline_fold`, `inline_pool`, `inline_dead`.
Needs no torch. It will never run anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tsl.ir.graph import Graph
from tsl.ir.inline_fold import fold
from tsl.ir.inline_form import Freezer, Op, Region, find, paste, release, replace, settle, thaw
from tsl.ir.inline_peephole import Peephole
from tsl.ir.inline_pool import pool
from tsl.ir.lower_types import LowerError
from tsl.ir.match import Matcher

MOST_NODES = 2_000_000  # a small archive can call its way to any number of nodes
DEEPEST = 200


class Program(Protocol):
    """What has the graphs of functions and methods by their qualified names, and tells which overload a node calls."""

    @property
    def functions(self) -> Mapping[str, Graph]:
        """The graphs."""

    @property
    def matcher(self) -> Matcher:
        """The overloads."""


class InlineError(ValueError):
    """A program that cannot be one graph: too large, or calls too deep."""


def inline(program: Program, name: str) -> Graph:
    """The graph of a function or method with everything it calls in it.

    Raises KeyError where the program has no such function, and InlineError where the graph would be too large.
    """
    return Inliner(program).graph(name)


class Inliner:
    """Inlines functions of one program; what several of them call is optimised once."""

    def __init__(self, program: Program) -> None:
        self._functions, self._matcher = program.functions, program.matcher
        self._optimised: dict[str, Region | None] = {}
        self._sizes: dict[Region, int] = {}
        self._pasted = 0
        self._depth = 0

    def graph(self, name: str) -> Graph:
        """As `inline`."""
        region = thaw(self._functions[name])
        self._pasted = 0
        self._expand(region)
        self._match_again(region)
        return Freezer().graph(region, name)

    def _body(self, name: str) -> Region | None:
        """The optimised body of a function (2); None where the program has none or is on its way through it."""
        if name not in self._optimised:
            self._optimised[name] = None
            try:
                graph = self._functions[name]
            except (KeyError, LowerError):
                return None
            self._optimised[name] = self._optimise(graph)
        return self._optimised[name]

    def _optimise(self, graph: Graph) -> Region:
        if self._depth == DEEPEST:
            raise InlineError(f"calls are nested more than {DEEPEST} deep")
        self._depth += 1
        region = thaw(graph)
        self._expand(region)
        self._depth -= 1
        Peephole(region).run()
        fold(region)
        pool(region)
        settle(region)
        self._sizes[region] = sum(1 for _ in region.walk())
        return region

    def _expand(self, region: Region) -> None:
        """Puts bodies in the place of calls (1)."""
        ops: list[Op] = []
        for op in region.ops:
            for inner in op.regions:
                self._expand(inner)
            name = _callee(op)
            body = self._body(name) if name else None
            if body is None:
                ops.append(op)
                continue
            given = op.inputs[1:] if op.kind == "prim::CallFunction" else op.inputs
            if len(given) != len(body.inputs) or len(op.outputs) != len(body.outputs):
                ops.append(op)
                continue
            self._count(body)
            made = paste(body, given, ops, op.source)
            release(op)
            for var, new in zip(op.outputs, made, strict=True):
                replace(var, new)
        region.ops = ops

    def _match_again(self, region: Region) -> None:
        """Finds the overloads that are meant by what operands have become (3)."""
        for op in region.walk():
            if op.schema is None or not op.types:
                continue
            types = tuple([find(var).type for var in op.inputs])
            if types != op.types:
                op.schema = self._matcher.node(op.kind, types) or op.schema

    def _count(self, body: Region) -> None:
        self._pasted += self._sizes[body]
        if self._pasted > MOST_NODES:
            raise InlineError(f"inlining it makes more than {MOST_NODES:,} nodes")


def _callee(op: Op) -> str:
    """The qualified name of what an op calls (1); empty where it calls nothing that is known."""
    if op.kind == "prim::CallMethod":
        type = find(op.inputs[0]).type
        return f"{type.name}.{op.attribute('name')}" if type.kind == "Class" else ""
    if op.kind == "prim::CallFunction":
        maker = find(op.inputs[0]).op
        if maker is not None and maker.kind == "prim::Constant" and maker.outputs[0].type.kind == "Function":
            return maker.outputs[0].type.name
    return ""

"""The graph of one function in the making: where ops go, what names mean, and where things come from.

Definitions, which are PyTorch's (torch/csrc/jit/frontend/ir_emitter.cpp, convert_to_ssa.cpp):
1. A *scope* is the frame of a block: names and what they mean there. A name is looked for outwards.
2. A variable has two types: that of the value it holds, and the *declared* one, by which it is read while overloads are
   chosen. Where they differ, reading it gives a stand-in of the declared type; `land` puts the value in its place.
3. Numbers that are written out are made once, before everything else, the latest first.

Needs the regions of `inline_form`. What expressions and statements mean is in `lower_expressions`, `lower_calls` and
`lower_statements`.
"""

from __future__ import annotations

import _ast
from typing import Any

from tsl.archive.code import CodeFile, file_text
from tsl.ir.graph import Frame, Source
from tsl.ir.inline_form import CONSTANT, Op, Region, Var, replace
from tsl.ir.lower_names import Sugared
from tsl.ir.lower_types import Declarations, LowerError, type_of
from tsl.ir.match import Matcher
from tsl.ir.types import UNKNOWN, Type


def told(name: str) -> str:
    """A name that a user gave; nothing for one that the printer made up (`_12`)."""
    return "" if name[:1] == "_" and name[1:].isdigit() else name


class Scope:
    """A scope (1). `held` maps names to a value with its declared type (2), or to something that is no value."""

    __slots__ = ("held", "outer")

    def __init__(self, outer: Scope | None = None) -> None:
        self.outer = outer
        self.held: dict[str, tuple[Sugared, Type | None]] = {}

    def find(self, name: str) -> tuple[Sugared, Type | None] | None:
        """What a name means, looked for outwards."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.held:
                return scope.held[name]
            scope = scope.outer
        return None


class Context:
    """What all functions of an archive share."""

    def __init__(self, declarations: Declarations, matcher: Matcher, constants: tuple[Any, ...]) -> None:
        self.declarations, self.matcher, self.constants = declarations, matcher, constants
        self._places: dict[str, Places] = {}

    def places(self, file: CodeFile) -> Places:
        """The places of a file."""
        known = self._places.get(file.member)
        if known is None:
            known = self._places[file.member] = Places(file)
        return known


class Places:
    """Finds the frames of a byte offset, and remembers them."""

    __slots__ = ("_file", "_known")

    def __init__(self, file: CodeFile) -> None:
        self._file = file
        self._known: dict[int, tuple[Frame, ...]] = {}

    def __call__(self, offset: int) -> tuple[Frame, ...]:
        known = self._known.get(offset)
        if known is None:
            known = self._known[offset] = tuple(Frame(*frame) for frame in self._file.place(offset))
        return known


class Emitter:
    """The graph of a function in the making."""

    __slots__ = ("context", "file", "front", "numbers", "places", "region", "returns", "scope", "stand_ins")

    def __init__(self, context: Context, file: CodeFile) -> None:
        self.context, self.file, self.places = context, file, context.places(file)
        self.region = Region([])
        self.scope = Scope()
        self.returns: Type | None = None
        self.front: list[Op] = []
        self.numbers: dict[tuple[type, Any], Var] = {}
        self.stand_ins: list[tuple[Var, Var]] = []

    def source(self, node: Any) -> Source:
        """Where an expression or statement comes from."""
        return Source((), self.places, self.offset(node))

    def offset(self, node: Any) -> int:
        """The byte offset at which torch's parser has an expression begin: parentheses around it are not part of it."""
        while True:
            kind = type(node)
            if kind is _ast.Attribute or kind is _ast.Subscript:
                node = node.value
            elif kind is _ast.Call:
                node = node.func
            elif kind is _ast.BinOp:
                node = node.left
            elif kind is _ast.Tuple and node.elts:
                node = node.elts[0]
            elif kind is _ast.UnaryOp and type(node.operand) is _ast.Constant:
                node = node.operand
            else:
                offset: int = self.file.starts[node.lineno - 1] + node.col_offset
                return offset

    def type(self, node: _ast.expr) -> Type:
        """The type that an annotation names. Raises LowerError where it names none."""
        text = file_text(self.file, node)
        found = self.context.declarations.type(text)
        if found is UNKNOWN:
            raise LowerError(f"{text[:80]} is no type", self.offset(node))
        return found

    def add(self, kind: str, inputs: list[Var], node: Any = None, attributes: Any = ()) -> Op:
        """A new op at the end of the region."""
        op = Op(kind, inputs, attributes, None, self.source(node) if node is not None else None)
        for var in inputs:
            var.uses += 1
        self.region.ops.append(op)
        return op

    def make(self, kind: str, inputs: list[Var], type: Type, node: Any = None, attributes: Any = ()) -> Var:
        """The one output of a new op."""
        op = self.add(kind, inputs, node, attributes)
        var = Var(type, "", op)
        op.outputs.append(var)
        return var

    def constant(self, value: Any, node: Any = None, type: Type | None = None) -> Var:
        """A new constant."""
        attributes = () if value is None else (("value", value),)
        return self.make(CONSTANT, [], type or type_of(value), node, attributes)

    def number(self, value: float | complex, node: Any) -> Var:
        """A number that is written out (3)."""
        key = (type(value), str(value))
        known = self.numbers.get(key)
        if known is None:
            op = Op(CONSTANT, [], (("value", value),), None, self.source(node))
            known = self.numbers[key] = Var(type_of(value), "", op)
            op.outputs.append(known)
            self.front.append(op)
        return known

    def read(self, name: str) -> Sugared | None:
        """What a name means, by its declared type (2); None where it means nothing in any scope."""
        scope: Scope | None = self.scope
        while scope is not None:
            held = scope.held.get(name)
            if held is None:
                scope = scope.outer
                continue
            value, declared = held
            if declared is None or declared is value.type:  # type: ignore[union-attr]
                return value
            stand_in = Var(declared, name)
            self.stand_ins.append((stand_in, value))  # type: ignore[arg-type]
            return stand_in
        return None

    def write(self, name: str, value: Sugared, declared: Type | None = None) -> None:
        """Lets a name mean a value from here on."""
        if isinstance(value, Var):
            if not value.name and value.op is not None and value.op in self.region.ops[-4:]:
                value.name = told(name)
            self.scope.held[name] = (value, declared or value.type)
        else:
            self.scope.held[name] = (value, None)

    def enter(self) -> tuple[Region, Scope]:
        """Goes into a new region with a scope of its own; returns what `leave` needs."""
        before = (self.region, self.scope)
        self.region, self.scope = Region([]), Scope(self.scope)
        return before

    def leave(self, before: tuple[Region, Scope]) -> tuple[Region, Scope]:
        """Goes back out; returns the region and the scope that were left."""
        left = (self.region, self.scope)
        self.region, self.scope = before
        return left

    def land(self) -> None:
        """Puts the values in the place of their stand-ins (2), and the written numbers before everything else (3)."""
        for stand_in, value in self.stand_ins:
            replace(stand_in, value)
        self.stand_ins.clear()
        self.region.ops[:0] = reversed(self.front)
        self.front.clear()

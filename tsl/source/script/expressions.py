"""Expressions as the compiler types them."""

from __future__ import annotations

import _ast
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tsl.source.script import attributes, conditions, displays, module_lists, operands
from tsl.source.script.read_types import is_enum
from tsl.source.script.types import (
    NONE,
    TENSOR,
    UNKNOWN,
    Thing,
    Type,
    fits,
    is_a,
    is_known,
    is_optional,
    optional,
    told,
    unify,
)

if TYPE_CHECKING:
    from tsl.source.script.statements import Emitter


def emit(emitter: Emitter, node: Any) -> Type:
    """The type of an expression; UNKNOWN where the syntax is refused or the value is."""
    handler = HANDLERS.get(type(node))
    return handler(emitter, node) if handler else UNKNOWN


def plain(emitter: Emitter, node: Any) -> Type:
    """The type of an expression that has to be a value."""
    kind = emit(emitter, node)
    if isinstance(kind, Thing):
        return no_value(emitter, node, kind)
    return kind


def no_value(emitter: Emitter, node: Any, thing: Thing) -> Type:
    """What the compiler alone sees, where a value is wanted: `range` and its like are told, the rest is unknown."""
    if thing.kind == "path" and thing.what in TYPES:
        return emitter.refuse(node, "argument", f"`{emitter.module.file.segment(node)}` is a type, and no value")
    if thing.kind == "iterable":
        return emitter.refuse(
            node, "argument", f"`{emitter.module.file.segment(node)}` is looped over, and is no value"
        )
    return UNKNOWN


TYPES = frozenset(
    """builtins.int builtins.float builtins.bool builtins.str numpy.float16 numpy.float32 numpy.float64 numpy.int8
    numpy.int16 numpy.int32 numpy.int64 numpy.uint8 numpy.bool_""".split()
)


def _constant(emitter: Emitter, node: _ast.Constant) -> Type:
    if node.value is None:
        return NONE
    name = type(node.value).__name__
    return name if name in ("int", "float", "bool", "str", "complex") else UNKNOWN


def _name(emitter: Emitter, node: _ast.Name) -> Type:
    found = emitter.scope.find(node.id)
    if found is not None:
        if found == UNKNOWN and node.id in emitter.clashed:
            emitter.refuse(emitter.clashed[node.id][0], "branch", emitter.clashed[node.id][1])
        return found
    if node.id in emitter.scope.missing:
        which = emitter.scope.missing[node.id]
        where = "is made in a loop alone" if which == "loop" else f"is not made in the {which} arm"
        return emitter.refuse(node, "undefined", f"`{node.id}` {where}, and read after it")
    return attributes.global_name(emitter, node)


def _attribute(emitter: Emitter, node: _ast.Attribute) -> Type:
    if attributes.is_closed_over(emitter, node.value):
        return UNKNOWN
    return attributes.attribute(emitter, node, emit(emitter, node.value))


def _binary(emitter: Emitter, node: _ast.BinOp) -> Type:
    return binary(emitter, node, node.left, node.op, node.right)


def binary(emitter: Emitter, node: Any, left: Any, op: Any, right: Any) -> Type:
    """The type of `left op right`."""
    return operands.binary(emitter, node, plain(emitter, left), op, plain(emitter, right))


def _unary(emitter: Emitter, node: _ast.UnaryOp) -> Type:
    if isinstance(node.op, _ast.Not):
        condition = conditions.read(emitter, node.operand)
        return "bool" if condition is not None else UNKNOWN
    return operands.unary(emitter, node, plain(emitter, node.operand))


def _boolean(emitter: Emitter, node: _ast.BoolOp) -> Type:
    conditions.read(emitter, node)
    values = [part for part in node.values if not plain_bool(part)]
    kinds = emitter.compiler.quietly(lambda: [emit(emitter, part) for part in values])
    if any(kind in ("int", "float", "str") for kind in kinds if not isinstance(kind, Thing)):
        words = ", ".join(told(kind) for kind in kinds)
        emitter.refuse(node, "boolean", "the result is True or False, and none of the operands", words)
    return "bool" if all(plain_bool(part) for part in node.values) else UNKNOWN


def plain_bool(node: Any) -> bool:
    """Whether an expression is a bool by its form."""
    if isinstance(node, _ast.BoolOp):
        return all(map(plain_bool, node.values))
    return isinstance(node, _ast.Compare) or (isinstance(node, _ast.UnaryOp) and isinstance(node.op, _ast.Not))


def _compare(emitter: Emitter, node: _ast.Compare) -> Type:
    if len(node.ops) == 1 and isinstance(node.ops[0], _ast.Is | _ast.IsNot):
        other = node.comparators[0]
        if isinstance(other, _ast.Constant) and isinstance(other.value, str):
            emitter.refuse(node, "identity", "strings are compared as objects, and the answer is False")
        conditions.read(emitter, node) if _is_none(node.comparators[0]) else [
            emit(emitter, part) for part in _both(node)
        ]
        return "bool"
    kinds = [plain(emitter, part) for part in (node.left, *node.comparators)]
    results = [
        operands.compare(emitter, node, left, op, right)
        for left, op, right in zip(kinds, node.ops, kinds[1:], strict=False)
    ]
    return results[0] if len(results) == 1 else UNKNOWN if UNKNOWN in results else "bool"


def _both(node: _ast.Compare) -> list[Any]:
    return [node.left, *node.comparators]


def _is_none(node: Any) -> bool:
    return isinstance(node, _ast.Constant) and node.value is None


def _ternary(emitter: Emitter, node: _ast.IfExp) -> Type:
    condition = conditions.read(emitter, node.test)
    if condition.decided is not None:
        return _arm(
            emitter,
            node.body if condition.decided else node.orelse,
            condition.true if condition.decided else condition.false,
        )
    emitter.muted += condition.doubtful
    left = _arm(emitter, node.body, condition.true)
    right = _arm(emitter, node.orelse, condition.false)
    emitter.muted -= condition.doubtful
    if isinstance(left, Thing) and isinstance(right, Thing) and left.kind in MODULES and right.kind in MODULES:
        return emitter.refuse(node, "first-class", "a module is no value, and the compiler cannot choose one of two")
    for part, kind in ((node.body, left), (node.orelse, right)):
        displays.no_function(emitter, part, kind)
    both = unify(left, right)
    if both is None and not condition.doubtful:
        return emitter.refuse(node, "branch", f"one arm is {told(left)}, the other is {told(right)}")
    return UNKNOWN if both is None or condition.doubtful else both


MODULES = frozenset({"self", "layer", "submodules"})


def _arm(emitter: Emitter, node: Any, refined: Mapping[str, Type]) -> Type:
    before = dict(emitter.scope.names)
    emitter.scope.names.update(refined)
    kind = emit(emitter, node)
    emitter.scope.names = before
    return kind


def _text(emitter: Emitter, node: _ast.JoinedStr) -> Type:
    for part in node.values:
        if isinstance(part, _ast.FormattedValue):
            emit(emitter, part.value)
    return "str"


def _comprehension(emitter: Emitter, node: Any) -> Type:
    from tsl.source.script.scope import Scope

    generator = node.generators[0]
    source = emit(emitter, generator.iter)
    kind, unrolled = element(emitter, generator.iter, source)
    scope = emitter.scope = Scope(emitter.scope)
    emitter.bind(generator.target, kind, None)
    emitter.hints.append(UNKNOWN)
    if isinstance(node, _ast.DictComp):
        made: Type = ("Dict", plain(emitter, node.key), plain(emitter, node.value))
    else:
        inner = emit(emitter, node.elt)
        made = ("List", UNKNOWN if isinstance(inner, Thing) or unrolled else inner)
        if is_a(source, "Tuple") and is_known(source) and displays.one_of(list(source[1:])) == UNKNOWN:
            emitter.refuse(node, "element", f"a list is of one type, and {told(source)} is looped over")
    emitter.hints.pop()
    assert scope.outer is not None
    emitter.scope = scope.outer
    return made


def element(emitter: Emitter, node: Any, source: Type) -> tuple[Type, bool]:
    """What iterating gives, and whether the loop is unrolled: over modules and tuples."""
    if isinstance(source, Thing):
        if source.kind == "iterable":
            return source.what[0], source.what[1]
        if source.kind == "submodules":
            return module_lists.any_of(source), True
        if source.kind == "sliced":
            return Thing("taken"), True
        return UNKNOWN, True
    if is_a(source, "List"):
        return source[1], False
    if is_a(source, "Dict"):
        return source[1], False
    if is_a(source, "Tuple"):
        return displays.one_of(list(source[1:])) if len(source) > 1 else UNKNOWN, True
    if source in (TENSOR, "str"):
        return source, False
    if source in ("int", "float", "bool", NONE, "Device", "AnyList", "AnyTuple") or is_optional(source):
        how = "optional" if is_optional(source) else "operand"
        emitter.refuse(node, how, f"{told(source)} cannot be iterated")
    return UNKNOWN, source == UNKNOWN


def index(emitter: Emitter, node: Any) -> Type:
    """The type of what stands in brackets."""
    if isinstance(node, _ast.Slice):
        for part in (node.lower, node.upper, node.step):
            if part is not None:
                kind = plain(emitter, part)
                if kind in ("str", "float") or is_a(kind, "List") or is_a(kind, "Tuple") or is_optional(kind):
                    emitter.refuse(
                        part,
                        "optional" if is_optional(kind) else "slice",
                        f"a bound of a slice is an int, this one is {told(kind)}",
                    )
        return UNKNOWN
    return plain(emitter, node)


def _subscript(emitter: Emitter, node: _ast.Subscript) -> Type:
    base = emit(emitter, node.value)
    if isinstance(base, Thing):
        if base.kind == "class" and is_enum(base.what):
            return emitter.refuse(node, "script-class", f"no member of `{base.what.name}` is found by its name")
        return module_lists.item(emitter, node, base)
    if is_a(base, "Tuple"):
        return _tuple_item(emitter, node, base)
    if base == TENSOR:
        return _tensor_item(emitter, node)
    at = index(emitter, node.slice)
    if is_a(base, "List") or base == "str":
        if isinstance(node.slice, _ast.Slice):
            return base
        if is_known(at) and at not in ("int", "bool", TENSOR, "number"):
            return emitter.refuse(node, "slice", f"a list is indexed with an int, and this is {told(at)}")
        return "str" if base == "str" else base[1]
    if is_a(base, "Dict"):
        if is_known(at) and is_known(base) and not fits(at, base[1]):
            return emitter.refuse(node, "element", f"the keys of the dict are {told(base[1])}, this one is {told(at)}")
        return base[2]
    if is_optional(base) and is_known(base):
        return emitter.refuse(node, "optional", f"{told(base)} has no elements until it is known not to be None")
    if base in ("int", "float", "bool", "number", NONE, "AnyList", "AnyTuple") or (
        is_a(base, "Union") and is_known(base)
    ):
        return emitter.refuse(node, "operand", f"{told(base)} has no elements")
    return UNKNOWN


def _tuple_item(emitter: Emitter, node: _ast.Subscript, base: Type) -> Type:
    if isinstance(node.slice, _ast.Slice):
        places = (node.slice.lower, node.slice.upper, node.slice.step)
        bounds = [_literal(part) for part in places]
        if all(isinstance(part, int) or part is None for part in bounds):
            return ("Tuple", *base[1:][slice(*bounds)]) if bounds[2] != 0 else UNKNOWN
        if any(plain(emitter, part) == "int" and not isinstance(part, _ast.Attribute) for part in places if part):
            emitter.refuse(node, "slice", "the bounds of a slice of a tuple are numbers that are written out")
        return UNKNOWN
    at = _literal(node.slice)
    parts = base[1:]
    if isinstance(at, int):
        if -len(parts) <= at < len(parts):
            return parts[at]
        return emitter.refuse(node, "slice", f"the tuple has {len(parts)} elements, and not one at {at}")
    kind = plain(emitter, node.slice)
    mixed = kind != UNKNOWN and is_known(base) and len(set(map(str, parts))) > 1
    name = node.slice.id if isinstance(node.slice, _ast.Name) else ""
    if mixed and not isinstance(node.slice, _ast.Attribute) and (not name or name in emitter.scope.declared):
        return emitter.refuse(node, "slice", "a tuple of several types is indexed with a number that is written out")
    return displays.one_of(list(parts)) if parts and len(set(map(str, parts))) == 1 else UNKNOWN


def _literal(node: Any) -> Any:
    match node:
        case None:
            return None
        case _ast.Constant(value=int(value)) if not isinstance(value, bool):
            return value
        case _ast.UnaryOp(op=_ast.USub(), operand=_ast.Constant(value=int(value))):
            return -value
    return UNKNOWN


def _tensor_item(emitter: Emitter, node: _ast.Subscript) -> Type:
    parts = node.slice.elts if isinstance(node.slice, _ast.Tuple) else [node.slice]
    dots = False
    for part in parts:
        kind = index(emitter, part)
        if isinstance(part, _ast.Constant) and part.value is ...:
            dots = True
        elif isinstance(part, _ast.Slice):
            continue
        elif kind in ("str", "float", "complex", "Device", "bool") or is_a(kind, "Dict"):
            emitter.refuse(node, "slice", f"a Tensor is not indexed with {told(kind)}")
        elif is_a(kind, "Tuple") and len(kind) > 1 and is_known(kind):
            emitter.refuse(node, "slice", f"a Tensor is not indexed with {told(kind)} inside of the brackets")
        elif kind == TENSOR and dots:
            emitter.refuse(node, "slice", "no tensor may follow `...` in an index")
        elif is_optional(kind) and is_known(kind):
            emitter.refuse(node, "optional", f"a Tensor is not indexed with {told(kind)}")
    return TENSOR


def _call(emitter: Emitter, node: _ast.Call) -> Type:
    from tsl.source.script import calls

    return calls.call(emitter, node)


def _walrus(emitter: Emitter, node: _ast.NamedExpr) -> Type:
    kind = emit(emitter, node.value)
    emitter.bind(node.target, kind, None)
    return kind


def _starred(emitter: Emitter, node: _ast.Starred) -> Type:
    emit(emitter, node.value)
    return UNKNOWN


HANDLERS: dict[type, Any] = {
    _ast.Constant: _constant, _ast.Name: _name, _ast.Attribute: _attribute, _ast.BinOp: _binary, _ast.UnaryOp: _unary,
    _ast.BoolOp: _boolean, _ast.Compare: _compare, _ast.IfExp: _ternary, _ast.List: displays.list_of,
    _ast.Tuple: displays.tuple_of,
    _ast.Dict: displays.dict_of, _ast.JoinedStr: _text, _ast.ListComp: _comprehension, _ast.DictComp: _comprehension,
    _ast.GeneratorExp: _comprehension, _ast.Subscript: _subscript, _ast.Call: _call, _ast.Starred: _starred,
    _ast.NamedExpr: _walrus,
}  # fmt: skip
__all__ = ["binary", "element", "emit", "index", "optional", "plain"]

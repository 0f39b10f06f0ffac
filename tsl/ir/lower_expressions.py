"""What expressions of printed code mean: names, attributes, literals and subscripts. Calls are in `lower_calls`.

The expressions that PyTorch prints are few (facts in docs/how-it-works.md): names, attributes, calls, literals, a minus
before a number, and subscripts by one index. Anything else is a LowerError.
"""

from __future__ import annotations

import _ast
from typing import Any

from tsl.archive.code import Class, Method
from tsl.archive.values import Tensor
from tsl.ir.inline_form import Var
from tsl.ir.lower_calls import builtin, call, call_method, pack
from tsl.ir.lower_emitter import Emitter
from tsl.ir.lower_names import (
    FORMS,
    FUNCTIONS,
    Bound,
    ClassName,
    Form,
    FunctionName,
    Namespace,
    Operator,
    Packed,
    Space,
    Sugared,
    Table,
    title,
)
from tsl.ir.lower_types import LowerError, literal, type_of
from tsl.ir.match import unified
from tsl.ir.types import ANY, INT, STR, TENSOR, UNKNOWN, Type, is_subtype, list_of, tuple_of

_GLOBALS: dict[str, Sugared] = {
    "torch": Space("aten"),
    "ops": Space(""),
    "CONSTANTS": Table(),
    "__torch__": Namespace("__torch__"),
}


def value(emitter: Emitter, node: Any, hint: Type | None = None) -> Var:
    """The value of an expression; `hint` is the type it is wanted as."""
    kind = type(node)
    if kind is _ast.Name:
        found = emitter.read(node.id)
        if type(found) is Var:
            return found
    elif kind is _ast.Constant:
        constant = node.value
        if type(constant) is int or type(constant) is float or type(constant) is complex:
            return emitter.number(constant, node)
        return emitter.constant(constant, node)
    meant = meaning(emitter, node, hint)
    if type(meant) is Var:
        return meant
    if isinstance(meant, Packed):
        return pack(emitter, meant)
    raise LowerError(f"{title(meant)} is no value", emitter.offset(node))


def meaning(emitter: Emitter, node: Any, hint: Type | None = None, binders: int = 1) -> Sugared:
    """What an expression means; `binders` is how many names will be bound to it."""
    match node:
        case _ast.Call():
            return call(emitter, node, meaning(emitter, node.func), hint, binders)
        case _ast.Name():
            return _name(emitter, node)
        case _ast.Attribute():
            return _attribute(emitter, node)
        case _ast.Constant():
            return value(emitter, node)
        case _ast.List():
            return _list(emitter, node, hint)
        case _ast.Tuple():
            return _tuple(emitter, node, hint)
        case _ast.Subscript():
            return _subscript(emitter, node)
        case _ast.Dict():
            return _dict(emitter, node, hint)
        case _ast.UnaryOp(op=_ast.USub()):
            return _negative(emitter, node)
        case _ast.BinOp(op=_ast.Add()):  # a complex number: `1.+2.j`
            return builtin(emitter, "aten::add", [value(emitter, node.left), value(emitter, node.right)], [], node)
    raise LowerError(f"{type(node).__name__} is not printed by PyTorch", emitter.offset(node))


def _name(emitter: Emitter, node: _ast.Name) -> Sugared:
    name = node.id
    found = emitter.read(name)
    if found is None:
        found = _GLOBALS.get(name)
    if found is not None:
        return found
    if name == "inf" or name == "nan":
        return emitter.constant(float(name), node)
    if name in FORMS:
        return Form(name)
    if name in FUNCTIONS:
        return Operator(FUNCTIONS[name])
    raise LowerError(f"{name} is not defined", emitter.offset(node))


def _attribute(emitter: Emitter, node: _ast.Attribute) -> Sugared:
    held = meaning(emitter, node.value)
    name = node.attr
    match held:
        case Var():
            return attribute_of(emitter, held, name, node)
        case Space(""):
            return Space(name)
        case Space(space):
            return Operator(f"{space}::{name}")
        case Namespace(qualified):
            return _defined(emitter, f"{qualified}.{name}")
        case Table():
            return _table(emitter, name, node)
        case ClassName(declared, _) if declared.kind == "Enum":
            member = emitter.context.declarations.member(declared.name, name)
            if member is not None:
                return emitter.constant(member, node, declared)
        case ClassName(_, found) if name in found.methods:  # a hook
            return FunctionName(found.methods[name])
        case ClassName() if name == "__new__":
            return held
        case Packed():
            return attribute_of(emitter, pack(emitter, held), name, node)
    raise LowerError(f"{title(held)} has no attribute {name}", emitter.offset(node))


def _defined(emitter: Emitter, qualified: str) -> Sugared:
    declarations = emitter.context.declarations
    found = declarations.code.find(qualified)
    if isinstance(found, Method):
        return FunctionName(found)
    declared = declarations.named(qualified)
    if isinstance(found, Class) and declared is not None:
        return ClassName(declared, found)
    return Namespace(qualified)


def _table(emitter: Emitter, name: str, node: Any) -> Var:
    constants = emitter.context.constants
    place = int(name[1:]) if name[1:].isdigit() and len(name) < 10 else -1
    if not 0 <= place < len(constants):
        raise LowerError(f"the archive has no constant {name}", emitter.offset(node))
    held = constants[place]
    return emitter.constant(held, node, TENSOR if isinstance(held, Tensor) else type_of(held))


def attribute_of(emitter: Emitter, held: Var, name: str, node: Any) -> Sugared:
    """What an attribute of a value means: a method, something it holds, or a constant of its class."""
    declarations = emitter.context.declarations
    owner = held.type
    if owner.kind in {"Class", "Interface"}:
        if declarations.method(owner.name, name) is not None:
            return Bound(held, name)
        type = declarations.attributes(owner.name).get(name)
        if type is not None:
            return emitter.make("prim::GetAttr", [held], type, node, (("name", name),))
        constant = declarations.constant(owner.name, name)
        if constant is not None:
            return emitter.constant(constant[0], node, constant[1])
        return Bound(held, name)  # of a class that the archive does not define, or whose file cannot be read
    if owner.kind == "NamedTuple" and name in owner.fields:
        place = owner.fields.index(name)
        return tuple_item(emitter, held, emitter.constant(place, node), owner.arguments[place], node)
    if owner.kind == "Enum" and name in {"name", "value"}:
        kind = "prim::EnumName" if name == "name" else "prim::EnumValue"
        return emitter.make(kind, [held], STR if name == "name" else _enum_value(emitter, owner), node)
    if owner is UNKNOWN or (owner is TENSOR and name == "tolist"):
        return Bound(held, name)
    raise LowerError(f"{owner} has no attribute {name}", emitter.offset(node))


def _enum_value(emitter: Emitter, owner: Type) -> Type:
    found = emitter.context.declarations.code.find(owner.name)
    members = list(found.members.values()) if isinstance(found, Class) else []
    return type_of(literal(members[0])) if members else UNKNOWN


def tuple_item(emitter: Emitter, held: Var, place: Var, type: Type, node: Any) -> Var:
    """An element of a tuple."""
    return emitter.make("prim::TupleIndex", [held, place], type, node)


def _list(emitter: Emitter, node: _ast.List, hint: Type | None) -> Var:
    bare = hint.element if hint is not None and hint.kind == "Optional" else hint
    wanted = bare.element if bare is not None and bare.kind == "List" else None
    values = [value(emitter, element, wanted) for element in node.elts]
    types = tuple([var.type for var in values])
    meets = emitter.context.declarations.meets
    if wanted is None or not all(type is wanted or is_subtype(type, wanted, meets) for type in types):
        wanted = (unified(types) or ANY) if types else TENSOR
    return emitter.make("prim::ListConstruct", values, list_of(wanted), node)


def _tuple(emitter: Emitter, node: _ast.Tuple, hint: Type | None) -> Packed:
    bare = hint.element if hint is not None and hint.kind == "Optional" else hint
    wanted: tuple[Type | None, ...] = (None,) * len(node.elts)
    if bare is not None and bare.kind in {"Tuple", "NamedTuple"} and len(bare.arguments) == len(node.elts):
        wanted = bare.arguments
    values = [value(emitter, element, type) for element, type in zip(node.elts, wanted, strict=True)]
    return Packed(tuple(values), tuple_of(*[var.type for var in values]))


def _dict(emitter: Emitter, node: _ast.Dict, hint: Type | None) -> Var:
    bare = hint.element if hint is not None and hint.kind == "Optional" else hint
    pairs = [
        (value(emitter, key), value(emitter, held)) for key, held in zip(node.keys, node.values, strict=True) if key
    ]
    if bare is None or bare.kind != "Dict":
        key = pairs[0][0].type if pairs else STR
        held = (unified(tuple(held.type for _, held in pairs)) or ANY) if pairs else TENSOR
        bare = Type("Dict", (key, held))
    return emitter.make("prim::DictConstruct", [var for pair in pairs for var in pair], bare, node)


def _negative(emitter: Emitter, node: _ast.UnaryOp) -> Var:
    operand = node.operand
    if isinstance(operand, _ast.Constant) and type(operand.value) in {int, float, complex}:
        return emitter.number(-operand.value, node)  # type: ignore[operator]
    if isinstance(operand, _ast.Name) and operand.id == "inf":
        return emitter.constant(-float("inf"), node)
    return value_of(emitter, builtin(emitter, "aten::neg", [value(emitter, operand)], [], node))


def value_of(emitter: Emitter, meant: Sugared) -> Var:
    """What was made of a call, as one value."""
    if isinstance(meant, Packed):
        return pack(emitter, meant)
    assert type(meant) is Var
    return meant


def _subscript(emitter: Emitter, node: _ast.Subscript) -> Sugared:
    held = value(emitter, node.value)
    if isinstance(node.slice, _ast.Slice):
        return _slice(emitter, held, node, node.slice)
    if held.type.kind in {"Tuple", "NamedTuple"}:
        place = value(emitter, node.slice)
        index = place.op.attribute("value") if place.op is not None else None
        parts = held.type.arguments
        if type(index) is not int or not -len(parts) <= index < len(parts):
            return tuple_item(emitter, held, place, unified(parts) or ANY, node)
        return tuple_item(emitter, held, place, parts[index], node)
    if held.type.kind == "Class":
        return call_method(emitter, Bound(held, "__getitem__"), [value(emitter, node.slice)], [], node)
    if held.type is TENSOR:
        return _select(emitter, held, node)
    return builtin(emitter, "aten::__getitem__", [held, value(emitter, node.slice)], [], node)


def _slice(emitter: Emitter, held: Var, node: _ast.Subscript, part: _ast.Slice) -> Sugared:
    if held.type.kind in {"Tuple", "NamedTuple"}:
        chosen = range(len(held.type.arguments))[slice(*map(_literal_or_none, (part.lower, part.upper, part.step)))]
        places = [(emitter.constant(place, node), held.type.arguments[place]) for place in chosen]
        values = [tuple_item(emitter, held, place, type, node) for place, type in places]
        return Packed(tuple(values), tuple_of(*[var.type for var in values]))
    bounds = [value(emitter, bound) if bound else emitter.constant(None, node) for bound in (part.lower, part.upper)]
    step = value(emitter, part.step) if part.step else emitter.constant(1, node)
    return builtin(emitter, "aten::slice", [held, *bounds, step], [], node)


def _literal_or_none(node: _ast.expr | None) -> Any:
    return literal(node) if node is not None else None


def _select(emitter: Emitter, held: Var, node: _ast.Subscript) -> Sugared:
    """`x[i]` of a tensor, which archives of before 1.0 still print."""
    place = value(emitter, node.slice)
    if place.type is not INT:
        raise LowerError("a tensor is indexed by something else than a number", emitter.offset(node))
    return builtin(emitter, "aten::select", [held, emitter.constant(0, node), place], [], node)

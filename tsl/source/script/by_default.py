"""What the defaults of a constructor's parameters say of the object: a root is made with them, where it can be.

A test that they decide leaves out an attribute; an enum, or an int for a float, is what the compiler finds on it.
"""

from __future__ import annotations

import _ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from tsl.source.classes import Class
from tsl.source.names import Names
from tsl.source.refs import Instance
from tsl.source.script.read_types import is_enum
from tsl.source.script.types import Type
from tsl.source.tree import assigned, walk

UNTOLD: Any = object()
COMPARED: Mapping[type, Callable[[Any, Any], bool]] = {
    _ast.Eq: operator.eq, _ast.NotEq: operator.ne, _ast.Is: operator.is_, _ast.IsNot: operator.is_not,
}  # fmt: skip


def is_absent(instance: Instance, name: str) -> bool:
    """Whether an object made with the defaults has an attribute not, which one arm of a test alone makes."""
    if instance.arguments is not None:
        return False
    found = [(ancestor, node) for ancestor in instance.cls.ancestors() if (node := ancestor.methods.get("__init__"))]
    return len(found) == 1 and name in found[0][0].module.once(_absent, found[0][1])


def _absent(method: Any, _names: Names) -> frozenset[str]:
    """The attributes that a constructor leaves out with its defaults: made in the arm of one test that does not run."""
    left_out: set[str] = set()
    made: list[str] = []
    for statement in method.body:
        made += makes([statement])
        answer = _by_default(method, statement.test) if isinstance(statement, _ast.If) else None
        if answer is not None:
            runs, rests = (statement.body, statement.orelse) if answer else (statement.orelse, statement.body)
            left_out |= makes(rests) - makes(runs)
    return frozenset(name for name in left_out if made.count(name) == 1)


def is_none(instance: Instance, name: str) -> bool:
    """Whether an attribute of an object made with the defaults is a parameter that says no type and is None."""
    found = instance.cls.find("__init__")
    if instance.arguments is not None or found is None:
        return False
    nodes = [value for target, value in assigned(found[0].body) if getattr(target, "attr", "") == name]
    if len(nodes) != 1 or not isinstance(nodes[0], _ast.Name):
        return False
    place = next((one for one in found[0].args.args if one.arg == nodes[0].id), None)
    return place is not None and place.annotation is None and _default(found[0], nodes[0]) is None


def makes(statements: list[Any]) -> set[str]:
    """The attributes that statements assign, and those they name in a call that may make them."""
    nodes = list(walk(statements))
    asked = {id(part) for node in nodes for part in _asked(node)}
    stored = {node.attr for node in nodes if isinstance(node, _ast.Attribute) and isinstance(node.ctx, _ast.Store)}
    named = {node.value for node in nodes if isinstance(node, _ast.Constant) and id(node) not in asked}
    return stored | {name for name in named if isinstance(name, str)}


def _asked(node: Any) -> list[Any]:
    """The name a call asks for, which it does not make."""
    match node:
        case _ast.Call(func=_ast.Name(id="getattr" | "hasattr"), args=[_, name, *_]):
            return [name]
    return []


def _by_default(method: Any, test: Any) -> bool | None:
    """What a test of parameters says of their defaults; None where those are not written out."""
    match test:
        case _ast.UnaryOp(op=_ast.Not(), operand=inner):
            answer = _by_default(method, inner)
            return None if answer is None else not answer
        case _ast.BoolOp(op=op, values=parts):
            ends = isinstance(op, _ast.Or)
            answers = [_by_default(method, part) for part in parts]
            return ends if ends in answers else None if None in answers else not ends
        case _ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARED:
            one, other = _default(method, left), _default(method, right)
            return None if UNTOLD in (one, other) else COMPARED[type(op)](one, other)
        case _ast.Name() | _ast.Attribute():
            held = _default(method, test)
            return None if held is UNTOLD else bool(held)
    return None


def _default(method: Any, node: Any) -> Any:
    """The value of an expression where every parameter has its default; UNTOLD where it is not a plain one."""
    match node:
        case _ast.Constant(value=value):
            return value
        case _ast.Name(id=name):
            arguments = method.args
            places = arguments.args[len(arguments.args) - len(arguments.defaults) :]
            given = [default for place, default in zip(places, arguments.defaults, strict=True) if place.arg == name]
            known = given and isinstance(given[0], _ast.Constant) and name not in _assigned_names(method)
            return given[0].value if known else UNTOLD
        case _ast.Call(func=_ast.Name(id="int"), args=[inner], keywords=[]):
            held = _default(method, inner)
            return int(held) if isinstance(held, int | float) else UNTOLD
        case _ast.Attribute(value=_ast.Name(id="self"), attr=name):
            nodes = [value for target, value in assigned(method.body) if getattr(target, "attr", "") == name]
            return _default(method, nodes[0]) if len(nodes) == 1 and nodes[0] is not None else UNTOLD
    return UNTOLD


def settled(owner: Class, node: Any) -> Any:
    """What an expression of a constructor is with the defaults: that of a parameter, the rest of an `or`."""
    method = owner.methods.get("__init__")
    match node:
        case _ast.BoolOp(op=_ast.Or(), values=[_ast.Name() as first, other]) if method and not _default(method, first):
            return other
        case _ast.Name(id=name) if method and name not in _assigned_names(method):
            arguments = method.args
            places = arguments.args[len(arguments.args) - len(arguments.defaults) :]
            given = [default for place, default in zip(places, arguments.defaults, strict=True) if place.arg == name]
            return given[0] if given and isinstance(given[0], _ast.Call) else node
    return node


def _assigned_names(method: Any) -> set[str]:
    return {target.id for target, _ in assigned(method.body) if isinstance(target, _ast.Name)}


def type_of(nodes: list[tuple[Class, Any]]) -> Type | None:
    """The type of an attribute that is a member of an enum, or a parameter that is one, or a float with an int for its
    default: the compiler takes the value as it is."""
    if len(nodes) != 1:
        return None
    owner, node = nodes[0]
    if isinstance(node, _ast.Attribute) and (enum := _enum(owner, node.value)):
        return enum
    if not isinstance(node, _ast.Name):
        return None
    arguments = owner.methods["__init__"].args
    places = [*arguments.args, *arguments.kwonlyargs]
    missing: list[Any] = [None] * (len(arguments.args) - len(arguments.defaults))
    for place, default in zip(places, [*missing, *arguments.defaults, *arguments.kw_defaults], strict=True):
        if place.arg == node.id:
            return _of_parameter(owner, place.annotation, default)
    return None


def _of_parameter(owner: Class, annotation: Any, default: Any) -> Type | None:
    enum = _enum(owner, annotation) or (isinstance(default, _ast.Attribute) and _enum(owner, default.value))
    if enum:
        return enum
    is_int = isinstance(default, _ast.Constant) and type(default.value) is int
    return "int" if is_int and owner.module.names.dotted(annotation) == "builtins.float" else None


def _enum(owner: Class, node: Any) -> Type | None:
    """The type of the members of an enum, where a node names one."""
    cls = owner.module.class_named(node) if node is not None else None
    return ("Class", cls) if cls is not None and is_enum(cls) else None

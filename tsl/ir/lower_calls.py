"""What calls of printed code mean: operators by their overloads, methods and functions by their signatures, and the
forms that the frontend itself knows.

An operator that no table has is taken as it stands: its inputs in order, and as many results of type `Unknown` as names
are bound. Arguments that are left out are constants of their defaults.
"""

from __future__ import annotations

import _ast
from typing import Any

from tsl.archive.code import Method
from tsl.ir.inline_form import CONSTANT, Var
from tsl.ir.lower_emitter import Emitter
from tsl.ir.lower_names import (
    CASTS,
    Bound,
    ClassName,
    Closure,
    Form,
    FunctionName,
    Operator,
    Packed,
    Sugared,
    title,
)
from tsl.ir.lower_types import LowerError, literal, type_of
from tsl.ir.match import CONVERSIONS, DEFAULT, Match, Slot
from tsl.ir.types import BOOL, NONE, TENSOR, UNKNOWN, Type, is_subtype, optional, tuple_of

_ELEMENTS = {"int": 0, "float": 1, "bool": 2, "complex": 3}  # as `prim::tolist` counts

Named = list[tuple[str, Var]]


def call(emitter: Emitter, node: _ast.Call, meant: Sugared, hint: Type | None, binders: int) -> Sugared:
    """What a call of something means."""
    if isinstance(meant, Form):
        made: Sugared = _FORMS.get(meant.name, _cast)(emitter, node, meant.name)
        return made
    if isinstance(meant, ClassName) and isinstance(node.func, _ast.Attribute) and node.func.attr == "__new__":
        return emitter.make("prim::CreateObject", [], meant.type, node)
    given, named = arguments(emitter, node)
    match meant:
        case Operator(name):
            return builtin(emitter, name, given, named, node, binders)
        case Bound(held, "tolist") if held.type is TENSOR:
            return _to_list(emitter, held, hint or UNKNOWN, node)
        case Bound():
            return call_method(emitter, meant, given, named, node)
        case FunctionName(method):
            return _call_function(emitter, method, given, named, node)
        case ClassName(type=kind) if kind.kind == "NamedTuple":
            return _named_tuple(emitter, kind, given, named, node)
        case Var() if meant.type.kind in {"Class", "Interface"}:
            return call_method(emitter, Bound(meant, "__call__"), given, named, node)
    raise LowerError(f"{title(meant)} cannot be called", emitter.offset(node))


def arguments(emitter: Emitter, node: _ast.Call) -> tuple[list[Var], Named]:
    """The values of a call's arguments, by place and by keyword."""
    from tsl.ir.lower_expressions import value

    given = [value(emitter, argument) for argument in node.args]
    return given, [(word.arg or "", value(emitter, word.value)) for word in node.keywords]


def pack(emitter: Emitter, packed: Packed) -> Var:
    """The tuple of several values."""
    return emitter.make("prim::TupleConstruct", list(packed.values), packed.type)


def builtin(emitter: Emitter, name: str, given: list[Var], named: Named, node: Any, binders: int = 1) -> Var | Packed:
    """The results of an operator."""
    types = tuple([var.type for var in given])
    keywords = tuple([(word, var.type) for word, var in named]) if named else ()
    match = emitter.context.matcher.call(name, types, keywords)
    if match is None:
        return _unknown(emitter, name, given + [var for _, var in named], node, binders)
    inputs = [_input(emitter, match, place, slot, given, named, node) for place, slot in enumerate(match.slots)]
    op = emitter.add(name, inputs, node)
    made = [Var(type, "", op) for type in match.returns]
    op.outputs.extend(made)
    if len(made) == 1:
        return made[0]
    names = tuple(result.name for result in match.schema.returns)
    if made and all(names):
        return Packed(tuple(made), Type("NamedTuple", match.returns, "", names))
    return Packed(tuple(made), tuple_of(*match.returns))


def _unknown(emitter: Emitter, name: str, inputs: list[Var], node: Any, binders: int) -> Var | Packed:
    op = emitter.add(name, inputs, node)
    made = [Var(UNKNOWN, "", op) for _ in range(binders)]
    op.outputs.extend(made)
    return made[0] if len(made) == 1 else Packed(tuple(made), tuple_of(*[var.type for var in made]))


def _input(emitter: Emitter, match: Match, place: int, slot: Slot, given: list[Var], named: Named, node: Any) -> Var:
    origin, converted = slot
    if origin == DEFAULT:
        argument = match.schema.arguments[place]
        default = argument.default
        wanted = argument.type.element if argument.type.kind == "Optional" else argument.type
        return emitter.constant(default, node, wanted if isinstance(default, list) else None)
    var = given[origin] if isinstance(origin, int) else next(var for word, var in named if word == origin)
    if converted is None:
        return var
    if isinstance(converted, str):
        made = builtin(emitter, converted, [var], [], node)
        return made if isinstance(made, Var) else pack(emitter, made)
    if converted.kind == "Repeated":
        times = match.schema.arguments[place].length
        return emitter.make("prim::ListConstruct", [var] * times, converted.element, node)
    return as_list(emitter, var, converted)


def unpack(emitter: Emitter, var: Var) -> list[Var]:
    """The elements of a tuple."""
    if var.op is not None and var.op.kind == "prim::TupleConstruct":
        return list(var.op.inputs)
    op = emitter.add("prim::TupleUnpack", [var])
    op.outputs.extend(Var(part, "", op) for part in var.type.arguments)
    return list(op.outputs)


def as_list(emitter: Emitter, var: Var, wanted: Type) -> Var:
    """A tuple's elements as a list."""
    return emitter.make("prim::ListConstruct", unpack(emitter, var), wanted)


def converted_to(emitter: Emitter, var: Var, wanted: Type, node: Any, converts: bool = True) -> Var:
    """A value as a type that it is assigned to or returned as: tuples element by element, numbers by an operator where
    it `converts`, else as it is.
    """
    meets = emitter.context.declarations.meets
    if var.type is wanted or is_subtype(var.type, wanted, meets):
        return var
    bare = wanted.element if wanted.kind == "Optional" else wanted
    if var.type.kind in {"Tuple", "NamedTuple"} and bare.kind == "List":
        return as_list(emitter, var, bare)
    if var.type.kind in {"Tuple", "NamedTuple"} and bare.kind == "Tuple":
        if len(var.type.arguments) != len(bare.arguments):
            return var
        pairs = zip(unpack(emitter, var), bare.arguments, strict=True)
        parts = [converted_to(emitter, part, type, node, converts) for part, type in pairs]
        return emitter.make("prim::TupleConstruct", parts, tuple_of(*[part.type for part in parts]))
    operator = CONVERSIONS.get((var.type, bare)) if converts else None
    made = builtin(emitter, operator, [var], [], node) if operator else var
    return made if isinstance(made, Var) else pack(emitter, made)


def _by_signature(
    emitter: Emitter, method: Method, given: list[Var], named: Named, node: Any
) -> tuple[list[Var], Type]:
    """The inputs of a call by what a function takes, and what it returns. A method's `self` is among those given."""
    signature = emitter.context.declarations.signature(method)
    words = dict(named)
    inputs: list[Var] = []
    for place, parameter in enumerate(signature.parameters):
        if place < len(given):
            var = given[place]
        elif parameter.name in words:
            var = words[parameter.name]
        elif parameter.default is not None:
            var = emitter.constant(literal(parameter.default), node)
        else:
            raise LowerError(f"{method.name} is called without {parameter.name}", emitter.offset(node))
        inputs.append(var if place == 0 else converted_to(emitter, var, parameter.type, node))
    return inputs, signature.returns


def call_method(emitter: Emitter, bound: Bound, given: list[Var], named: Named, node: Any) -> Var:
    """The result of a method of the archive; of one that is not there, `Unknown`."""
    method = emitter.context.declarations.method(bound.value.type.name, bound.name)
    inputs, returns = [bound.value, *given, *(var for _, var in named)], UNKNOWN
    if method is not None:
        inputs, returns = _by_signature(emitter, method, [bound.value, *given], named, node)
    return emitter.make("prim::CallMethod", inputs, returns, node, (("name", bound.name),))


def _to_list(emitter: Emitter, held: Var, wanted: Type, node: Any) -> Var:
    """The elements of a tensor: its operator is told how deep the lists go, and a number for what they hold."""
    depth, element = 0, wanted
    while element.kind == "List":
        depth, element = depth + 1, element.element
    numbers = [depth, _ELEMENTS.get(element.kind, 0)]
    return emitter.make("prim::tolist", [held, *(emitter.constant(number, node) for number in numbers)], wanted, node)


def _call_function(emitter: Emitter, method: Method, given: list[Var], named: Named, node: Any) -> Var:
    inputs, returns = _by_signature(emitter, method, given, named, node)
    function = Type("Function", (), method.qualified)
    callee = emitter.make(CONSTANT, [], function, node, (("name", method.name),))
    return emitter.make("prim::CallFunction", [callee, *inputs], returns, node)


def _named_tuple(emitter: Emitter, made: Type, given: list[Var], named: Named, node: Any) -> Var:
    words = dict(named)
    fields = [given[place] if place < len(given) else words.get(name) for place, name in enumerate(made.fields)]
    inputs = [var for var in fields if var is not None]
    pairs = zip(inputs, made.arguments, strict=False)
    inputs = [converted_to(emitter, var, type, node) for var, type in pairs]
    return emitter.make("prim::TupleConstruct", inputs, made, node)


def _cast(emitter: Emitter, node: _ast.Call, name: str) -> Sugared:
    given, named = arguments(emitter, node)
    wanted = BOOL if name == "bool" else type_of({"int": 0, "float": 0.0, "str": "", "complex": 0j}[name])
    if len(given) == 1 and not named:
        if is_subtype(given[0].type, wanted) and given[0].type is not UNKNOWN:
            return given[0]
        if given[0].type.kind == "Class":
            return call_method(emitter, Bound(given[0], f"__{name}__"), [], [], node)
    return builtin(emitter, CASTS[name], given, named, node)


def _annotate(emitter: Emitter, node: _ast.Call, _: str) -> Sugared:
    from tsl.ir.lower_expressions import value

    wanted = emitter.type(node.args[0])
    var = converted_to(emitter, value(emitter, node.args[1], wanted), wanted, node)
    if wanted.kind == "Optional" and var.type is NONE:
        return emitter.constant(None, None, wanted)
    return var


def _unchecked_cast(emitter: Emitter, node: _ast.Call, _: str) -> Sugared:
    from tsl.ir.lower_expressions import value

    wanted = emitter.type(node.args[0])
    var = value(emitter, node.args[1])
    is_cast = isinstance(node.args[1], _ast.Call) and var.op is not None and var.op.kind == "prim::unchecked_cast"
    return var if is_cast and var.type is wanted else emitter.make("prim::unchecked_cast", [var], wanted, node)


def _uninitialized(emitter: Emitter, node: _ast.Call, _: str) -> Sugared:
    return emitter.make("prim::Uninitialized", [], emitter.type(node.args[0]), node)


def _getattr(emitter: Emitter, node: _ast.Call, _: str) -> Sugared:
    from tsl.ir.lower_expressions import attribute_of, value

    name = node.args[1]
    if not isinstance(name, _ast.Constant) or not isinstance(name.value, str):
        raise LowerError("getattr takes a name that is written out", emitter.offset(node))
    return attribute_of(emitter, value(emitter, node.args[0]), name.value, node)


def is_instance(emitter: Emitter, node: _ast.Call) -> tuple[Var, tuple[Type, ...], bool | None]:
    """The value that isinstance asks about, the types it asks for, and the answer where the types settle it."""
    from tsl.ir.lower_expressions import value

    asked = node.args[1]
    told = asked.elts if isinstance(asked, _ast.List | _ast.Tuple) else [asked]
    wanted = tuple(emitter.type(one) for one in told)
    var = value(emitter, node.args[0])
    meets = emitter.context.declarations.meets
    if any(is_subtype(var.type, one, meets) for one in wanted):
        return var, wanted, True
    possible = any(is_subtype(one, var.type, meets) or _may_be(one, var.type) for one in wanted)
    return var, wanted, None if possible else False


def _may_be(wanted: Type, type: Type) -> bool:
    kind = {"AnyList": "List", "AnyTuple": "Tuple"}.get(wanted.kind)
    if type.kind in {"Optional", "Union"}:
        return any(_may_be(wanted, part) for part in type.arguments)
    return kind is not None and type.kind == kind


def _isinstance(emitter: Emitter, node: _ast.Call, _: str) -> Sugared:
    var, wanted, settled = is_instance(emitter, node)
    if settled is not None:
        return emitter.constant(settled, node)
    return emitter.make("prim::isinstance", [var], BOOL, node, (("types", wanted),))


def _print(emitter: Emitter, node: _ast.Call, _: str) -> Sugared:
    given, _named = arguments(emitter, node)
    emitter.add("prim::Print", given, node)
    return Packed((), tuple_of())


def _fork(emitter: Emitter, node: _ast.Call, name: str) -> Sugared:
    closure = emitter.read(node.args[0].id) if isinstance(node.args[0], _ast.Name) else None
    if not isinstance(closure, Closure) or not closure.region.outputs:
        raise LowerError(f"{name} takes a function that is defined beside it", emitter.offset(node))
    result = Type("Future" if name == "fork" else "Await", (closure.region.outputs[0].type,))
    return emitter.make(f"prim::{name}", [], result, node, (("Subgraph", closure.region),))


_FORMS: dict[str, Any] = {
    "annotate": _annotate,
    "unchecked_cast": _unchecked_cast,
    "uninitialized": _uninitialized,
    "getattr": _getattr,
    "isinstance": _isinstance,
    "print": _print,
    "fork": _fork,
    "awaitable": _fork,
}

__all__ = ["arguments", "builtin", "call", "call_method", "converted_to", "is_instance", "optional", "pack", "unpack"]

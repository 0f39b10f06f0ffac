"""What a function's parameters are when it starts: as a root, or called with arguments.

Definitions:
1. A root's parameter is what its annotation or type comment says; else what its default is; else a tensor when the
   function uses it as one (`usage`), a dict when it uses it as that, doubtful when neither. A default of None adds
   None. What forward requires and takes
   for a number is a tensor or a number; where it requires a tuple of ints, alone or in a list, each is a size or an
   int: no int is an input of a trace, so another module calls it with some shape or with its settings. A bare int is an
   index or a count more often than a size, a list of ints holds counts, and both stay what they say.
2. A called function's parameter is what the caller gives, else its default. Where the caller's value is doubtful, the
   annotation decides, then use.
   Its story begins at the parameter: what the caller could tell of it is not part of what the function does.
3. Constructor parameters of an object nobody is seen to make are configuration: static, and never tensors of an input.
"""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.source import values
from tsl.source.frame import Env
from tsl.source.refs import Arguments, Routine
from tsl.source.tree import decorator_names, last_name
from tsl.source.usage import evident_dicts, evident_tensors, likely_tensors
from tsl.source.values import NONE, TENSOR, TRACED, UNKNOWN, UNKNOWN_VALUE, Value

if TYPE_CHECKING:
    from tsl.source.names import Names
    from tsl.source.session import Session


class Parameters:
    """Binds the parameters of the functions of one file."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def of_root(self, routine: Routine, constructing: bool) -> Env:
        """The environment a root starts in (1), or a constructor of an object of unknown making (3)."""
        env = _bound_self(routine)
        signature = routine.node.args
        for parameter, default in routine.module.once(_signature, routine.node)[len(env) :]:
            find = self._configured if constructing else self._given_from_outside
            env[parameter.arg] = find(routine, parameter, default)
        if signature.vararg:
            promised = routine.module.annotations.read(signature.vararg.annotation, values.DATA)
            unsaid = promised.kind & UNKNOWN and not constructing
            element = Value(UNKNOWN, values.DATA) if unsaid else promised
            env[signature.vararg.arg] = told(routine, signature.vararg, values.listing(element))
        if signature.kwarg:
            env[signature.kwarg.arg] = values.DICT_VALUE
        return env

    def of_call(self, routine: Routine, arguments: Arguments) -> Env:
        """The environment a called function starts in (2)."""
        env = _bound_self(routine)
        signature = routine.node.args
        positional, named = list(arguments.positional), dict(arguments.keywords)
        for parameter, default in routine.module.once(_signature, routine.node)[len(env) :]:
            given = named.pop(parameter.arg, None)
            if given is None and positional and parameter not in signature.kwonlyargs:
                given = positional.pop(0)
            value = self._refined(routine, parameter, self._or_default(routine, given, arguments.rest, default))
            env[parameter.arg] = told(routine, parameter, value)
        if signature.vararg:
            spread = values.sequence(positional)
            if arguments.rest is not None:
                spread = values.listing(values.join_all([*positional, arguments.rest]))
            env[signature.vararg.arg] = told(routine, signature.vararg, spread)
        if signature.kwarg:
            spread = Value(values.DICT, parts={**named}, item=arguments.rest)
            env[signature.kwarg.arg] = told(routine, signature.kwarg, spread)
        return env

    # Roots

    def _configured(self, routine: Routine, parameter: Any, default: Any) -> Value:
        promised = routine.module.annotations.parameter(routine.node, parameter, values.STATIC)
        if not promised.kind & UNKNOWN:
            return values.join(promised, values.NONE_VALUE) if _is_none(default) else promised
        return UNKNOWN_VALUE if default is None else self._like_default(routine, default, values.STATIC)

    def _given_from_outside(self, routine: Routine, parameter: Any, default: Any) -> Value:
        promised = routine.module.annotations.parameter(routine.node, parameter, values.DATA)
        if not promised.kind & UNKNOWN:
            if default is None and routine.name == "forward" and routine.owner is not None:
                promised = _or_sizes(promised, _is_tuple(parameter.annotation))
            optional = values.join(promised, values.NONE_VALUE) if _is_none(default) else promised
            return told(routine, parameter, _from_input(optional))
        given = None if default is None else self._like_default(routine, default, 0)
        if given is not None and not given.kind & (NONE | UNKNOWN):
            return given
        if given is None and parameter.arg in routine.module.once(evident_dicts, routine.node):
            held = values.tensor(values.DATA, doubt=UNKNOWN)
            return told(routine, parameter, Value(values.DICT, item=held))
        doubt = given.kind & NONE if given is not None else 0
        if parameter.arg not in routine.module.once(evident_tensors, routine.node):
            doubt |= values.INT | values.FLOAT if self._is_likely(routine, parameter, default) else UNKNOWN
        return told(routine, parameter, values.tensor(values.DATA, doubt=doubt))

    def _is_likely(self, routine: Routine, parameter: Any, default: Any) -> bool:
        required = default is None and routine.name in ("forward", "__call__")
        return required and parameter.arg in routine.module.once(likely_tensors, routine.node)

    def _like_default(self, routine: Routine, default: Any, origin: int) -> Value:
        value = self._session.module_value(routine.module, default)
        if value.is_only(NONE):
            return Value(NONE | UNKNOWN, origin)
        return Value(value.kind, 0, parts=value.parts, item=value.item, refs=value.refs)

    # Calls

    def _or_default(self, routine: Routine, given: Value | None, rest: Value | None, default: Any) -> Value:
        if given is not None:
            return given
        if default is None:
            return UNKNOWN_VALUE if rest is None else rest
        value = self._session.module_value(routine.module, default)
        return value if rest is None else values.join(value, UNKNOWN_VALUE)

    def _refined(self, routine: Routine, parameter: Any, given: Value) -> Value:
        if not given.kind & UNKNOWN:
            return given
        origin = given.origin & values.DATA or values.DATA
        promised = routine.module.annotations.parameter(routine.node, parameter, origin)
        if not promised.kind & UNKNOWN:
            return promised
        if given.kind & TENSOR and parameter.arg in routine.module.once(evident_tensors, routine.node):
            return given.without(UNKNOWN)
        return given


def _from_input(promised: Value) -> Value:
    """The same promise where what a dict holds is unknown: something of an input, such as a batch."""
    if promised.kind & values.DICT and promised.item is UNKNOWN_VALUE:
        held = Value(UNKNOWN, values.DATA)
        return Value(promised.kind, promised.origin, parts=promised.parts, item=held, refs=promised.refs)
    return promised


def _or_sizes(promised: Value, whole: bool) -> Value:
    """The same promise where every int of a tuple may be a size as well (1); `whole` if it is one of unknown length."""
    if not promised.is_only(values.SEQ):
        return promised
    if isinstance(promised.parts, tuple):
        return values.sequence([_size_or(part) for part in promised.parts], promised.origin)
    element = promised.elements()
    return values.listing(_size_or(element) if whole else _or_sizes(element, False), promised.origin)


def _size_or(element: Value) -> Value:
    return values.size(values.SIZES, doubt=values.INT) if element.kind == values.INT else _or_sizes(element, False)


def _is_tuple(annotation: Any) -> bool:
    return isinstance(annotation, _ast.Subscript) and last_name(annotation.value) in ("Tuple", "tuple")


def told(routine: Routine, parameter: Any, value: Value) -> Value:
    """The value with the trail that starts at a parameter, where it is traced or holds what is."""
    if value.kind & TRACED:
        what = "is a tensor" if value.kind & TENSOR else "is a size"
    elif value.parts or value.item is not None:
        what = "holds tensors" if value.elements().kind & TENSOR else "holds sizes"
    else:
        return value
    text = f"`{parameter.arg}` {what}: a parameter of `{routine.name}`"
    return values.retold(value, ((routine.module.file, parameter, text),), len(value.trail) + 2)


def self_name(routine: Routine) -> str | None:
    """The name of a method's first parameter; None for functions, lambdas and static methods."""
    first = routine.module.once(_receiver, routine.node)
    # A bare function whose first parameter is `self` is a method somebody pasted: a snippet, a patch.
    return first if routine.owner is not None or first == "self" else None


def _receiver(function: Any, _names: Names) -> str | None:
    if isinstance(function, _ast.Lambda) or "staticmethod" in decorator_names(function):
        return None
    first = function.args.posonlyargs + function.args.args
    return str(first[0].arg) if first else None


def _signature(function: Any, _names: Names) -> list[tuple[Any, Any]]:
    """The parameters of a function with their defaults, None where there is none."""
    signature = function.args
    plain = signature.posonlyargs + signature.args
    defaults = [None] * (len(plain) - len(signature.defaults)) + list(signature.defaults)
    return [*zip(plain, defaults, strict=True), *zip(signature.kwonlyargs, signature.kw_defaults, strict=True)]


def _bound_self(routine: Routine) -> Env:
    name = self_name(routine)
    if name is None:
        return {}
    return {name: routine.instance if routine.instance is not None else Value(UNKNOWN, values.STATIC)}


def _is_none(default: Any) -> bool:
    return isinstance(default, _ast.Constant) and default.value is None

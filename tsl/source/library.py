"""Calls of things outside the file: builtins, `math`, torch, NumPy, and libraries tsl has not read.

Torch and builtins answer by table; the capture guards are constants; a module class of torch makes a Layer. Any other
callee is *unknown*: given a tensor it may return one, given none it returns something unknown. An unknown answer
never leads to a finding.
"""

from __future__ import annotations

import _ast
from collections.abc import Mapping
from typing import Any

from tsl.source import builtin_calls, operators, torch_calls, values
from tsl.source.facts import CHECKS
from tsl.source.frame import Frame
from tsl.source.refs import Arguments, External, Layer, Partial
from tsl.source.torch_hand import GUARDS, WATCHED, WATCHED_ELSEWHERE, WATCHED_MODULES
from tsl.source.torch_numbers import innermost
from tsl.source.values import (
    DICT,
    META,
    SEQ,
    SIZE,
    TENSOR,
    UNKNOWN,
    UNKNOWN_VALUE,
    Value,
)

RETURNS_FIRST = frozenset(
    {
        "copy.copy",
        "copy.deepcopy",
        "typing.cast",
        "torch.jit.annotate",
        "torch.nn.Parameter",
        "torch.jit.trace",
    }
)
OPERATORS = {
    "add": _ast.Add(),
    "sub": _ast.Sub(),
    "mul": _ast.Mult(),
    "truediv": _ast.Div(),
    "floordiv": _ast.FloorDiv(),
    "mod": _ast.Mod(),
    "pow": _ast.Pow(),
    "matmul": _ast.MatMult(),
}
COMPARISONS = {
    "lt": _ast.Lt(),
    "le": _ast.LtE(),
    "eq": _ast.Eq(),
    "ne": _ast.NotEq(),
    "ge": _ast.GtE(),
    "gt": _ast.Gt(),
}
COLLECTIONS = frozenset(f"collections.{name}" for name in ("deque", "OrderedDict", "defaultdict", "Counter"))
# What makes an object whose methods draw, and the class of it
GENERATORS = {
    "random.Random": "random.Random",
    "random.SystemRandom": "random.SystemRandom",
    "numpy.random.RandomState": "numpy.random.RandomState",
    "numpy.random.default_rng": "numpy.random.Generator",
    "numpy.random.Generator": "numpy.random.Generator",
}
CASTS = frozenset({"typing.cast", "torch.jit.annotate"})
ARRAY_MODULES = ("numpy.", "scipy.")
SIZE_DTYPES = ("finfo", "iinfo")
CHECKPOINT_OPTIONS = frozenset(
    {
        "use_reentrant",
        "preserve_rng_state",
        "context_fn",
        "determinism_check",
        "debug",
        "early_stop",
    }
)


def call_external(frame: Frame, path: str, arguments: Arguments, node: Any) -> Value:
    """The result of calling something by its dotted path."""
    module, _, name = path.rpartition(".")
    if module == "builtins":
        if path in WATCHED_ELSEWHERE:
            frame.note_call(node, path, None, arguments)
        return builtin_calls.call(frame, name, arguments, node)
    if name in GUARDS:
        return values.constant(frame.session.guards[name])
    if name == "_assert" and arguments.positional:
        return _checked(frame, arguments.positional[0], node)
    if module == "operator" and len(arguments.positional) == 2:
        return operation(name, *arguments.positional) or UNKNOWN_VALUE
    if path == "operator.index":
        return builtin_calls.call(frame, "int", arguments, node)
    if path == "functools.reduce":
        return builtin_calls.reduce(frame, arguments, node)
    if module in ("math", "cmath"):
        return builtin_calls.math_call(frame, name, arguments, node)
    if path in RETURNS_FIRST:
        return _first(frame, path, arguments)
    if module == "functools" and name == "partial" and arguments.positional:
        first, *others = arguments.positional
        return values.reference(Partial(first, tuple(others), tuple(arguments.keywords.items())))
    if path.startswith(("torch.utils.checkpoint.checkpoint", "torch.jit.fork")) and arguments.positional:
        keywords = {key: value for key, value in arguments.keywords.items() if key not in CHECKPOINT_OPTIONS}
        return frame.session.call(
            frame,
            arguments.positional[0],
            Arguments(arguments.positional[1:], keywords, arguments.rest),
            node,
        )
    return _library(frame, path, name, arguments, node)


def operation(name: str, left: Value, right: Value) -> Value | None:
    """The result of an operator by its name in `operator`; None for what is none of two operands."""
    if name in COMPARISONS:
        return operators.compare(COMPARISONS[name], left, right)
    return operators.binary(OPERATORS[name], left, right) if name in OPERATORS else None


def _checked(frame: Frame, condition: Value, node: Any) -> Value:
    """`torch._assert(condition, message)`, under whatever module re-exports it: an assert that is a call."""
    with frame.testing("assert", CHECKS):
        frame.record(node.args[0], "assert", condition)
    return values.NONE_VALUE


def _library(frame: Frame, path: str, name: str, arguments: Arguments, node: Any) -> Value:
    if path in WATCHED_ELSEWHERE or path.startswith(WATCHED_MODULES):
        frame.note_call(node, path, None, arguments)
    if path in GENERATORS:
        return values.reference(External(GENERATORS[path]))
    if path in COLLECTIONS:
        return _collection(path, arguments)
    if path.startswith(ARRAY_MODULES):
        for given in arguments.all():
            value = innermost(given)
            frame.record(node, "math" if value.kind & SIZE else "list", value)
        return Value(UNKNOWN, 0)
    made = _make_layer(path, arguments)
    if made is not None:
        return made
    if path.startswith("torch."):
        if path in ("torch.Size",):
            return arguments.positional[0] if arguments.positional else values.LIST_VALUE
        if path in WATCHED and name in SIZE_DTYPES:
            frame.note_call(node, path, None, arguments)
        if path == "torch.device":
            return _device(arguments)
        if name in SIZE_DTYPES or path in ("torch.dtype", "torch.get_default_dtype"):
            return Value(META)
    found = torch_calls.function(frame, path, arguments, node)
    return unknown_result(arguments) if found is None else found


def _collection(path: str, arguments: Arguments) -> Value:
    """The result of a class of `collections`: a list or a dict, whatever else it can do."""
    given = arguments.positional[0] if arguments.positional else None
    if path == "collections.deque":
        # One that starts empty is there to be filled, from wherever: what it holds is unknown.
        return values.listing(given.elements() if given is not None and given.kind & SEQ else UNKNOWN_VALUE)
    if path == "collections.OrderedDict" and not arguments.positional and arguments.rest is None:
        return Value(DICT, parts={**arguments.keywords})
    return given if given is not None and given.is_only(DICT) else values.DICT_VALUE


def _device(arguments: Arguments) -> Value:
    """The result of torch.device(): the device of another tensor, or one that the text names, known or not."""
    named = arguments.get(0, "device") or arguments.get(0, "type") or UNKNOWN_VALUE
    if named.kind & META:
        return named
    return Value(META, const=f"torch.device({named.const if isinstance(named.const, str) else '?'})")


def _first(frame: Frame, path: str, arguments: Arguments) -> Value:
    if not arguments.positional:
        return UNKNOWN_VALUE
    if path == "torch.nn.Parameter":
        frozen = arguments.get(1, "requires_grad")
        made = values.tensor(values.STATIC)
        return values.learned(made, values.PARAMETER) if frame.prepares and frozen is None else made
    return arguments.positional[-1] if path in CASTS else arguments.positional[0]


def _make_layer(path: str, arguments: Arguments) -> Value | None:
    returns = torch_calls.module_returns(path, arguments)
    if returns is None:
        return None
    if returns in ("module-dict", "parameter-dict"):
        given = arguments.positional[0] if arguments.positional else values.DICT_VALUE
        return values.registered(given) if given.is_only(DICT) else values.DICT_VALUE
    if returns in ("module-list", "parameter-list"):
        listed = values.registered(arguments.positional[0]) if arguments.positional else values.sequence(())
        listed = listed if listed.is_only(SEQ) else values.LIST_VALUE
        if returns == "module-list":
            return listed
        return Value(SEQ, listed.origin, parts=listed.parts, item=listed.item, refs=(Layer(path, "?"),))
    if returns == "sequential":
        return _as_sequential(path, arguments)
    return values.reference(Layer(path, returns))


def _as_sequential(path: str, arguments: Arguments) -> Value:
    refs = (Layer(path, "T|?"),)
    if arguments.rest is not None:
        return Value(SEQ, item=arguments.rest, refs=refs)
    first = arguments.positional[0] if len(arguments.positional) == 1 else None
    if first is not None and first.kind & DICT:
        parts = tuple(first.parts.values()) if isinstance(first.parts, Mapping) and first.item is None else None
        return Value(SEQ, parts=parts, item=None if parts else first.elements(), refs=refs)
    return Value(SEQ, parts=arguments.positional, refs=refs)


def unknown_result(arguments: Arguments) -> Value:
    """What an unknown callee returns: maybe a tensor when it got one, with the origins of all it got."""
    given = arguments.all()
    doubt = TENSOR if any(_holds_tensor(value) for value in given) else 0
    return Value(
        UNKNOWN | doubt,
        torch_calls.depends(given) if doubt else 0,
        trail=torch_calls.trail_of(given),
    )


def _holds_tensor(value: Value) -> bool:
    return bool(value.kind & TENSOR or (value.kind & SEQ and value.parts != () and value.elements().kind & TENSOR))

"""torch under trace: attributes and methods of tensors, and functions of torch, by table.

What returns what is in `torch_stubs` (generated) and `torch_hand`; here stand the few whose result depends on their
arguments, and those that hand Python a plain value. A function and the method of its name share one handler, called
with the tensor as `base`.
"""

from __future__ import annotations

import _ast
from collections.abc import Callable
from typing import Any

from tsl.flow.lattice import TOP
from tsl.source import values
from tsl.source.containers import count_out, length_of, shape_of
from tsl.source.frame import Frame
from tsl.source.refs import Arguments, External, Layer, Partial
from tsl.source.returns import decode
from tsl.source.torch_hand import (
    BAKED_SIZES,
    BY_ARGUMENTS,
    COPIERS,
    DATA_LENGTH,
    DATA_LENGTH_WHEN,
    FROZEN_ATTRIBUTES,
    LAYOUT_METHODS,
    MASKS,
    METADATA_ATTRIBUTES,
    METADATA_FUNCTIONS,
    METADATA_METHODS,
    MODULES_ELSEWHERE,
    RETURNS_ELSEWHERE,
    SILENT_PREDICATES,
    SIZE_METHODS,
    WATCHED,
    WATCHED_METHODS,
    Case,
    Test,
)
from tsl.source.torch_numbers import innermost, note_read, record_baked
from tsl.source.torch_pieces import DEPENDS, chunks, pieces, same_size, unbound
from tsl.source.torch_stubs import ATTRIBUTES, METHODS, MODULES, RETURNS
from tsl.source.values import (
    NONE,
    NUMBER,
    SEQ,
    TENSOR,
    TRACED,
    UNKNOWN,
    UNKNOWN_VALUE,
    Trail,
    Value,
)

Handler = Callable[[Frame, Value, Arguments, Any], Value]
KEEPS_EXTENT = frozenset(
    [
        "squeeze",
        "unsqueeze",
        "view",
        "reshape",
        "t",
        "flatten",
        "float",
        "long",
        "int",
        "bool",
        "to",
        "cpu",
        "cuda",
        "clone",
        "detach",
        "contiguous",
    ]
)


# Attributes


def attribute(frame: Frame, base: Value, name: str, node: Any) -> Value | None:
    """The value of an attribute of something that may be a tensor; None for a name no tensor has."""
    if name == "shape":
        return shape_of(base, born(frame, base, node))
    code = ATTRIBUTES.get(name)
    if code is None:
        bound = base.is_only(TENSOR) and "torch." + name in RETURNS
        return values.reference(Partial(values.reference(External("torch." + name)), (base,), ())) if bound else None
    if name in FROZEN_ATTRIBUTES:
        frame.record(node, "data", base)
    value = decode(code, base.origin & ~values.EXTENT, base.trail)
    if code == "b" or name == "grad_fn":
        return Value(value.kind, METADATA_ATTRIBUTES.get(name, values.DEVICE))
    return value if base.is_only(TENSOR | NONE | NUMBER) else values.join(value, UNKNOWN_VALUE)


def born(frame: Frame, base: Value, node: Any) -> Trail:
    """The trail of a size read at a node."""
    text = frame.module.file.segment(node, 32)
    return (
        *base.trail[:1],
        (frame.module.file, node, f"`{text}` is a size, which tracing records"),
    )


# Calls


def method(frame: Frame, base: Value, name: str, arguments: Arguments, node: Any) -> Value | None:
    """The result of a method call on something that may be a tensor; None for a name no tensor method has."""
    handler = HANDLERS.get(name)
    if handler is None and name not in METHODS and not _is_in_place(name):
        return None
    if name in PROOFS and base.kind == TENSOR | UNKNOWN:
        base = base.without(UNKNOWN)
    record_baked(frame, "torch.Tensor." + name, arguments, node)
    note_read(frame, "torch.Tensor." + name, arguments, node)
    watched = frame.session.watched
    if name in WATCHED_METHODS or (watched and "torch.Tensor." + name in watched):
        frame.note_call(node, "torch.Tensor." + name, base, arguments)
    if name in LAYOUT_METHODS:
        frame.record(node, "layout", base)
    if _has_data_length(name, arguments, 0):
        frame.note_event(node, "length", base)
    sure = base.is_only(TENSOR | NONE | NUMBER) or name in ONLY_TENSORS  # numbers have no such methods
    if handler is not None:
        result = handler(frame, base, arguments, node)
    else:
        result = _by_table(METHODS.get(name, "T"), name, base, arguments)
        if name in METADATA_METHODS and not (name == "type" and arguments.all()):
            result = Value(result.kind, METADATA_METHODS[name], result.const, result.parts, result.item)
    if name == "requires_grad_" and frame.prepares and not arguments.all():
        return base if base.item is values.PARAMETER else values.learned(result)
    return result if sure or (result.is_only(TRACED) and name in SIZE_METHODS) else values.join(result, UNKNOWN_VALUE)


def _is_in_place(name: str) -> bool:
    return name.endswith("_") and not name.startswith("_") and name[:-1] in METHODS


def function(frame: Frame, path: str, arguments: Arguments, node: Any) -> Value | None:
    """The result of a call of a function of torch; None where no table knows the path."""
    name = path.rsplit(".", 1)[-1]
    record_baked(frame, path, arguments, node)
    note_read(frame, path, arguments, node)
    if path in WATCHED or path in frame.session.watched:
        frame.note_call(node, path, None, arguments)
    if arguments.positional and _has_data_length(name, arguments, 1):
        frame.note_event(node, "length", arguments.positional[0])
    if path in COPIERS and arguments.positional:
        copied = innermost(arguments.positional[0])
        frame.record(node, "constructor", copied)
    if name in SILENT_PREDICATES:
        return _predicate(
            frame,
            arguments.positional[0] if arguments.positional else UNKNOWN_VALUE,
            arguments,
            node,
        )
    if path in BAKED_SIZES:
        return _baked_size(frame, arguments, node)
    if path.startswith("torch.") and path.count(".") == 1 and name in HANDLERS and arguments.positional:
        first, *others = arguments.positional
        shifted = Arguments(tuple(others), arguments.keywords, arguments.rest)
        return HANDLERS[name](frame, first, shifted, node)
    for value, place in zip(arguments.positional, node.args, strict=False):
        if not isinstance(place, _ast.Starred):
            count_out(frame, value, place)
        if value.kind & SEQ and value.parts != ():
            frame.capture(place, value.elements())  # `torch.stack(self.scales)`
    if path in METADATA_FUNCTIONS:
        return Value(values.BOOL, METADATA_FUNCTIONS[path])
    code = RETURNS.get(path) or RETURNS_ELSEWHERE.get(path)
    if code is None:
        return None
    made = _by_table(code, name, None, arguments)
    asked = arguments.keywords.get("requires_grad")
    return values.learned(made) if asked is not None and asked.const is True and frame.prepares else made


def layer(frame: Frame, found: Layer, arguments: Arguments, node: Any) -> Value:
    """The result of calling an instance of a torch.nn class, or of a module class tsl has not read."""
    record_baked(frame, found.path, arguments, node)
    if found.path in WATCHED or found.path in frame.session.watched:
        frame.note_call(node, found.path, None, arguments)
    return decode(
        found.returns,
        depends(arguments.all()) or values.DATA,
        trail_of(arguments.all()),
    )


def module_returns(path: str, arguments: Arguments) -> str | None:
    """The return code of a module class's forward, or its kind of container; None for other paths."""
    cases = BY_ARGUMENTS.get(path)
    return _choose(cases, arguments, 0) if cases else MODULES.get(path) or MODULES_ELSEWHERE.get(path)


def depends(given: list[Value]) -> int:
    """What a tensor made of these arguments depends on: of tensors first, else of numbers, else it is static."""
    origin, unknown = 0, False
    for value in given:
        inner = value.elements() if value.kind & SEQ and value.parts != () else value
        if inner.kind & (TRACED | UNKNOWN):
            origin |= inner.origin & DEPENDS
            unknown = unknown or bool(inner.kind & UNKNOWN)
    if origin & values.DATA:
        origin &= ~values.SIZES
    return origin if origin or unknown else values.STATIC


def trail_of(given: list[Value]) -> Trail:
    """The trail of the first traced argument."""
    for value in given:
        inner = value.elements() if value.kind & SEQ and value.parts != () else value
        if inner.trail:
            return inner.trail[:1]
    return ()


def _by_table(code: str, name: str, base: Value | None, arguments: Arguments) -> Value:
    given = arguments.all() if base is None else [base, *arguments.all()]
    shift = 1 if base is None else 0
    origin = depends(given)
    if _has_data_length(name, arguments, shift):
        origin |= values.EXTENT
    elif base is not None and name in KEEPS_EXTENT:
        origin |= base.origin & values.EXTENT
    cases = BY_ARGUMENTS.get(name)
    result = decode(_choose(cases, arguments, shift) if cases else code, origin, trail_of(given))
    if name == "unsqueeze" or ("keepdim" in arguments.keywords and arguments.keywords["keepdim"].const is True):
        return values.thin(result)
    return values.mask(result) if name in MASKS and result.is_only(TENSOR) else result


def _has_data_length(name: str, arguments: Arguments, shift: int) -> bool:
    return name in DATA_LENGTH or (name in DATA_LENGTH_WHEN and _hold(DATA_LENGTH_WHEN[name], arguments, shift))


def _choose(cases: tuple[Case, ...], arguments: Arguments, shift: int) -> str:
    """The code of the first case whose tests all hold; places are those of the method, `shift` more in a function."""
    return next(code for tests, code in cases if _hold(tests, arguments, shift))


def _hold(tests: tuple[Test, ...], arguments: Arguments, shift: int) -> bool:
    return all(TESTS[word](arguments.get(place + shift, name)) for word, place, name in tests)


TESTS: dict[str, Callable[[Value | None], bool]] = {
    "given": lambda value: value is not None and not value.is_only(NONE),
    "absent": lambda value: value is None or value.is_only(NONE),
    "true": lambda value: value is not None and bool(value.const) and value.const is not TOP,
    "number": lambda value: value is not None and not value.kind & (TENSOR | NONE),
    "tensor": lambda value: value is not None and bool(value.kind & TENSOR),
}


# Handlers: what the tables cannot say


def _size(frame: Frame, base: Value, arguments: Arguments, node: Any) -> Value:
    trail = born(frame, base, node)
    whole = shape_of(base, trail)
    return whole.elements() if arguments.all() else whole


def _numel(frame: Frame, base: Value, _arguments: Arguments, node: Any) -> Value:
    return shape_of(base, born(frame, base, node)).elements()


def _baked_size(frame: Frame, arguments: Arguments, node: Any) -> Value:
    given = arguments.positional[0] if arguments.positional else UNKNOWN_VALUE
    if given.kind & TENSOR:
        frame.record(node, "len", length_of(given))
    return Value(values.INT, values.SIZES)


def _item(frame: Frame, base: Value, _arguments: Arguments, node: Any) -> Value:
    frame.record(node, "item", base)
    return Value(values.NUMBER, base.origin & DEPENDS)


def _to_list(frame: Frame, base: Value, _arguments: Arguments, node: Any) -> Value:
    frame.record(node, "list", base)
    return values.listing(Value(values.NUMBER | SEQ, base.origin & DEPENDS, item=Value(values.NUMBER)))


def _to_numpy(frame: Frame, base: Value, _arguments: Arguments, node: Any) -> Value:
    frame.record(node, "numpy", base)
    return Value(UNKNOWN, base.origin & DEPENDS)


def _predicate(frame: Frame, base: Value, arguments: Arguments, node: Any) -> Value:
    given = [base, *arguments.all()]
    compared = values.join_all(
        [value for value in given if value.kind & TENSOR and not value.kind & UNKNOWN] or [UNKNOWN_VALUE]
    )
    frame.record(node, "predicate", compared)
    return Value(values.BOOL, compared.origin & DEPENDS)


def _per_argument(_frame: Frame, base: Value, arguments: Arguments, _node: Any) -> Value:
    given = [base, *arguments.positional]
    if len(given) == 1 and isinstance(base.parts, tuple):
        given = list(base.parts)
    piece = values.tensor(depends(given), trail_of(given))
    known = arguments.rest is None and not (len(given) == 1 and base.kind & SEQ)
    return values.sequence([piece] * len(given)) if known else values.listing(piece)


def _is_tensor(_frame: Frame, base: Value, _arguments: Arguments, _node: Any) -> Value:
    if base.kind & UNKNOWN or (base.kind & TRACED and not base.is_only(TRACED)):
        return values.BOOL_VALUE
    return values.constant(base.is_only(TRACED))  # a size is one, while tracing


def _where(_frame: Frame, base: Value, arguments: Arguments, _node: Any) -> Value:
    given = [base, *arguments.all()]
    if len(given) == 1:
        return values.listing(values.tensor(depends(given) | values.EXTENT, base.trail))
    return values.tensor(depends(given), trail_of(given))


ONLY_TENSORS = SIZE_METHODS | frozenset(
    {
        "dim",
        "unsqueeze",
        "permute",
        "masked_fill",
        "is_nonzero",
        "allclose",
        "unbind",
        "new_zeros",
    }
)
# What only tensors are asked for, and NumPy's scalars: what may be a tensor is one where the program asks this of it.
PROOFS = frozenset({"item", "numpy", "cpu", "cuda", "detach"})
HANDLERS: dict[str, Handler] = {
    "size": _size,
    "numel": _numel,
    "nelement": _numel,
    "item": _item,
    "tolist": _to_list,
    "numpy": _to_numpy,
    **dict.fromkeys(("split", "unsafe_split", "split_with_sizes"), pieces),
    **dict.fromkeys(("chunk", "unsafe_chunk", "tensor_split", "hsplit", "vsplit", "dsplit"), chunks),
    "unbind": unbound,
    "is_same_size": same_size,
    "meshgrid": _per_argument,
    "broadcast_tensors": _per_argument,
    "is_tensor": _is_tensor,
    "where": _where,
    **dict.fromkeys(SILENT_PREDICATES, _predicate),
}

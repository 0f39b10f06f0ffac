"""Sequences and dicts: iterating, unpacking, indexing and their methods, with what each loses under trace.

Definitions:
1. Iterating or unpacking a tensor turns its first dimension into a number of Python steps: a use of a size, or of data
   where the tensor's length depends on data.
2. A list as long as a dimension (`x.unbind(0)`, `x.split(2)`) is iterated as often as the example has entries: the
   use is `unroll`, or `pieces` where only a short dimension has another number of them (`x.chunk(2)`).
3. Elements of torch.Size stay traced; its length is the rank, which no input of the same rank changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tsl.flow.lattice import TOP
from tsl.source import values
from tsl.source.frame import Frame
from tsl.source.operators import is_mask
from tsl.source.refs import Arguments
from tsl.source.values import (
    DICT,
    NONE,
    NUMBER,
    SEQ,
    STR,
    TENSOR,
    UNKNOWN,
    UNKNOWN_VALUE,
    Value,
)

LENGTHS = values.SIZES | values.DATA
COUNTS = LENGTHS | values.FEWER


def length_of(tensor: Value) -> Value:
    """The traced number that counts a tensor's first dimension (1)."""
    return values.size(_size_origin(tensor), tensor.trail, tensor.kind & ~TENSOR)


def shape_of(tensor: Value, trail: values.Trail) -> Value:
    """A tensor's torch.Size: traced numbers, as many as its rank (3)."""
    return values.listing(values.size(_size_origin(tensor), trail), values.RANK)


def _size_origin(tensor: Value) -> int:
    origin = tensor.origin
    if origin & values.EXTENT:
        return values.DATA | values.SIZES
    if origin & LENGTHS:
        return values.SIZES
    return origin & values.STATIC


def iterate(frame: Frame, iterable: Value, node: Any) -> Value:
    """The value of the loop variable; records what the iteration itself loses."""
    if iterable.kind & TENSOR:
        frame.record(node, "iterate", length_of(iterable))
    count_out(frame, iterable, node)
    return element_of(iterable)


def count_out(frame: Frame, listed: Value, node: Any, how: str = "unroll") -> None:
    """Records that Python takes a list of tensors for as long as it is in the example (2)."""
    if listed.is_only(SEQ) and listed.origin & LENGTHS:
        frame.record(node, how, values.size(listed.origin & LENGTHS, listed.trail))
    elif listed.is_only(SEQ) and listed.origin & values.FEWER:
        frame.record(node, "pieces", values.size(values.SIZES, listed.trail))


def take_out(frame: Frame, listed: Value, node: Any) -> None:
    """Records that one is taken of as many pieces as the example has (2)."""
    if listed.is_only(SEQ) and listed.origin & values.FEWER:
        frame.record(node, "pieces", values.size(listed.origin & LENGTHS or values.SIZES, listed.trail))


def element_of(iterable: Value) -> Value:
    """The join of what iterating a value yields; a number or None raises, so where one may stand the rest goes on."""
    iterable = iterable.without(NUMBER | NONE)
    if iterable.is_only(TENSOR):
        return values.tensor(iterable.origin & ~values.EXTENT, iterable.trail)
    if iterable.kind & DICT:
        return values.STR_VALUE if iterable.is_only(DICT) else UNKNOWN_VALUE
    if iterable.kind & SEQ:
        return iterable.elements() if iterable.is_only(SEQ) else values.join(iterable.elements(), _doubtful(iterable))
    if iterable.kind & STR:
        return values.STR_VALUE
    return _doubtful(iterable)


def _doubtful(value: Value) -> Value:
    if value.kind == TENSOR | UNKNOWN:  # what a tensor, or a list of tensors, or something else holds
        return values.tensor(value.origin & ~values.EXTENT, value.trail, UNKNOWN)
    return Value(UNKNOWN, value.origin)


def unpack(frame: Frame, value: Value, count: int, node: Any) -> list[Value]:
    """The values of `count` targets that a value is unpacked into; records the unpacking of a tensor (1)."""
    if value.is_only(TENSOR):
        frame.record(node, "unpack", length_of(value))
        return [values.tensor(value.origin & ~values.EXTENT, value.trail)] * count
    if isinstance(value.parts, tuple) and value.is_only(SEQ) and len(value.parts) == count:
        return list(value.parts)
    if value.kind & SEQ and not value.kind & (TENSOR | UNKNOWN):
        return [value.elements()] * count
    return [_doubtful(value)] * count


def index(frame: Frame, base: Value, key: Value, node: Any) -> Value:
    """The value of `base[key]`."""
    base = _subscripted(base)
    if base.is_only(TENSOR):
        by_data = values.EXTENT if is_mask(key) and key.origin & values.DATA else 0
        if by_data:
            frame.note_event(node, "length", base)
        return values.tensor(base.origin | by_data, base.trail)
    if base.is_only(SEQ | DICT):
        # A dict hashes its key, and a traced one by identity.
        frame.record(node, "contains" if base.is_only(DICT) else "index", key)
        take_out(frame, base, node)
        return _element(base, key.const) if base.is_only(SEQ) else _entry(base, key.const)
    if base.kind & TENSOR:
        return values.tensor(base.origin, base.trail, UNKNOWN)
    return _doubtful(base)


def _subscripted(base: Value) -> Value:
    """What of a value has a subscript: a number or None has none, so where one may stand the rest goes on."""
    return base.without(NUMBER | NONE) if base.kind & ~(NUMBER | NONE) else base


def _element(base: Value, key: object) -> Value:
    if isinstance(base.parts, tuple) and isinstance(key, int) and -len(base.parts) <= key < len(base.parts):
        return base.parts[key]
    return base.elements()


def _entry(base: Value, key: object) -> Value:
    if isinstance(base.parts, Mapping) and key is not TOP and key in base.parts:
        return base.parts[key]
    return base.elements()


def cut(base: Value, lower: object, upper: object) -> Value:
    """The value of `base[lower:upper]`; the bounds are constants, None, or TOP."""
    base = _subscripted(base)
    if base.is_only(TENSOR):
        return values.tensor(base.origin, base.trail)
    if not base.is_only(SEQ):
        return values.tensor(base.origin, base.trail, UNKNOWN) if base.kind & TENSOR else base
    if isinstance(base.parts, tuple) and isinstance(lower, int | None) and isinstance(upper, int | None):
        return values.sequence(base.parts[lower:upper], base.origin)
    return values.listing(base.elements(), base.origin)


def length(frame: Frame, value: Value, node: Any) -> Value:
    """The value of len(value): a constant, a plain int, or a lost size."""
    if value.kind & TENSOR:
        frame.record(node, "len", length_of(value))
        return Value(values.INT, values.SIZES)
    count_out(frame, value, node, "len")
    if value.is_only(SEQ | DICT) and value.parts is not None and value.item is None:
        return values.constant(len(value.parts))
    return Value(values.INT, value.origin & ~values.DATA)


def method(frame: Frame, base: Value, name: str, arguments: Arguments, node: Any) -> Value | None:
    """The result of a list, dict or str method; None where the method is none of theirs."""
    if base.is_only(STR):
        for value in arguments.all():
            frame.record(node, "format", value.elements() if value.kind & SEQ else value)
        if name in ("startswith", "endswith"):  # `str(x.device).startswith("cuda")`
            return Value(values.BOOL, base.origin)
        return values.listing(values.STR_VALUE) if name in ("split", "rsplit", "splitlines") else values.STR_VALUE
    if base.kind & DICT and name in DICT_METHODS:
        if arguments.positional and name != "copy":
            frame.record(node, "contains", arguments.positional[0])
        return _dict_method(base, name, arguments)
    if name == "numel" and base.is_only(SEQ):
        frame.record(node, "len", base.elements())
        return Value(values.INT, values.SIZES)
    if base.kind & SEQ and name in ("pop", "copy", "index", "count"):
        if name in ("index", "count") and arguments.positional:
            frame.record(node, "contains", arguments.positional[0])
        return {"pop": base.elements(), "copy": base}.get(name, values.INT_VALUE)
    return None


DICT_METHODS = frozenset({"get", "items", "keys", "values", "pop", "setdefault", "copy"})


def _dict_method(base: Value, name: str, arguments: Arguments) -> Value:
    key = arguments.positional[0].const if arguments.positional else TOP
    if name in ("get", "pop", "setdefault"):
        default = arguments.positional[1] if len(arguments.positional) > 1 else values.NONE_VALUE
        return values.join(_entry(base, key), default)
    if name == "items":
        return values.listing(values.sequence((UNKNOWN_VALUE, base.elements())))
    if name == "keys":
        return values.listing(values.STR_VALUE)
    return base if name == "copy" else values.listing(base.elements())


GROWS = frozenset({"append", "appendleft", "extend", "extendleft", "insert", "add"})


def mutated(base: Value, name: str, arguments: Arguments) -> Value | None:
    """What a list or dict is after `append`, `extend`, `insert` or `update`; None when the method changes nothing."""
    if base.is_only(SEQ) and name in GROWS and arguments.positional:
        added = arguments.positional[-1]
        return _grown(base, (added,) if not name.startswith("extend") else None, added)
    if base.is_only(DICT) and name == "update" and arguments.positional:
        return (
            values.join(base, arguments.positional[0]) if arguments.positional[0].is_only(DICT) else values.DICT_VALUE
        )
    return None


def _grown(base: Value, one: tuple[Value, ...] | None, added: Value) -> Value:
    if one is None:
        item = element_of(added)
        origin = base.origin | added.origin & COUNTS if added.is_only(SEQ) else base.origin
        return values.listing(item if base.parts == () else values.join(base.elements(), item), origin)
    if isinstance(base.parts, tuple):
        return values.sequence(base.parts + one, base.origin)
    return values.listing(values.join(base.elements(), added), base.origin)

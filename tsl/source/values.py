"""The abstract domain of the source engine: what a Python expression may be while a model is traced.

Definitions, cited by number elsewhere:

1. *Kind* is a set of flags: what sort of object the value may be. Two kinds are *traced*: TENSOR, and SIZE, the number
   that `x.shape[0]` is while `torch.jit.trace` runs (a recorded scalar that passes for an int). Being traced is a kind
   and not an origin, because a conversion ends it: after `int(n)` the value is an INT like any other.
2. *Origin* is a set of flags: what the value, or the length of the sequence, depends on. It survives conversions.
3. A value is *certain* when every kind it may have is traced, *joined* when a plain Python kind may stand there too,
   and *doubtful* when it may be UNKNOWN. Nothing is ever reported about a doubtful value.
4. *Constant* is a Python constant, or TOP (flow/lattice.py, 3).
5. *Contents* of a sequence are `parts` (its elements, when their number is known) or `item` (the join of all elements);
   of a dict, `parts` keyed by constant and `item` for other keys; of a tensor, `item` is BOOL_VALUE where it is a mask,
   ONE where a dimension of it has length one, PARAMETER or LEARNED where it was made outside of what is traced and
   requires a gradient, as far as one function tells.
   `refs` are the functions, classes, modules and instances a REF may be.
6. *Trail* is the def chain: the places where the value became a tensor, then a size. It tells the story in a
   diagnostic, takes no part in equality and never decides anything.

Values are immutable. The laws of `join` are in tests/test_values.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tsl.flow.lattice import TOP, flat

# Kinds (1)
TENSOR, SIZE, INT, FLOAT, BOOL, STR, NONE, SEQ, DICT, REF, META, UNKNOWN = (1 << bit for bit in range(12))
TRACED = TENSOR | SIZE
NUMBER = INT | FLOAT | BOOL

# Origins (2). EXTENT marks a tensor whose length depends on data, such as the result of nonzero(); FEWER a list
# of the pieces of a first dimension: where it is short there are fewer than the program names.
DATA, SIZES, RANK, DTYPE, DEVICE, LAYOUT, GRAD, MODE, STATE, STATIC, EXTENT, FEWER = (1 << bit for bit in range(12))

MAX_PARTS = 24
MAX_REFS = 8
MAX_DEPTH = 4

Contents = tuple["Value", ...] | Mapping[Any, "Value"] | None
Trail = tuple[tuple[Any, Any, str], ...]


class Value:
    """One abstract value; see the module's definitions."""

    __slots__ = ("const", "item", "kind", "origin", "parts", "refs", "trail")

    def __init__(
        self,
        kind: int,
        origin: int = 0,
        const: object = TOP,
        parts: Contents = None,
        item: Value | None = None,
        refs: tuple[Any, ...] = (),
        trail: Trail = (),
    ) -> None:
        self.kind, self.origin, self.const = kind, origin, const
        self.parts, self.item, self.refs, self.trail = parts, item, refs, trail

    def __repr__(self) -> str:
        shown = [name for name, flag in KIND_NAMES if self.kind & flag]
        origins = [name for name, flag in ORIGIN_NAMES if self.origin & flag]
        const = "" if self.const is TOP else f" = {self.const!r}"
        return f"<{'|'.join(shown)}{' of ' if origins else ''}{'+'.join(origins)}{const}>"

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Value) and self.key() == other.key())

    def __hash__(self) -> int:
        return hash(self.key())

    def key(self, depth: int = MAX_DEPTH) -> tuple[Any, ...]:
        """Everything but the trail, as nested tuples; contents deeper than MAX_DEPTH are left out."""
        if self.parts is None and self.item is None and not self.refs:
            return (self.kind, self.origin, type(self.const).__name__, self.const)
        if depth == 0:
            return (self.kind, self.origin)
        parts: Any = self.parts
        if isinstance(parts, Mapping):
            parts = tuple(
                sorted(
                    ((repr(name), part.key(depth - 1)) for name, part in parts.items()),
                    key=_first,
                )
            )
        elif parts is not None:
            parts = tuple(part.key(depth - 1) for part in parts)
        item = self.item.key(depth - 1) if self.item else None
        return (
            self.kind,
            self.origin,
            type(self.const).__name__,
            self.const,
            parts,
            item,
            frozenset(self.refs),
        )

    def may_be(self, kinds: int) -> bool:
        """Whether one of these kinds is possible."""
        return bool(self.kind & kinds)

    def is_only(self, kinds: int) -> bool:
        """Whether nothing but these kinds is possible."""
        return bool(self.kind) and not self.kind & ~kinds

    def without(self, kinds: int) -> Value:
        """The same value where these kinds have been ruled out."""
        if not self.kind & kinds:
            return self
        const = self.const if not kinds & NONE or self.const is not None else TOP
        kind, origin = self.kind & ~kinds, self.origin
        if self.kind & TRACED and not kind & TRACED:
            origin &= ~(DATA | SIZES | EXTENT)  # they told of the tensor or the size that has been ruled out
        return Value(kind, origin, const, self.parts, self.item, self.refs, self.trail)

    def elements(self) -> Value:
        """The join of all elements of a sequence, or of all values of a dict; UNKNOWN where nothing is known."""
        if self.parts is not None:
            parts = self.parts.values() if isinstance(self.parts, Mapping) else self.parts
            known = [*parts, self.item] if self.item else [*parts]
            return join_all(known) if known else UNKNOWN_VALUE
        return self.item or UNKNOWN_VALUE


def _first(pair: tuple[str, Any]) -> str:
    return pair[0]


KIND_NAMES = tuple(
    zip(
        (
            "tensor",
            "size",
            "int",
            "float",
            "bool",
            "str",
            "None",
            "sequence",
            "dict",
            "ref",
            "meta",
            "unknown",
        ),
        (1 << bit for bit in range(12)),
        strict=True,
    )
)
ORIGIN_NAMES = tuple(
    zip(
        (
            "data",
            "size",
            "rank",
            "dtype",
            "device",
            "layout",
            "grad",
            "mode",
            "state",
            "static",
            "extent",
            "fewer",
        ),
        (1 << bit for bit in range(12)),
        strict=True,
    )
)

UNKNOWN_VALUE = Value(UNKNOWN)
NONE_VALUE = Value(NONE, const=None)
STR_VALUE, INT_VALUE, FLOAT_VALUE, BOOL_VALUE = (
    Value(STR),
    Value(INT),
    Value(FLOAT),
    Value(BOOL),
)
ONE = Value(INT, const=1)
PARAMETER, LEARNED = Value(REF, const="parameter"), Value(REF, const="learned")
DICT_VALUE = Value(DICT, item=UNKNOWN_VALUE)
LIST_VALUE = Value(SEQ, item=UNKNOWN_VALUE)
_CONSTANT_KINDS = {
    bool: BOOL,
    int: INT,
    float: FLOAT,
    complex: FLOAT,
    str: STR,
    bytes: STR,
    type(None): NONE,
}


def constant(thing: object) -> Value:
    """The value of a literal."""
    if thing is None:
        return NONE_VALUE
    kind = _CONSTANT_KINDS.get(type(thing))
    return Value(kind, const=thing) if kind else UNKNOWN_VALUE


def tensor(origin: int, trail: Trail = (), doubt: int = 0) -> Value:
    """A tensor that depends on `origin`; `doubt` adds kinds it may be instead."""
    return Value(TENSOR | doubt, origin, trail=trail)


def mask(tensor: Value) -> Value:
    """The same tensor, known to hold truth values: what it indexes is as long as the data says."""
    return Value(tensor.kind, tensor.origin, item=BOOL_VALUE, trail=tensor.trail)


def thin(tensor: Value) -> Value:
    """The same tensor, known to have a dimension of length one."""
    return Value(tensor.kind, tensor.origin, item=ONE, trail=tensor.trail) if tensor.is_only(TENSOR) else tensor


def learned(tensor: Value, how: Value = LEARNED) -> Value:
    """The same tensor, made outside of what is traced, and requiring a gradient."""
    return Value(tensor.kind, tensor.origin, item=how, trail=tensor.trail) if tensor.is_only(TENSOR) else tensor


def registered(value: Value) -> Value:
    """The same parameter, or list or dict of parameters, once it belongs to a module."""
    if value.item is PARAMETER:
        return Value(value.kind, value.origin, trail=value.trail)
    if not value.kind & (SEQ | DICT):
        return value
    parts, item = value.parts, value.item
    if isinstance(parts, tuple):
        parts = tuple(map(registered, parts))
    elif parts is not None:
        parts = {key: registered(part) for key, part in parts.items()}
    return Value(value.kind, value.origin, value.const, parts, item and registered(item), value.refs, value.trail)


def retold(value: Value, head: Trail, keep: int, depth: int = MAX_DEPTH) -> Value:
    """The same value with another beginning to its story: `head`, then its own trail from place `keep` on.

    A summary stands for every caller whose arguments are equal, so no caller's story may be part of it (6).
    """
    parts, item = value.parts, value.item
    if depth and isinstance(parts, tuple):
        parts = tuple([retold(part, head, keep, depth - 1) for part in parts])
    elif depth and isinstance(parts, Mapping):
        parts = {key: retold(part, head, keep, depth - 1) for key, part in parts.items()}
    if item is ONE or item is PARAMETER or item is LEARNED:
        item = None
    elif depth and item is not None and item is not BOOL_VALUE:
        item = retold(item, head, keep, depth - 1)
    trail = (*head, *value.trail[keep:]) if value.kind & TRACED else ()
    if trail == value.trail and parts is value.parts and item is value.item:
        return value
    return Value(value.kind, value.origin, value.const, parts, item, value.refs, trail)


def size(origin: int, trail: Trail = (), doubt: int = 0) -> Value:
    """A traced number (1) that depends on `origin`."""
    return Value(SIZE | doubt, origin, trail=trail)


def sequence(parts: Iterable[Value], origin: int = 0) -> Value:
    """A list or tuple with these elements; past MAX_PARTS only their join is kept."""
    known = tuple(parts)
    if len(known) > MAX_PARTS:
        return Value(SEQ, origin, item=join_all(known))
    return Value(SEQ, origin, parts=known)


def listing(item: Value, origin: int = 0) -> Value:
    """A list or tuple of unknown length; `origin` is what its length depends on."""
    return Value(SEQ, origin, item=item)


def reference(*refs: Any) -> Value:
    """A function, class, module or instance."""
    return Value(REF, refs=refs)


def join(left: Value, right: Value) -> Value:
    """The least value that covers both."""
    if left is right:
        return left
    refs = left.refs
    kind = left.kind | right.kind
    if right.refs != refs:
        refs = tuple(dict.fromkeys((*refs, *right.refs)))
        if len(refs) > MAX_REFS:
            refs, kind = (), kind | UNKNOWN
    parts, item = _join_contents(left, right)
    const = flat(left.const, right.const)
    return Value(
        kind,
        left.origin | right.origin,
        const,
        parts,
        item,
        refs,
        left.trail or right.trail,
    )


def join_all(values: Iterable[Value]) -> Value:
    """The join of several values; UNKNOWN when there are none."""
    result: Value | None = None
    for value in values:
        result = value if result is None else join(result, value)
    return result or UNKNOWN_VALUE


def _join_contents(left: Value, right: Value) -> tuple[Contents, Value | None]:
    if left.parts is right.parts and left.item is right.item:
        return left.parts, left.item
    container = SEQ | DICT
    if not (left.kind | right.kind) & container:
        return None, None
    if not left.kind & container:
        return right.parts, right.item
    if not right.kind & container:
        return left.parts, left.item
    ours, theirs = left.parts, right.parts
    if isinstance(ours, tuple) and isinstance(theirs, tuple) and len(ours) == len(theirs):
        return tuple(join(one, other) for one, other in zip(ours, theirs, strict=True)), None
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        rest = [item for item in (left.item, right.item) if item]
        keys = [*ours, *(key for key in theirs if key not in ours)]
        both = {
            key: join(ours[key], theirs[key]) if key in ours and key in theirs else ours.get(key) or theirs[key]
            for key in keys
        }
        return both, join_all(rest) if rest else None
    return None, _join_items(left, right)


def _join_items(left: Value, right: Value) -> Value | None:
    empty = [value for value in (left, right) if value.parts is not None and not value.parts and value.item is None]
    full = [value for value in (left, right) if value not in empty]
    return join_all(value.elements() for value in full) if full else None

"""Taking a tensor apart: split, chunk, unbind, and how many pieces there are.

Definitions:
1. As many pieces as a size says are a list whose length depends on it: what loops over them is unrolled.
2. `chunk(2)` makes two pieces wherever the dimension is long enough. Along the first dimension, which is the one whose
   length nobody fixes, such a list is FEWER: it has that many pieces or fewer.
"""

from __future__ import annotations

from typing import Any

from tsl.source import values
from tsl.source.containers import length_of
from tsl.source.frame import Frame
from tsl.source.refs import Arguments
from tsl.source.tree import last_name
from tsl.source.values import SEQ, SIZE, UNKNOWN, Value

DEPENDS = values.DATA | values.SIZES | values.STATIC | values.STATE


def pieces(_frame: Frame, base: Value, arguments: Arguments, _node: Any) -> Value:
    """What split() returns."""
    piece = values.tensor(base.origin & DEPENDS, base.trail, base.kind & UNKNOWN)
    asked = arguments.get(0, "split_size") or arguments.get(0, "split_size_or_sections")
    if asked is not None and asked.is_only(SEQ) and isinstance(asked.parts, tuple):
        return values.sequence([piece] * len(asked.parts))
    # A list of sizes fixes the number of pieces, and where the argument is unknown it may be one.
    fixed = asked is not None and bool(asked.kind & (SEQ | UNKNOWN))
    return values.listing(piece, 0 if fixed else length_of(base).origin | _fewer(base, arguments.get(1, "dim")))


def chunks(_frame: Frame, base: Value, arguments: Arguments, node: Any) -> Value:
    """What chunk() and tensor_split() return."""
    piece = values.tensor(base.origin & DEPENDS, base.trail, base.kind & UNKNOWN)
    fewer = _fewer(base, arguments.get(1, "dim")) if last_name(node.func).endswith("chunk") else 0
    asked = arguments.get(0, "chunks") or arguments.get(0, "indices_or_sections")
    if asked is not None and isinstance(asked.const, int) and 0 < asked.const <= values.MAX_PARTS:
        return values.sequence([piece] * asked.const, fewer if asked.const > 1 else 0)
    return values.listing(piece, length_of(base).origin if asked is not None and asked.kind & SIZE else fewer)


def unbound(_frame: Frame, base: Value, arguments: Arguments, _node: Any) -> Value:
    """What unbind() returns."""
    piece = values.tensor(base.origin & DEPENDS, base.trail, base.kind & UNKNOWN)
    return values.listing(piece, length_of(base).origin | _fewer(base, arguments.get(0, "dim")))


def _fewer(base: Value, dim: Value | None) -> int:
    """FEWER along the first dimension, which is the one whose length nobody fixes."""
    return values.FEWER if length_of(base).origin & values.SIZES and (dim is None or dim.const == 0) else 0


def same_size(frame: Frame, base: Value, _arguments: Arguments, node: Any) -> Value:
    """The answer of is_same_size(): a plain bool."""
    frame.record(node, "predicate", length_of(base))
    return Value(values.BOOL, values.SIZES)

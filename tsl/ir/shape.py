"""The domain of shapes: how many dimensions a tensor has, and what is known of each.

Definitions:
1. A shape is a tuple of dims (see `number`), None where the rank is not known, IMPOSSIBLE where no run gets that far.
   The *join* of two shapes of one rank joins their dims; of different ranks it is None.
2. Shapes *broadcast* aligned at their last dimensions, where each pair is equal or has a 1 (torch's broadcasting
   semantics). They mismatch where two dims are surely different and surely neither is 1.
3. A Mismatch is raised only where no run can succeed: what is undecided passes.

Needs nothing but numbers. It will never know an operator.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from tsl.ir import number
from tsl.ir.number import ANY_SIZE, Dim, Size

Shape: TypeAlias = "tuple[Dim, ...] | None"

IMPOSSIBLE: Shape = (Size(1, 0, ()),)


class Mismatch(Exception):
    """Shapes that no run of an operation can have (3); says which, in words."""


def join(one: Shape, other: Shape) -> Shape:
    """What holds on either of two paths (1)."""
    if one == other or other == IMPOSSIBLE:
        return one
    if one == IMPOSSIBLE:
        return other
    if one is None or other is None or len(one) != len(other):
        return None
    return tuple(map(number.join, one, other))


def widen(before: Shape, after: Shape) -> Shape:
    """What covers `after` and has no endless chain above it."""
    if before is None or after is None or len(before) != len(after) or IMPOSSIBLE in (before, after):
        return after
    return tuple(number.join(ANY_SIZE, new) if old != new else new for old, new in zip(before, after, strict=True))


def broadcast(shapes: Iterable[Shape]) -> Shape:
    """The shape of an operation element by element (2). Raises Mismatch."""
    found: Shape = ()
    for shape in shapes:
        if shape is None:
            return None
        found = shape if found == () else _aligned(found, shape) if shape != found else found
    return found


def _aligned(one: tuple[Dim, ...] | None, other: tuple[Dim, ...]) -> Shape:
    assert one is not None
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    lead = len(longer) - len(shorter)
    return (*longer[:lead], *(_paired(a, b, one, other) for a, b in zip(longer[lead:], shorter, strict=True)))


def _paired(a: Dim, b: Dim, one: Shape, other: Shape) -> Dim:
    if a == 1 or (number.is_same(a, b) and not isinstance(b, int)):
        return b
    if b == 1 or number.is_same(a, b):
        return a
    if number.is_other(a, b) and not may_be(a, 1) and not may_be(b, 1):
        raise Mismatch(f"{spell(one)} and {spell(other)} do not broadcast")
    for mine, its in ((a, b), (b, a)):
        if not may_be(mine, 1):  # the other is 1 or the same
            return mine if isinstance(mine, int) or not isinstance(its, int) or its == 1 else its
    return number.join(a, b)  # it is one of both, whichever is not 1


def may_be(dim: Dim, size: int) -> bool:
    """Whether a dim may be a number."""
    return number.low(dim) <= size <= number.high(dim)


def agree(one: Dim, other: Dim, words: str) -> Dim:
    """Two dims that have to be equal, as what is known of both. Raises Mismatch with `words` where they surely
    differ."""
    if number.is_other(one, other):
        raise Mismatch(words)
    if isinstance(one, int) or isinstance(other, int):
        return one if isinstance(one, int) else other
    low, high = max(one.low, other.low), min(one.high, other.high)
    return low if low == high else Size(low, high, other.terms if one.terms is None else one.terms)


def count(shape: Sequence[Dim]) -> Dim:
    """The number of elements."""
    found: Dim = 1
    for dim in shape:
        found = number.mul(found, dim)
    return found


def spell(shape: Shape) -> str:
    """A shape as a person writes it: `[1, 3, H, ?]`."""
    return "?" if shape is None else f"[{', '.join(map(str, shape))}]"

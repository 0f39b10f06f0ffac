"""The lattices abstract values are made of, and the laws they keep.

A lattice here is a set of facts with a *join*: the least fact that covers both. Definitions:

1. `join(a, a) == a`, `join(a, b) == join(b, a)`, `join(a, join(b, c)) == join(join(a, b), c)`.
2. *Powerset*: a set of flags written as the bits of an int; its join is `|`, and the domains use that operator
   directly.
3. *Flat*: one constant, or TOP where paths disagree (`flat`). No bottom is needed: a path that was not taken has no
   environment at all.
4. *Pointwise*: a map joins key by key (`pointwise`); a key that one side lacks joins with what `absent` says.

Only joins live here. What the facts mean belongs to the domain that uses them. tests/test_lattice.py holds the laws.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Final, TypeVar

Fact = TypeVar("Fact")
Key = TypeVar("Key", bound=Hashable)


class Top:
    """The constant that is not known; one value of this class exists, `TOP`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "TOP"


TOP: Final = Top()


def flat(left: object, right: object) -> object:
    """The constant both sides agree on, else TOP. `1`, `1.0` and `True` are three different constants."""
    if left is right:
        return left
    if type(left) is type(right) and left == right:
        return left
    return TOP


def pointwise(
    left: Mapping[Key, Fact],
    right: Mapping[Key, Fact],
    join: Callable[[Fact, Fact], Fact],
    absent: Callable[[Fact], Fact],
) -> dict[Key, Fact]:
    """The key-by-key join of two maps; `absent(fact)` is the join of a fact with its absence on the other side."""
    joined: dict[Key, Fact] = {}
    for key, fact in left.items():
        other = right.get(key)
        joined[key] = fact if other is fact else absent(fact) if other is None else join(fact, other)
    for key, fact in right.items():
        if key not in joined:
            joined[key] = absent(fact)
    return joined

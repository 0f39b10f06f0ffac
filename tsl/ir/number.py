"""Whole numbers that are known, bounded or named: the sizes of tensors and what is computed from them.

Definitions:
1. A *dim* is an int, or a Size: what lies between two bounds, both included, LEAST and MOST standing for no bound.
2. A Size may have *terms*: the polynomial over named sizes that it equals, as pairs of sorted names and a coefficient.
   Equal terms are equal numbers. Without terms nothing but the bounds is known, not even that it equals itself.
3. Two dims are *surely equal* by (2), and *surely different* where their bounds do not meet or their terms differ by a
   constant. Everything else is undecided, and None.
4. The *join* of dims lies between the outermost bounds, and keeps terms that both have. Its chains are endless, so a
   loop *widens*: a bound that moved is given up.

Needs nothing. It will never know a tensor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from tsl.record import Record

LEAST, MOST = -(2**63), 2**63 - 1
MOST_TERMS, MOST_NAME = 6, 120  # of a polynomial, and characters of a name; what is larger is bounded only

Terms: TypeAlias = "tuple[tuple[tuple[str, ...], int], ...]"


class Size(Record):
    """A number between two bounds (1), perhaps with terms (2)."""

    low: int
    high: int
    terms: Terms | None = None

    def __str__(self) -> str:
        if self.terms is not None:
            return text(self.terms)
        if (self.low, self.high) in {(0, MOST), (LEAST, MOST)}:
            return "?"
        return f"{'' if self.low == LEAST else self.low}..{'' if self.high == MOST else self.high}"


Dim: TypeAlias = "int | Size"

ANY_SIZE, ANY_NUMBER = Size(0, MOST), Size(LEAST, MOST)


def named(name: str, low: int = 0, high: int = MOST) -> Dim:
    """The number of a name, between bounds."""
    return low if low == high else Size(low, high, (((name,), 1),))


def text(terms: Terms) -> str:
    """Terms as a person writes them: `2*H*W + 1`."""
    parts = ["*".join([*([str(factor)] if factor != 1 or not names else []), *names]) for names, factor in terms]
    return " + ".join(parts).replace("+ -", "- ") or "0"


def low(dim: Dim) -> int:
    """The lower bound."""
    return dim if isinstance(dim, int) else dim.low


def high(dim: Dim) -> int:
    """The upper bound."""
    return dim if isinstance(dim, int) else dim.high


def join(one: Dim, other: Dim) -> Dim:
    """(4)"""
    if one == other:
        return one
    terms = _terms(one)
    same = terms is not None and terms == _terms(other)
    return Size(min(low(one), low(other)), max(high(one), high(other)), terms if same else None)


def widen(before: Dim, after: Dim) -> Dim:
    """What covers `after`, with every bound given up that moved since `before` (4)."""
    if before == after:
        return after
    return Size(
        low(before) if low(after) >= low(before) else LEAST, high(before) if high(after) <= high(before) else MOST
    )


def is_same(one: Dim, other: Dim) -> bool:
    """Whether two dims are surely equal (3)."""
    if isinstance(one, int) or isinstance(other, int):
        return one == other
    return one.terms is not None and one.terms == other.terms


def is_other(one: Dim, other: Dim) -> bool:
    """Whether two dims are surely different (3)."""
    if isinstance(one, int) and isinstance(other, int):
        return one != other
    if low(one) > high(other) or low(other) > high(one):
        return True
    mine, others = _terms(one), _terms(other)
    if mine is None or others is None:
        return False
    return isinstance(rest := sub(one, other), int) and rest != 0


def less(one: Dim, other: Dim) -> bool | None:
    """Whether one is less than the other; None where that is undecided."""
    if high(one) < low(other):
        return True
    if low(one) >= high(other) or is_same(one, other):
        return False
    rest = sub(one, other)
    return rest < 0 if isinstance(rest, int) else None


def add(one: Dim, other: Dim) -> Dim:
    """The sum."""
    if isinstance(one, int) and isinstance(other, int):
        return one + other
    bounds = _bound(low(one), low(other)), _bound(high(one), high(other), MOST)
    return _made(bounds, _sum(_terms(one), _terms(other)))


def neg(dim: Dim) -> Dim:
    """The number with the other sign."""
    return mul(dim, -1)


def sub(one: Dim, other: Dim) -> Dim:
    """The difference."""
    return one - other if isinstance(one, int) and isinstance(other, int) else add(one, neg(other))


def mul(one: Dim, other: Dim) -> Dim:
    """The product."""
    if isinstance(one, int) and isinstance(other, int):
        return one * other
    corners = [_times(a, b) for a in (low(one), high(one)) for b in (low(other), high(other))]
    return _made((min(corners), max(corners)), _product(_terms(one), _terms(other)))


def floordiv(one: Dim, other: Dim) -> Dim:
    """The quotient, rounded down, of a division by a positive number; by any other it is undecided."""
    if isinstance(one, int) and isinstance(other, int) and other:
        return one // other
    if low(other) < 1:
        return ANY_NUMBER
    exact = divided(one, other)
    if exact is not None:
        return exact
    corners = [_over(a, b) for a in (low(one), high(one)) for b in (low(other), high(other))]
    mine, others = _terms(one), _terms(other)
    name = f"({text(mine)})//({text(others)})" if mine is not None and others is not None else ""
    return _made((min(corners), max(corners)), ((((name,), 1),) if name and len(name) <= MOST_NAME else None))


def mod(one: Dim, other: Dim) -> Dim:
    """What is left of a division by a positive number."""
    if isinstance(one, int) and isinstance(other, int) and other:
        return one % other
    if low(other) < 1:
        return ANY_NUMBER
    return 0 if divided(one, other) is not None else Size(0, min(high(other) - 1, MOST))


def divided(one: Dim, other: Dim) -> Dim | None:
    """The quotient of a division that surely leaves nothing, by one term; None where it may leave something."""
    if isinstance(one, int) and isinstance(other, int):
        return one // other if other and one % other == 0 else None
    mine, others = _terms(one), _terms(other)
    if mine is None or others is None or len(others) != 1 or low(other) < 1:
        return None
    (names, factor), found = others[0], {}
    for atoms, coefficient in mine:
        rest = _without(atoms, names)
        if rest is None or coefficient % factor:
            return None
        found[rest] = coefficient // factor
    corners = [_over(a, b) for a in (low(one), high(one)) for b in (low(other), high(other))]
    return _made((min(corners), max(corners)), _ordered(found))


def smaller(one: Dim, other: Dim) -> Dim:
    """The minimum."""
    decided = less(one, other)
    if decided is None:
        return Size(min(low(one), low(other)), min(high(one), high(other)))
    return one if decided else other


def larger(one: Dim, other: Dim) -> Dim:
    """The maximum."""
    decided = less(one, other)
    if decided is None:
        return Size(max(low(one), low(other)), max(high(one), high(other)))
    return other if decided else one


def _terms(dim: Dim) -> Terms | None:
    if isinstance(dim, int):
        return (((), dim),) if dim else ()
    return dim.terms


def _made(bounds: tuple[int, int], terms: Terms | None) -> Dim:
    least, most = bounds
    if terms is not None and (not terms or (len(terms) == 1 and not terms[0][0])):
        return terms[0][1] if terms else 0
    if least == most:
        return least
    return Size(max(least, LEAST), min(most, MOST), terms)


def _bound(one: int, other: int, none: int = LEAST) -> int:
    return none if none in (one, other) else max(LEAST, min(MOST, one + other))


def _times(one: int, other: int) -> int:
    if one and other and not {one, other}.isdisjoint((LEAST, MOST)):
        return MOST if (one > 0) == (other > 0) else LEAST
    return max(LEAST, min(MOST, one * other))


def _over(one: int, other: int) -> int:
    return one if one in (LEAST, MOST) and other < MOST else one // other


def _sum(one: Terms | None, other: Terms | None) -> Terms | None:
    if one is None or other is None:
        return None
    found = dict(one)
    for names, factor in other:
        found[names] = found.get(names, 0) + factor
    return _ordered(found)


def _product(one: Terms | None, other: Terms | None) -> Terms | None:
    if one is None or other is None or len(one) * len(other) > MOST_TERMS * MOST_TERMS:
        return None
    found: dict[tuple[str, ...], int] = {}
    for names, factor in one:
        for others, by in other:
            key = tuple(sorted(names + others))
            found[key] = found.get(key, 0) + factor * by
    return _ordered(found)


def _ordered(found: Mapping[tuple[str, ...], int]) -> Terms | None:
    kept = sorted(
        ((names, factor) for names, factor in found.items() if factor), key=lambda term: (-len(term[0]), term)
    )
    return tuple(kept) if len(kept) <= MOST_TERMS else None


def _without(atoms: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...] | None:
    rest = list(atoms)
    for name in names:
        if name not in rest:
            return None
        rest.remove(name)
    return tuple(rest)

"""The kinds of value a generated program holds, known while it is written, so that it is valid by construction.

Definitions. A *dim* is a size that is the same for the same name: a symbol of the inputs (`a`), a constant (`4`), or
one made up for the result of an operation (`?7`), with the smallest and the largest it can be on any input of the
search. Two tensors whose dims are equal can be added; nothing else about shapes is assumed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

# Bounds of what the search gives to the symbol of a size, see `inputs`.
SMALLEST, LARGEST = 1, 12
HUGE = 10**6


class Dim(NamedTuple):
    """A size, with its bounds."""

    name: str
    lo: int
    hi: int


def constant(size: int) -> Dim:
    """The dim of a size that never changes."""
    return Dim(str(size), size, size)


def symbol(name: str) -> Dim:
    """The dim of a size that the search changes."""
    return Dim(name, SMALLEST, LARGEST)


class Tensor(NamedTuple):
    """A tensor; `dtype` is float, long or bool."""

    dims: tuple[Dim, ...]
    dtype: str = "float"


class Int(NamedTuple):
    """A whole number within bounds; `dim` is the size it equals, `below` a size it is an index of."""

    lo: int
    hi: int
    dim: Dim | None = None
    below: Dim | None = None


class Float(NamedTuple):
    """A float."""


class Bool(NamedTuple):
    """A truth."""


class Shape(NamedTuple):
    """What `x.shape` is."""

    dims: tuple[Dim, ...]


class Seq(NamedTuple):
    """A list or tuple whose elements are of one kind, `lo` of them at the least."""

    item: Any
    lo: int
    is_list: bool = True


class Table(NamedTuple):
    """A dict of tensors by literal keys."""

    keys: tuple[str, ...]
    item: Tensor


class Expr(NamedTuple):
    """Text that stands for a value; compound text is in parentheses."""

    text: str
    kind: Any


def integer(lo: int, hi: int) -> Int:
    """The kind of a number within bounds, given in either order."""
    return Int(max(min(lo, hi), -HUGE), min(max(lo, hi), HUGE))


def of_dim(dim: Dim) -> Int:
    """The kind of a number that is a size."""
    return Int(dim.lo, dim.hi, dim)


def joined(one: Any, other: Any) -> Any:
    """The kind of a name that is one or the other; None where they have no kind in common."""
    if one == other:
        return one
    if isinstance(one, Int) and isinstance(other, Int):
        return Int(min(one.lo, other.lo), max(one.hi, other.hi))
    if isinstance(one, (Int, Float)) and isinstance(other, (Int, Float)):
        return Float()
    return None

"""Where a tensor of a graph is, as far as the graph alone tells: the values of a small lattice.

Definitions:
1. HOST: on the CPU however the model is deployed: made there by a literal or by default, or a size as a tensor. FIXED:
   on a device a literal names that is not the CPU. MOVES: a parameter, a buffer or an input, or computed from one: it
   is where the model runs. UNKNOWN: it may be anywhere. NOWHERE: no tensor, or none yet; the ground of the lattice.
2. The *join* of two places is what holds on either path: NOWHERE gives way, places that differ are UNKNOWN.
3. The *common* place of operands is where an operation on them runs, if it runs at all: what moves decides, then what
   is not known, then what is fixed.
4. A tensor is a *number* where it surely has no dimension, and a *mask* where it surely holds truths.
5. A tensor carries the *literals* that put it where it is: the nodes with a device written into them.

Needs nothing. It will never know a node.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tsl.record import Record

NOWHERE, HOST, FIXED, MOVES, UNKNOWN = "nowhere", "host", "fixed", "moves", "unknown"
MOST_LITERALS, MOST_PARTS, DEEPEST = 16, 64, 1  # carried by one value; more of them say nothing new


class Held(Record):
    """What is known of a value (1-5).

    `parts` are the elements of a tuple or list whose elements are known. `device` is the text of a device that a
    literal names, empty for one that was asked of a tensor, None for what is no device; a device's `where` is that of
    what is made on it. `constant` holds a constant as a tuple of one. `module` is the path of a module from the model.
    """

    where: str = NOWHERE
    is_number: bool = False
    is_mask: bool = False
    literals: tuple[int, ...] = ()
    parts: tuple[Held, ...] | None = None
    device: str | None = None
    constant: tuple[Any, ...] = ()
    module: str | None = None

    @property
    def is_none(self) -> bool:
        """Whether it is the constant None."""
        return self.constant == (None,)


NOTHING = Held()
ANYWHERE = Held(UNKNOWN)
MOVING = Held(MOVES)
ON_HOST = Held(HOST)
SIZE = Held(HOST, is_number=True)
NONE = Held(constant=(None,))


def join(one: Held, other: Held) -> Held:
    """What holds on either of two paths (2)."""
    if one == other:
        return one
    if other == NOTHING or other.is_none:
        return one._replace(constant=())
    if one == NOTHING or one.is_none:
        return other._replace(constant=())
    where = one.where if one.where == other.where or other.where == NOWHERE else other.where
    if NOWHERE not in (one.where, other.where) and one.where != other.where:
        where = UNKNOWN
    return Held(
        where,
        one.is_number and other.is_number,
        one.is_mask and other.is_mask,
        together((one, other)),
        _parts(one.parts, other.parts),
        one.device if one.device == other.device else None if None in (one.device, other.device) else "",
        one.constant if one.constant == other.constant else (),
        one.module if one.module == other.module else None,
    )


def common(operands: Iterable[Held]) -> str:
    """Where an operation on these runs (3)."""
    wheres = {held.where for held in operands}
    return next((where for where in (MOVES, UNKNOWN, FIXED, HOST) if where in wheres), NOWHERE)


def together(operands: Iterable[Held]) -> tuple[int, ...]:
    """The literals of several values, in order (5)."""
    return tuple(sorted({number for held in operands for number in held.literals}))[:MOST_LITERALS]


def gathered(parts: tuple[Held, ...]) -> Held:
    """The tuple or list of these."""
    kept = None if len(parts) > MOST_PARTS else tuple(_flat(part, DEEPEST) for part in parts)
    return Held(common(parts), literals=together(parts), parts=kept)


def element(held: Held) -> Held:
    """Any element of a tuple or list."""
    if held.parts is None:
        return Held(held.where, literals=held.literals)
    joined = NOTHING
    for part in held.parts:
        joined = join(joined, part)
    return joined


def _flat(held: Held, depth: int) -> Held:
    """A value without what lies deeper in it."""
    if held.parts is None:
        return held
    parts = None if depth == 0 else tuple(_flat(part, depth - 1) for part in held.parts)
    return held if parts == held.parts else held._replace(parts=parts)


def _parts(one: tuple[Held, ...] | None, other: tuple[Held, ...] | None) -> tuple[Held, ...] | None:
    if one is None or other is None or len(one) != len(other):
        return None
    return tuple(join(a, b) for a, b in zip(one, other, strict=True))

"""Which of several look-alikes in a row has no partner: the one that leaves least to explain.

    old: a -> relu -> b      new: a -> relu -> relu -> b

Definitions:
1. An item without a partner may change places with a neighbour, one it takes from or one that takes from it, that is in
   a pair, told alike and in the same block: then it is the one in the pair.
2. What is *left to explain* around them is the number of operands that are different (`operands`), their own and those
   of all pairs that take what any of them makes.
3. They change places where that leaves less to explain, and so on while it does.

Linear in the number of items without a partner and their neighbours. Needs pairs. It will never make more pairs, or
fewer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tsl.diff.items import END, INPUT, Item
from tsl.diff.operands import operands
from tsl.diff.pairs import Pairs
from tsl.diff.spread import Told

MOST = 64  # neighbours of one item that are tried


def settle(pairs: Pairs, told: Told) -> None:
    """Lets items change places (3)."""
    for side, items in enumerate((pairs.old.all, pairs.new.all)):
        partners = (pairs.of_old, pairs.of_new)[side]
        for item in items:
            lone: Item | None = item if item.number not in partners and item.kind not in (INPUT, END) else None
            while lone is not None:
                lone = _settled(lone, side, pairs, told[side])


def _settled(lone: Item, side: int, pairs: Pairs, told: Callable[[Item], Any]) -> Item | None:
    """The neighbour that an item changed places with, which has no partner now; None where it stays."""
    partners = (pairs.of_old, pairs.of_new)[side]
    for near in _neighbours(lone):
        partner = partners.get(near.number)
        if partner is None or near.owner is not lone.owner or near.block != lone.block or told(near) != told(lone):
            continue
        around = _around((near, lone), partner, side, pairs)
        before = _left(around, pairs, partner, side)
        if not before:
            continue
        _change(pairs, partner, near, lone, side)
        if _left(around, pairs, partner, side) < before:
            return near
        _change(pairs, partner, lone, near, side)
    return None


def _neighbours(item: Item) -> Iterator[Item]:
    takers = [taker for taker, _, _ in item.takers[:MOST]]
    makers = [link.maker for link in item.links.values()]
    return (each for each in (*makers, *takers) if each.kind == item.kind)


def _change(pairs: Pairs, partner: Item, near: Item, lone: Item, side: int) -> None:
    """Puts one in the place of the other."""
    if side:
        pairs.part(partner, near)
        pairs.join(partner, lone)
    else:
        pairs.part(near, partner)
        pairs.join(lone, partner)


def _around(items: Iterable[Item], partner: Item, side: int, pairs: Pairs) -> list[Item]:
    """The old items, the changing ones and their partner left out, that take what any of these makes (2)."""
    items = tuple(items)
    numbers = {item.number for item in items}
    found = {}
    for item in items:
        for taker, _, _ in item.takers[:MOST]:
            old = pairs.of_new.get(taker.number) if side else taker
            if old is not None and (taker.number not in numbers):
                found[old.number] = old
    for taker, _, _ in partner.takers[:MOST]:
        old = taker if side else pairs.of_new.get(taker.number)
        if old is not None:
            found[old.number] = old
    own = {partner.number} if side else numbers
    return [old for number, old in found.items() if number not in own]


def _left(around: Iterable[Item], pairs: Pairs, partner: Item, side: int) -> int:
    """How much is left to explain (2)."""
    left = 0
    for old in around:
        new = pairs.of_old.get(old.number)
        left += len(operands(old, new, pairs)) if new is not None else 0
    one = partner if side else pairs.of_new[partner.number]
    return left + len(operands(one, pairs.of_old[one.number], pairs))

"""Which of several look-alikes in a row has no partner: the one that leaves least to explain.

    old: a -> relu -> b      new: a -> relu -> relu -> b

Definitions:
1. An item without a partner may change places with a neighbour, one it takes from or one that takes from it, that is in
   a pair, told alike and in the same block: then it is the one in the pair.
2. What is *left to explain* around them is the number of operands that are different (`operands`), their own and those
   of all pairs that take what any of them makes.
3. They change places, and so on in one direction, as far as that leaves least to explain; nowhere where it never leaves
   less than before.

Linear in the number of items without a partner and their neighbours. Needs pairs. It will never make more pairs, or
fewer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tsl.diff.items import END, INPUT, Item
from tsl.diff.operands import operands
from tsl.diff.pairs import Pairs
from tsl.diff.spread import Told

MOST = 64  # takers of one item that are looked at
FARTHEST = 16  # places that one item moves on

Step = Callable[[Item], Iterator[Item]]


def settle(pairs: Pairs, told: Told) -> None:
    """Lets items change places (3)."""
    for side, items in enumerate((pairs.old.all, pairs.new.all)):
        partners = (pairs.of_old, pairs.of_new)[side]
        lone = [item for item in items if item.number not in partners and item.kind not in (INPUT, END)]
        for item in lone:
            for step in (_makers, _takers):
                item = _slid(item, side, pairs, told[side], step)


def _slid(lone: Item, side: int, pairs: Pairs, told: Callable[[Item], Any], step: Step) -> Item:
    """The item that has no partner once those in one direction have changed places as far as that is best (3)."""
    partners = (pairs.of_old, pairs.of_new)[side]
    moves: list[tuple[Item, Item, Item]] = []
    gain, best, kept = 0, 0, 0
    while len(moves) < FARTHEST:
        near = _next(lone, partners, told, step)
        if near is None:
            break
        partner = partners[near.number]
        around = _around((near, lone), partner, side, pairs)
        before = _left(around, pairs, partner, side)
        _change(pairs, partner, near, lone, side)
        gain += before - _left(around, pairs, partner, side)
        moves.append((partner, near, lone))
        lone = near
        if gain > best:
            best, kept = gain, len(moves)
    for partner, near, other in reversed(moves[kept:]):
        _change(pairs, partner, other, near, side)
        lone = other
    return lone


def _next(lone: Item, partners: Mapping[int, Item], told: Callable[[Item], Any], step: Step) -> Item | None:
    """The neighbour in a direction that an item may change places with (1)."""
    for near in step(lone):
        alike = near.kind == lone.kind and near.owner is lone.owner and near.block == lone.block
        if alike and near.number in partners and told(near) == told(lone):
            return near
    return None


def _makers(item: Item) -> Iterator[Item]:
    return (link.maker for link in item.links.values())


def _takers(item: Item) -> Iterator[Item]:
    return (taker for taker, _, _ in item.takers[:MOST])


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

"""What pairs say of their neighbours: who takes the same of paired items is a pair, and so is who makes it.

Definitions:
1. The makers of what two paired items take by the same operand are *across* from each other, and so are the takers of
   the same value of both by the same operand.
2. Items that are across from each other, have no partner and are told alike become a pair, and say more in turn. Of
   several takers that are told alike the first is paired with the first.
3. *Between* asks for two witnesses: the items are across from each other at what they take and at what takes them. That
   is enough for items of different kinds: one stands where the other stood.

Linear in the number of links, times the rounds. Needs pairs. It will never look beyond a neighbour.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TYPE_CHECKING

from tsl.diff.items import INPUT, Item

if TYPE_CHECKING:
    from tsl.diff.pairs import Pairs

Told = tuple[Callable[[Item], Hashable], Callable[[Item], Hashable]]


def spread(pairs: Pairs, block: Iterable[Item], told: Told, *, between: bool = False) -> None:
    """Pairs what is across from the pairs of a block of the old graph (2, 3)."""
    queue = deque(item for item in block if item.number in pairs.of_old)
    while queue:
        one = queue.popleft()
        other = pairs.of_old[one.number]
        for mine, its in (*_makers(one, other), *_takers(one, other, told, pairs)):
            if not pairs.may_join(mine, its) or INPUT in (mine.kind, its.kind) or told[0](mine) != told[1](its):
                continue
            if between and not (_has_past(mine, its, pairs) and _has_future(mine, its, pairs)):
                continue
            pairs.join(mine, its)
            queue.append(mine)


def _makers(one: Item, other: Item) -> Iterator[tuple[Item, Item]]:
    for name, link in one.links.items():
        its = other.links.get(name)
        if its is not None and its.slot == link.slot:
            yield link.maker, its.maker


def _takers(one: Item, other: Item, told: Told, pairs: Pairs) -> Iterator[tuple[Item, Item]]:
    """The takers across from each other, those without a partner, in order for each way of taking."""
    waiting: dict[Hashable, list[Item]] = {}
    for taker, name, slot in other.takers:
        if taker.number not in pairs.of_new:
            waiting.setdefault((name, slot, told[1](taker)), []).append(taker)
    if not waiting:
        return
    for taker, name, slot in one.takers:
        if taker.number not in pairs.of_old:
            found = waiting.get((name, slot, told[0](taker)))
            if found:
                yield taker, found.pop(0)


def _has_past(one: Item, other: Item, pairs: Pairs) -> bool:
    return any(pairs.are_one(mine, its) for mine, its in _makers(one, other))


def _has_future(one: Item, other: Item, pairs: Pairs) -> bool:
    taking = {(taker.number, name, slot) for taker, name, slot in other.takers}
    return any(
        (partner.number, name, slot) in taking
        for taker, name, slot in one.takers
        if (partner := pairs.of_old.get(taker.number)) is not None
    )

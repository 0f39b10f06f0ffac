"""Items in a row: where neighbours tell nothing, what comes in the same order on both sides is the same.

Definitions:
1. Rows are the items without a partner, in the order of the graph. The longest runs that are told alike on both sides
   are found first, as `difflib` finds them.
2. The *shores* of an item are the paired items that lead to it through items without a partner, and those that it leads
   to; KEPT of each at most.
3. Of items that are in line a pair is made where both have a shore in common, on the same side: a row of look-alikes
   proves nothing, and what stands between the same shores does.
4. Rows of more than MOST items are compared piece by piece, each with the piece across from it, so that time stays
   linear where two graphs have nothing in common.

Needs pairs. It will never reorder a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from tsl.diff.items import Item
from tsl.diff.spread import Told

if TYPE_CHECKING:
    from tsl.diff.pairs import Pairs

MOST = 1_000
KEPT = 8

Shores = Mapping[int, frozenset[int]]


def align(pairs: Pairs, rows: tuple[Sequence[Item], Sequence[Item]], told: Told) -> None:
    """Pairs items of two rows (1-4)."""
    old, new = rows
    if not old or not new:
        return
    known: tuple[Callable[[Item], int | None], ...] = (
        lambda item: partner.number if (partner := pairs.of_old.get(item.number)) is not None else None,
        lambda item: item.number if item.number in pairs.of_new else None,
    )
    shores = [(_shores(row, at, _makers), _shores(row[::-1], at, _takers)) for row, at in zip(rows, known, strict=True)]
    for start in range(0, min(len(old), len(new)), MOST):
        mine, others = old[start : start + MOST], new[start : start + MOST]
        matcher = SequenceMatcher(None, [told[0](item) for item in mine], [told[1](item) for item in others], False)
        for at, its, size in matcher.get_matching_blocks():
            for one, other in zip(mine[at : at + size], others[its : its + size], strict=True):
                sides = zip(shores[0], shores[1], strict=True)
                common = any(not was[one.number].isdisjoint(now[other.number]) for was, now in sides)
                if common and pairs.may_join(one, other):
                    pairs.join(one, other)


def _shores(row: Sequence[Item], at: Callable[[Item], int | None], near: Callable[[Item], Iterable[Item]]) -> Shores:
    """The shores of each item of a row in one direction, by the numbers of the new graph (2)."""
    found: dict[int, frozenset[int]] = {}
    for item in row:
        numbers: set[int] = set()
        for other in near(item):
            number = at(other)
            numbers |= found.get(other.number, frozenset()) if number is None else {number}
        found[item.number] = frozenset(sorted(numbers)[:KEPT]) if len(numbers) > KEPT else frozenset(numbers)
    return found


def _makers(item: Item) -> Iterable[Item]:
    return (link.maker for link in item.links.values())


def _takers(item: Item) -> Iterable[Item]:
    return (taker for taker, _, _ in item.takers)

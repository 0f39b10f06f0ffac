"""Items in a row: where neighbours tell nothing, what comes in the same order on both sides is the same.

1. Rows are the items without a partner, in the order of the graph. The longest runs that are told alike on both sides
   are found first, as `difflib` finds them.
2. Of these a pair is made where a neighbour of both is a pair already; a row of look-alikes proves nothing.
3. Rows of more than MOST items are compared piece by piece, each with the piece across from it, so that time stays
   linear where two graphs have nothing in common.

Needs pairs. It will never reorder a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from tsl.diff.items import Item
from tsl.diff.spread import Told, has_neighbour

if TYPE_CHECKING:
    from tsl.diff.pairs import Pairs

MOST = 1_000


def align(pairs: Pairs, rows: tuple[Sequence[Item], Sequence[Item]], told: Told) -> None:
    """Pairs items of two rows (1-3)."""
    old, new = rows
    for start in range(0, min(len(old), len(new)), MOST):
        mine, others = old[start : start + MOST], new[start : start + MOST]
        matcher = SequenceMatcher(None, [told[0](item) for item in mine], [told[1](item) for item in others], False)
        for at, its, size in matcher.get_matching_blocks():
            for one, other in zip(mine[at : at + size], others[its : its + size], strict=True):
                if pairs.may_join(one, other) and has_neighbour(one, other, pairs):
                    pairs.join(one, other)

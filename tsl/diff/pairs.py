"""Pairs: which item of an old graph is which of a new one, as far as that is known.

Needs items. It will never find a pair by itself.
"""

from __future__ import annotations

from tsl.diff.items import Item, Items


class Pairs:
    """The pairs: the partner of each item, of the old graph and of the new one, by its number."""

    def __init__(self, old: Items, new: Items) -> None:
        self.old, self.new = old, new
        self.of_old: dict[int, Item] = {}
        self.of_new: dict[int, Item] = {}

    def join(self, one: Item, other: Item) -> None:
        """Makes a pair of an old item and a new one."""
        self.of_old[one.number], self.of_new[other.number] = other, one

    def part(self, one: Item, other: Item) -> None:
        """Undoes a pair."""
        del self.of_old[one.number], self.of_new[other.number]

    def are_one(self, old: Item, new: Item) -> bool:
        """Whether an old item and a new one are a pair."""
        return self.of_old.get(old.number) is new

    def may_join(self, one: Item, other: Item) -> bool:
        """Whether two items have no partner and lie in paired blocks (1)."""
        if one.number in self.of_old or other.number in self.of_new or one.block != other.block:
            return False
        if one.owner is None or other.owner is None:
            return one.owner is other.owner
        return self.are_one(one.owner, other.owner)

"""Which item of one graph is which of another.

Definitions:
1. Items that are paired lie in blocks whose holders are paired, in blocks of the same number. So blocks are paired from
   the outermost one inwards.
2. Inputs of the graphs are paired by their places where both have as many, else by their names.
3. In a pair of blocks items are paired in rounds, each leaving less for the next: by past and future together; by what
   only one item of each block has, its past, its future, or its placed label where that names weights; by what pairs
   say of their neighbours (`spread`); the same without the paths of modules; by what is left of a module where that is
   one item on both sides; in a row (`align`); by neighbours that are paired though the kind is another. The ends of
   paired blocks are a pair from the start. In the end pairs are settled (`settle`): of look-alikes in a row the one
   without a partner is where it explains most.
4. A pair that is made in a row stands between items that are paired too: two items that merely look alike are none.

Where whole graphs are equal but for numbers, names and the order of what does not depend on each other, the first round
pairs everything. Needs items. It will never say what is different in a pair.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence

from tsl.diff.align import align
from tsl.diff.items import END, INPUT, Item, Items
from tsl.diff.labels import Labels, Numbers, labels
from tsl.diff.pairs import Pairs
from tsl.diff.settle import settle
from tsl.diff.spread import spread

Key = Callable[[Item], Hashable]


def match(old: Items, new: Items) -> Pairs:
    """The pairs of two graphs."""
    matching = _Matching(old, new)
    settle(matching.pairs, _told(matching.placed))
    return matching.pairs


class _Matching:
    def __init__(self, old: Items, new: Items) -> None:
        self.pairs = Pairs(old, new)
        numbers = Numbers()
        inputs = self._inputs(old, new)
        ways = [{one.number: place for place, one in enumerate(side)} for side in inputs]
        self.placed, self.plain = (
            tuple(labels(items, numbers, way, placed=placed) for items, way in zip((old, new), ways, strict=True))
            for placed in (True, False)
        )
        for one, other in zip(*inputs, strict=True):
            self.pairs.join(one, other)
        queue = [(old.top, new.top)]
        for mine, others in queue:
            self._block(mine, others)
            for item in mine:
                partner = self.pairs.of_old.get(item.number)
                if partner is not None:
                    queue += list(zip(item.blocks, partner.blocks, strict=False))

    def _inputs(self, old: Items, new: Items) -> tuple[list[Item], list[Item]]:
        """The paired inputs of both graphs (2)."""
        if len(old.inputs) == len(new.inputs):
            return old.inputs, new.inputs
        names = {_name(item): item for item in new.inputs}
        both = [(item, names[_name(item)]) for item in old.inputs if _name(item) in names]
        return [one for one, _ in both], [other for _, other in both]

    def _block(self, old: Sequence[Item], new: Sequence[Item]) -> None:
        """(3)"""
        for one, other in zip(_ends(old), _ends(new), strict=True):
            self.pairs.join(one, other)
        for ways in (self.placed, self.plain):
            self._by(old, new, ways, _both)
            self._by(old, new, ways, _past, alone=True)
            self._by(old, new, ways, _future, alone=True)
            if ways is self.placed:
                self._by(old, new, ways, _weighted, alone=True)
            spread(self.pairs, old, _told(ways))
        self._alone_in_modules(old, new)
        for told in (_told(self.placed), _told(self.plain), (_kind_there, _kind_there), (_kind, _kind)):
            align(self.pairs, self._free(old, new), told)
            spread(self.pairs, old, told)
        spread(self.pairs, old, (_anything, _anything), between=True)
        self._alone_in_modules(old, new)

    def _alone_in_modules(self, old: Sequence[Item], new: Sequence[Item]) -> None:
        """Pairs what is left of a module where that is one item on both sides."""
        groups: dict[str, tuple[list[Item], list[Item]]] = {}
        for side, items in enumerate(self._free(old, new)):
            for item in items:
                groups.setdefault(item.module, ([], []))[side].append(item)
        for module, (mine, others) in groups.items():
            if module and len(mine) == len(others) == 1:
                self.pairs.join(mine[0], others[0])

    def _free(self, old: Iterable[Item], new: Iterable[Item]) -> tuple[list[Item], list[Item]]:
        mine = [item for item in old if item.number not in self.pairs.of_old and item.kind != INPUT]
        return mine, [item for item in new if item.number not in self.pairs.of_new and item.kind != INPUT]

    def _by(
        self,
        old: Iterable[Item],
        new: Iterable[Item],
        ways: tuple[Labels, ...],
        key: Callable[[Labels, Item], Hashable],
        alone: bool = False,
    ) -> None:
        """Pairs items that have the same key, in order; with `alone` only where one of each side has it."""
        groups: dict[Hashable, tuple[list[Item], list[Item]]] = {}
        for side, items in enumerate(self._free(old, new)):
            for item in items:
                found = key(ways[side], item)
                if found is not None:
                    groups.setdefault(found, ([], []))[side].append(item)
        for mine, others in groups.values():
            if not alone or len(mine) == len(others) == 1:
                for one, other in zip(mine, others, strict=False):
                    self.pairs.join(one, other)


def _ends(block: Sequence[Item]) -> Sequence[Item]:
    return [item for item in block[-1:] if item.kind == END]


def _name(item: Item) -> str:
    """The name of an input, without the number that makes it the only one of the name."""
    name, dot, number = item.values[0].name.rpartition(".")
    return name if dot and number.isdecimal() else item.values[0].name


def _both(ways: Labels, item: Item) -> Hashable:
    return ways.past[item.number], ways.future[item.number]


def _past(ways: Labels, item: Item) -> Hashable:
    return ways.past[item.number]


def _future(ways: Labels, item: Item) -> Hashable:
    return ways.future[item.number]


def _weighted(ways: Labels, item: Item) -> Hashable:
    """The placed label of an item that takes an attribute of a module; nothing for others."""
    takes = any(True for held in item.constants.values() for _ in held.attributes())
    return ways.label[item.number] if takes else None


def _told(ways: tuple[Labels, ...]) -> tuple[Key, Key]:
    """What an item of either side is by itself."""
    one, other = ways
    return (lambda item: one.label[item.number]), (lambda item: other.label[item.number])


def _kind_there(item: Item) -> Hashable:
    return item.kind, item.module


def _kind(item: Item) -> Hashable:
    return item.kind


def _anything(item: Item) -> Hashable:
    return item.kind == END

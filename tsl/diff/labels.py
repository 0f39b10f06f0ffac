"""What an item is: by itself, and with all that comes before and all that comes after it.

Definitions:
1. A *label* is a number that stands for what an item is by itself: its kind, its constants, the names of its links. It
   is *plain*, or *placed*: then the path of its module is in it. Attributes are in either as the module names them.
2. The *past* of an item is a number that stands for its label and the pasts of what it takes, its *future* for its
   label and the futures of all that take what it makes, with the operands they take it by. Each is plain or placed.
3. Numbers of two graphs that share Numbers are equal where what they stand for is. Nothing is hashed to fewer bits than
   it has.
4. An input of the graph is what it is paired with: the other graph's input in its place or of its name.

Linear in the size of a graph, but for sorting what takes one value. Needs items. It will never pair anything.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from tsl.diff.items import BLOCK, INPUT, Constant, Item, Items
from tsl.record import Record


class Numbers:
    """Numbers for what is equal (3)."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}

    def of(self, key: Hashable) -> int:
        """The number of a key."""
        return self._known.setdefault(key, len(self._known))


class Labels(Record):
    """By the number of an item: its labels, pasts and futures (1, 2)."""

    label: list[int]
    past: list[int]
    future: list[int]


def labels(items: Items, numbers: Numbers, inputs: Mapping[int, int], *, placed: bool) -> Labels:
    """The labels of items. `inputs` are the numbers of paired inputs by the numbers of their items (4)."""
    found = Labels(*([-1] * len(items.all) for _ in range(3)))
    for item in items.all:
        alone = _input(item, items, inputs) if item.kind == INPUT else _alone(item)
        found.label[item.number] = numbers.of((alone, item.module if placed else None))
    for item in items.all:  # whatever makes what an item takes comes before it
        owner = found.past[item.owner.number] if item.owner else -1
        taken = tuple((name, link.slot, found.past[link.maker.number]) for name, link in sorted(item.links.items()))
        found.past[item.number] = numbers.of(("past", found.label[item.number], owner, item.block, taken))
    _futures(items.top, found, numbers)
    return found


def _input(item: Item, items: Items, inputs: Mapping[int, int]) -> Hashable:
    return (INPUT, inputs[item.number]) if item.number in inputs else (INPUT, id(items), item.number)


def _alone(item: Item) -> Hashable:
    """What an item is by itself, its module left out (1)."""
    constants = tuple((name, key_of(held, item.module)) for name, held in sorted(item.constants.items()))
    return (item.kind, constants, tuple(sorted(item.links)), len(item.values))


def key_of(constant: Constant, module: str) -> Hashable:
    """A constant as an item of a module takes it, for comparing."""
    parts = tuple(key_of(part, module) for part in constant.parts)
    return (constant.spelled(module) if not parts else "", constant.around, parts, constant.content)


def _futures(items: Sequence[Item], found: Labels, numbers: Numbers) -> None:
    """The futures of the items of a block: those that take what an item makes come after it, or in blocks after it."""
    for item in reversed(items):
        owner = found.future[item.owner.number] if item.owner else -1
        taking = [
            (name, slot, found.future[taker.number])
            for taker, name, slot in item.takers
            if slot < BLOCK  # what is in a construct takes from its head what went in there
        ]
        taking.sort()
        found.future[item.number] = numbers.of(("future", found.label[item.number], owner, item.block, tuple(taking)))
        for block in item.blocks:
            _futures(block, found, numbers)


__all__ = ["Labels", "Numbers", "key_of", "labels"]

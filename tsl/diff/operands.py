"""What an item takes, beside what its partner takes.

Definitions:
1. An operand is *the same* where both take the same value of a pair, or the same constant; an attribute of a module
   that was renamed is the same under its new name.
2. What was added or removed on the way explains itself: where the new maker is an item that was added, the operand is
   as it was if the old maker's partner is among what the added ones make it of; and the other way round for items that
   were removed. It is so too where nothing on the way had a partner: then an item gave way to another.
3. The operands of a variadic item are a row: those that are explained are left out, and what is left is compared.

Needs pairs. It will never know why something is different.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tsl.diff.change import Detail
from tsl.diff.items import BLOCK, INPUT, Constant, Item, Link
from tsl.diff.labels import key_of
from tsl.diff.pairs import Pairs

MOST = 2_000  # items looked at on the way to what an operand is made of
Renamed = Callable[[str], str]


def operands(one: Item, other: Item, pairs: Pairs, renamed: Renamed = str) -> tuple[Detail, ...]:
    """What is different in what an item and its partner take."""
    told = _Operands(one, other, pairs, renamed)
    return tuple(told.in_a_row() if one.variadic and other.variadic else told.by_name())


class _Operands:
    def __init__(self, one: Item, other: Item, pairs: Pairs, renamed: Renamed) -> None:
        self.one, self.other, self.pairs, self.renamed = one, other, pairs, renamed

    def by_name(self) -> Iterator[Detail]:
        """(1, 2)"""
        one, other = self.one, self.other
        yield from self._named([*one.constants, *other.constants, *one.links, *other.links])

    def _named(self, names: Iterable[str]) -> Iterator[Detail]:
        one, other = self.one, self.other
        for name in dict.fromkeys(names):
            was = one.links.get(name) or one.constants.get(name)
            now = other.links.get(name) or other.constants.get(name)
            if not self._is_same(was, now):
                yield self._detail(name, was, now)

    def in_a_row(self) -> Iterator[Detail]:
        """(3)"""
        yield from self._named(name for name in (*self.one.constants, *self.other.constants) if not name.isdecimal())
        before, after = _row(self.one), _row(self.other)
        old, new = [each for each in before if not self._left(each)], [each for each in after if not self._came(each)]
        if len(old) == len(new) and all(map(self._is_same, old, new)):
            return
        if len(before) == len(after):  # each has its place: those that are explained in theirs are left out
            for place, (was, now) in enumerate(zip(before, after, strict=True)):
                if not self._is_same(was, now):
                    yield self._detail(str(place), was, now)
            return
        texts = (", ".join(self._spelled(each, side) for each in row) for row, side in ((before, 0), (after, 1)))
        yield Detail("operand", "operands", *texts)

    def _is_same(self, was: Link | Constant | None, now: Link | Constant | None) -> bool:
        if isinstance(was, Link) and isinstance(now, Link):
            return self._leads_there(was, now)
        if isinstance(was, Constant) and isinstance(now, Constant):
            return self._is_one(was, now)
        return was is now

    def _is_one(self, was: Constant, now: Constant) -> bool:
        if key_of(was, self.one.module) == key_of(now, self.other.module):
            return True
        if was.parts or now.parts:
            same = len(was.parts) == len(now.parts) and was.around == now.around
            return same and all(map(self._is_one, was.parts, now.parts))
        return was.module is not None and now.module is not None and self.renamed(was.path) == now.path

    def _leads_there(self, was: Link, now: Link) -> bool:
        """(1, 2)"""
        if was.slot == now.slot and self.pairs.are_one(was.maker, now.maker):
            return True
        gone, come = self._left(was), self._came(now)
        if not gone and not come:
            return False
        before = _origins(was, self._left) if gone else {(was.maker.number, was.slot)}
        after = _origins(now, self._came) if come else {(now.maker.number, now.slot)}
        if before is None or after is None:
            return True
        partners = {(self.pairs.of_old[number].number, slot) for number, slot in before}
        return not partners or not after or not partners.isdisjoint(after)

    def _left(self, operand: Link | Constant) -> bool:
        return isinstance(operand, Link) and operand.maker.number not in self.pairs.of_old

    def _came(self, operand: Link | Constant) -> bool:
        return isinstance(operand, Link) and operand.maker.number not in self.pairs.of_new

    def _detail(self, name: str, was: Link | Constant | None, now: Link | Constant | None) -> Detail:
        aspect = "operand" if isinstance(was, Link) or isinstance(now, Link) else "constant"
        old, new = self._spelled(was, 0), self._spelled(now, 1)
        if old == new and isinstance(now, Constant):
            new = f"{new} with other contents"
        return Detail(aspect, name, old, new)

    def _spelled(self, operand: Link | Constant | None, side: int) -> str:
        if operand is None:
            return ""
        if isinstance(operand, Constant):
            return operand.spelled((self.one, self.other)[side].module)
        return name_of(operand.maker, operand.slot)


def _row(item: Item) -> list[Link | Constant]:
    places = sorted({*item.links, *(name for name in item.constants if name.isdecimal())}, key=_number)
    return [item.links.get(place) or item.constants[place] for place in places]


def _number(name: str) -> int:
    return int(name) if name.isdecimal() else -1


def _origins(link: Link, is_new: Callable[[Link], bool]) -> set[tuple[int, int]] | None:
    """What a value is made of that has a partner, through what has none; None where that is too much to look at."""
    found: set[tuple[int, int]] = set()
    seen, queue = {link.maker.number}, [link.maker]
    while queue:
        for taken in _made_of(queue.pop()):
            if not is_new(taken):
                found.add((taken.maker.number, taken.slot))
            elif taken.maker.number not in seen:
                seen.add(taken.maker.number)
                queue.append(taken.maker)
        if len(seen) > MOST:
            return None
    return found


def _made_of(item: Item) -> Iterator[Link]:
    """What an item makes its values of: what it takes, and what its blocks hand on."""
    yield from item.links.values()
    for block in item.blocks:
        yield from block[-1].links.values()


def name_of(item: Item, slot: int = 0) -> str:
    """What a person calls a value: `conv1.conv2d`, `the input x`, `the second value of split`."""
    if item.kind == INPUT:
        return f"input {item.values[0].name}"
    name = f"{item.module}.{item.title}" if item.module else item.title
    if slot >= BLOCK:
        return f"{name}, carried value {slot % BLOCK}"
    return f"{name}[{slot}]" if len(item.values) > 1 else name

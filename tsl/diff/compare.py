"""Matched graphs as changes, each said once.

Definitions:
1. An item without a partner is added or removed. A pair is changed where its kind, its constants or its operands are
   different (`operands`), and moved where its module is another one.
2. The *facts* of a value are its type, and the dtype, device and shape that the analysis of the graph knows of it. They
   *differ* where both sides are known: an archive that is loaded and saved again has lost its example inputs, and what
   followed from them.
3. Facts that differ *follow* from another change where the item has a change of its own, takes a value whose facts
   differ, or a weight that has changed, or takes from an item without a partner. They are counted, and not a change.
4. A pair that is carried around a loop is told after what it is carried from: facts are compared in the order of the
   new graph.

Needs pairs, and who tells the facts. It will never group changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator

from tsl.diff.change import ADDED, CHANGED, INPUT, MOVED, OPERATOR, OUTPUT, REMOVED, Change, Detail
from tsl.diff.items import END, Item
from tsl.diff.items import INPUT as INPUT_ITEM
from tsl.diff.operands import Renamed, name_of, operands
from tsl.diff.pairs import Pairs
from tsl.ir.graph import Value
from tsl.record import Record

FACTS = ("type", "dtype", "device", "shape")


class Facts(Record):
    """What is known of a value (2), each as a text, empty where it is not known."""

    type: str = ""
    dtype: str = ""
    device: str = ""
    shape: str = ""


FactsOf = Callable[[Value], Facts]


class Side(Record):
    """One side of a comparison: who tells the facts of its values, the paths of weights that have changed, and what a
    recorded path is called.
    """

    facts: FactsOf
    weights: Collection[str] = frozenset()
    called: Callable[[str], str] = str


class Compared(Record):
    """The changes of two graphs, and the consequences by aspect."""

    changes: tuple[Change, ...]
    consequences: dict[str, int]


def compare(pairs: Pairs, old: Side, new: Side, renamed: Renamed = lambda path: path) -> Compared:
    """The changes between two matched graphs. `renamed` is what the old path of an attribute is called now."""
    return _Comparison(pairs, old, new, renamed).compared()


class _Comparison:
    def __init__(self, pairs: Pairs, old: Side, new: Side, renamed: Renamed) -> None:
        self.pairs, self.sides, self.renamed = pairs, (old, new), renamed
        self.consequences: Counter[str] = Counter()
        self._differ: set[int] = set()  # old items whose facts are others now

    def compared(self) -> Compared:
        changes = [*self._both(), *self._alone()]
        changes.sort(key=lambda change: (change.new or (len(self.pairs.new.all),), change.old))
        return Compared(tuple(changes), dict(self.consequences))

    def _both(self) -> Iterator[Change]:
        for other in self.pairs.new.all:
            one = self.pairs.of_new.get(other.number)
            if one is not None:
                yield from self._pair(one, other)

    def _pair(self, one: Item, other: Item) -> Iterator[Change]:
        own = tuple(self._own(one, other))
        facts = tuple(self._facts(one, other))
        if facts:
            self._differ.add(one.number)
        if facts and (own or self._follows(one, other)):
            self.consequences.update(detail.aspect for detail in facts)
            facts = ()
        details = (*own, *facts)
        if details:
            subject = INPUT if one.kind == INPUT_ITEM else OUTPUT if one.kind == END and not one.owner else OPERATOR
            yield self._change(CHANGED, one, other, subject, details)
        if one.module != other.module:
            moved = Detail("module", "module", one.module, other.module)
            yield self._change(MOVED, one, other, OPERATOR, (moved,))

    def _own(self, one: Item, other: Item) -> Iterator[Detail]:
        if one.kind != other.kind:
            yield Detail("operator", "operator", one.title, other.title)
            return
        yield from operands(one, other, self.pairs, self.renamed)

    def _facts(self, one: Item, other: Item) -> Iterator[Detail]:
        """(2)"""
        if len(one.values) != len(other.values):
            yield Detail("type", "values", str(len(one.values)), str(len(other.values)))
            return
        for place, (was, now) in enumerate(zip(one.values, other.values, strict=True)):
            name = "" if len(one.values) == 1 else f"[{place}]"
            known, knows = self.sides[0].facts(was), self.sides[1].facts(now)
            for aspect, before, after in zip(FACTS, known, knows, strict=True):
                if before != after and (_shapes_differ if aspect == "shape" else _differ)(before, after):
                    yield Detail(aspect, f"{aspect}{name}", before, after)

    def _follows(self, one: Item, other: Item) -> bool:
        """(3)"""
        if any(_takes(item, side.weights) for item, side in zip((one, other), self.sides, strict=True)):
            return True
        old = [link.maker for item in _within(one) for link in item.links.values()]
        new = [link.maker for item in _within(other) for link in item.links.values()]
        if any(maker.number in self._differ or maker.number not in self.pairs.of_old for maker in old):
            return True
        return any(maker.number not in self.pairs.of_new for maker in new) or self._is_inside_changed(one)

    def _is_inside_changed(self, one: Item) -> bool:
        """Whether something that a construct runs has no partner, or other facts or operands."""
        partner = self.pairs.of_old[one.number]
        return any(item.number not in self.pairs.of_old for item in _within(one) if item is not one) or any(
            item.number not in self.pairs.of_new for item in _within(partner) if item is not partner
        )

    def _alone(self) -> Iterator[Change]:
        """(1)"""
        for kind, items, partners in (
            (REMOVED, self.pairs.old.all, self.pairs.of_old),
            (ADDED, self.pairs.new.all, self.pairs.of_new),
        ):
            for item in items:
                if item.number not in partners and item.kind != END:
                    yield self._lone(kind, item)

    def _lone(self, kind: str, item: Item) -> Change:
        subject = INPUT if item.kind == INPUT_ITEM else OPERATOR
        title = item.values[0].name if subject == INPUT else item.title
        numbers = (item.number,)
        details = [
            Detail("constant", name, *(("", text) if kind == ADDED else (text, "")))
            for name, held in item.constants.items()
            if (text := held.spelled(item.module))
        ]
        if subject == INPUT:
            type = self.sides[kind == ADDED].facts(item.values[0]).type
            details.append(Detail("type", "type", *(("", type) if kind == ADDED else (type, ""))))
        old, new = (numbers, ()) if kind == REMOVED else ((), numbers)
        return Change(
            kind,
            subject,
            title,
            item.module,
            tuple(details),
            place_of(item, self.sides[kind == ADDED]),
            near=_near(item),
            old=old,
            new=new,
        )

    def _change(self, kind: str, one: Item, other: Item, subject: str, details: tuple[Detail, ...]) -> Change:
        title = other.values[0].name if subject == INPUT else "return" if subject == OUTPUT else other.title
        if other.kind == END and other.owner is not None:
            title = f"end of {other.owner.title}"
        old, new = (one.number,), (other.number,)
        return Change(kind, subject, title, other.module, details, place_of(other, self.sides[1]), old=old, new=new)


def _differ(before: str, after: str) -> bool:
    """Whether two facts differ (2)."""
    return bool(before) and bool(after)


def _shapes_differ(before: str, after: str) -> bool:
    """Whether two shapes differ: in their ranks, or in a size that both know (2)."""
    if not before or not after:
        return False
    was, now = (text.strip("[]").split(", ") for text in (before, after))
    if len(was) != len(now) or "" in (was[0], now[0]):
        return was != now
    return any(one != other and _is_known(one) and _is_known(other) for one, other in zip(was, now, strict=True))


def _is_known(size: str) -> bool:
    return "?" not in size and ".." not in size


def _within(item: Item) -> Iterator[Item]:
    """An item and all that its blocks hold."""
    yield item
    for block in item.blocks:
        for inner in block:
            yield from _within(inner)


def _takes(item: Item, weights: Collection[str]) -> bool:
    return bool(weights) and any(one.path in weights for held in item.constants.values() for one in held.attributes())


def _near(item: Item) -> str:
    """Where an item stands, in words."""
    takers = [taker for taker, _, _ in item.takers]
    makers = [name_of(link.maker, link.slot) for link in item.links.values()]
    after = f"after {makers[0]}" if makers else ""
    before = f"before {_taker(takers[0])}" if takers else ""
    return ", ".join(filter(None, [after, before]))


def _taker(item: Item) -> str:
    return "the end" if item.kind == END and item.owner else "return" if item.kind == END else name_of(item)


def place_of(item: Item, side: Side) -> str:
    """The recorded line of a user's file; empty where none is known."""
    frame = item.node.source.place if item.node is not None and item.node.source is not None else None
    return f"{side.called(frame.path)}:{frame.line}" if frame is not None else ""


__all__ = ["Compared", "Facts", "FactsOf", "Side", "compare", "place_of"]

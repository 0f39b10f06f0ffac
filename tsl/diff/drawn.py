"""A Difference as a picture: the union of both graphs, with what was added, removed and changed in tones of their own.

    union -> what is known of either graph, and what is different -> sketch -> around -> fit -> thin

Definitions:
1. A box has the tone of what its items are in the changes, or of a weight that it takes and that has changed, and the
   details of a change in a few words. Findings on boxes are those that are new.
2. An edge has the tone of what was added or removed at either of its ends.
3. Of a picture with more than WHOLE boxes remain those that are painted, and what is within RADIUS of them. What is
   left out is said in a note.

Needs a difference with its pairs, while the archives are open. It will never know a form of output.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from tsl.check.plan import Plan
from tsl.diff.change import ADDED, CHANGED, MOVED, REMOVED, WEIGHT, Change, Difference
from tsl.diff.items import Item
from tsl.diff.models import Differing
from tsl.diff.union import SHIFT, Union
from tsl.draw.drawing import DEFAULT
from tsl.draw.fit import fitted
from tsl.draw.focus import part_around
from tsl.draw.known import told_of
from tsl.draw.picture import Badge, Mark, Picture
from tsl.draw.sketch import NOTHING, Told, sketch
from tsl.draw.thin import thinned
from tsl.ir.graph import Node, Value

WHOLE = 200
RADIUS = 1
LONGEST = 40
MOST_DETAILS = 2
TONES: Mapping[str, str] = {ADDED: "added", REMOVED: "removed", CHANGED: "changed", MOVED: "changed"}


def drawn(differing: Differing, difference: Difference, plan: Plan, method: str = "") -> Picture:
    """The picture of a method, of forward or of the first one that both models have, small enough to look at.

    Raises LookupError where they have none in common, and RuleCallError.
    """
    known = list(differing.pairs)
    wanted = method or (DEFAULT if DEFAULT in known else known[0] if known else "")
    if wanted not in known:
        raise LookupError(wanted)
    pairs = differing.pairs[wanted]
    old, _ = told_of(pairs.old.graph, differing.old.archive, plan, findings=False)
    new, _ = told_of(pairs.new.graph, differing.new.archive, plan)
    return thinned(fitted(picture_of(differing, difference, wanted, (old, new))))


def picture_of(
    differing: Differing, difference: Difference, method: str, told: tuple[Told, Told] = (NOTHING, NOTHING)
) -> Picture:
    """The picture of a method that both models have. `told` is what is known of the old graph and of the new one."""
    called = differing.old.called, differing.new.called
    paint = _Paint(Union(differing.pairs[method], called), difference, method, *told, called[1])
    picture = sketch(paint.union.graph, paint.told())
    boxes = list(picture.boxes())
    title = f"{difference.old} \N{RIGHTWARDS ARROW} {difference.new}"
    painted = {box.number for box in boxes if box.painted}
    if len(boxes) <= WHOLE or not painted:
        return picture._replace(title=title)
    shown = part_around(picture, painted, RADIUS)
    count = sum(1 for _ in shown.boxes())
    note = f"{count:,} of {len(boxes):,} boxes are drawn: what is different, and what is next to it"
    return shown._replace(title=title, notes=(*shown.notes, note))


class _Paint:
    """Who tells how the nodes of a union are painted (1, 2), and what is known of them in the graph they are of."""

    def __init__(
        self, union: Union, difference: Difference, method: str, old: Told, new: Told, called: Callable[[str], str]
    ) -> None:
        self.union, self._of_old, self._of_new, self._called = union, old, new, called
        self._findings = {(one.code, one.message) for one in difference.findings.new}
        self._weights = {change.title: change for change in difference.of(WEIGHT, CHANGED)}
        self._old: dict[int, list[Change]] = {}
        self._new: dict[int, list[Change]] = {}
        for change in difference.changes:
            for held, numbers in ((self._old, change.old), (self._new, change.new)):
                for number in numbers if change.method == method else ():
                    held.setdefault(number, []).append(change)

    def told(self) -> Told:
        """All that is told."""
        return Told(self._marks, self._badges, self._tone, self._text, self._value, self._weight, self._edge_tone)

    def _changes(self, node: Node) -> Sequence[Change]:
        old, new = self.union.items(node)
        held = (one.path for each in new.constants.values() for one in each.attributes()) if new is not None else ()
        weights = [self._weights[path] for path in held if path in self._weights]
        return [*(_of(self._new, new) or _of(self._old, old)), *weights]

    def _own(self, node: Node) -> tuple[Node, Told]:
        """The node that one of the union stands for, and what is told of its graph."""
        old, new = self.union.items(node)
        if new is not None and new.node is not None:
            return new.node, self._of_new
        return (old.node, self._of_old) if old is not None and old.node is not None else (node, NOTHING)

    def _tone(self, node: Node) -> str:
        """Its tone, that of a change before that of a move."""
        kinds = [change.kind for change in self._changes(node)]
        return next((TONES[kind] for kind in (ADDED, REMOVED, CHANGED, MOVED) if kind in kinds), "")

    def _badges(self, node: Node) -> Sequence[Badge]:
        """What is different in it, in a few words each, and what else is known of it."""
        own, told = self._own(node)
        words = (Badge("diff", text) for change in self._changes(node) for text in _words(change))
        return (*words, *told.badges(own))

    def _marks(self, node: Node) -> Sequence[Mark]:
        """The findings that are new."""
        own, told = self._own(node)
        found = (mark for mark in told.marks(own) if (mark.code, mark.message) in self._findings)
        return tuple(mark._replace(place=self._called_place(mark.place)) for mark in found)

    def _called_place(self, place: str) -> str:
        path, colon, line = place.rpartition(":")
        return f"{self._called(path)}{colon}{line}" if path else place

    def _text(self, node: Node) -> str:
        own, told = self._own(node)
        return told.text(own)

    def _value(self, value: Value) -> str:
        if value.number >= SHIFT:
            return self._of_old.value(value._replace(number=value.number - SHIFT))
        return self._of_new.value(value)

    def _weight(self, path: str) -> str:
        return self._of_new.weight(path) or self._of_old.weight(path)

    def _edge_tone(self, value: Value, taker: Node | None) -> str:
        """The tone of an edge: of what only one of both graphs has."""
        if value.number >= SHIFT:
            return "removed"
        if taker is not None and self._tone(taker) in {"added", "removed"}:
            return self._tone(taker)
        if value.number in self._added:
            return "added"
        return self._of_new.edge_tone(value, self._own(taker)[0] if taker is not None else None)

    @cached_property
    def _added(self) -> frozenset[int]:
        """The numbers of the values that added operators make."""
        nodes = (node for node in self.union.graph.walk() if self._tone(node) == "added")
        return frozenset(value.number for node in nodes for value in node.outputs)


def _of(held: Mapping[int, list[Change]], item: Item | None) -> Sequence[Change]:
    return held.get(item.number, ()) if item is not None else ()


def _words(change: Change) -> Sequence[str]:
    if change.kind == MOVED:
        return ("moved",)
    changed = change.details if change.kind == CHANGED else ()
    name = f"{change.title.rpartition('.')[2]} " if change.subject == WEIGHT else ""
    details = [
        f"{name}{detail.name}: {_short(detail.old)} \N{RIGHTWARDS ARROW} {_short(detail.new)}" for detail in changed
    ]
    more = len(details) - MOST_DETAILS
    return details if more <= 0 else [*details[:MOST_DETAILS], f"and {more} more"]


def _short(text: str) -> str:
    return (text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}...") or "nothing"

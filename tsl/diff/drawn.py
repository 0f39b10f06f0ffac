"""A Difference as a picture: the union of both graphs, with what was added, removed and changed in tones of their own.

1. A box has the tone of what its items are in the changes, and the details of a change in a few words. Findings on
   boxes are those that are new.
2. An edge has the tone of what was added or removed at either of its ends.
3. Of a picture with more than WHOLE boxes remain those that are painted, and what is within a radius of them. What is
   left out is said in a note.

Needs a difference with its pairs, while the archives are open. It will never know a form of output.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from tsl.check.plan import Plan
from tsl.diff.change import ADDED, CHANGED, MOVED, REMOVED, Change, Difference
from tsl.diff.items import Item
from tsl.diff.models import Differing
from tsl.diff.near import near
from tsl.diff.union import SHIFT, Union
from tsl.draw.drawing import DEFAULT
from tsl.draw.findings import marks_of
from tsl.draw.picture import Badge, Mark, Picture
from tsl.draw.sketch import Told, sketch
from tsl.ir.graph import Node, Value

WHOLE = 200
RADIUS = 1
LONGEST = 40
MOST_DETAILS = 2
TONES: Mapping[str, str] = {ADDED: "added", REMOVED: "removed", CHANGED: "changed", MOVED: "changed"}

MarksOf = Callable[[Node], Sequence[Mark]]


def picture_of(differing: Differing, difference: Difference, method: str, marks: MarksOf = lambda node: ()) -> Picture:
    """The picture of a method that both models have. `marks` are the findings of a node of the new graph."""
    union = Union(differing.pairs[method])
    paint = _Paint(union, [change for change in difference.changes if change.method == method], difference, marks)
    told = Told(marks=paint.marks, badges=paint.badges, tone=paint.tone, edge_tone=paint.edge_tone)
    picture = sketch(union.graph, told)
    boxes = list(picture.boxes())
    title = f"{difference.old} \N{RIGHTWARDS ARROW} {difference.new}"
    painted = {box.number for box in boxes if box.painted}
    if len(boxes) <= WHOLE or not painted:
        return picture._replace(title=title)
    shown = near(picture, painted, RADIUS)
    count = sum(1 for _ in shown.boxes())
    note = f"{count:,} of {len(boxes):,} boxes are drawn: what is different, and what is next to it"
    return shown._replace(title=title, notes=(*shown.notes, note))


class _Paint:
    """Who tells how the nodes of a union are painted (1, 2)."""

    def __init__(self, union: Union, changes: Sequence[Change], difference: Difference, marks: MarksOf) -> None:
        self._union, self._marks = union, marks
        self._new = {(one.code, one.message) for one in difference.findings.new}
        self._old: dict[int, list[Change]] = {}
        self._now: dict[int, list[Change]] = {}
        for change in changes:
            for held, numbers in ((self._old, change.old), (self._now, change.new)):
                for number in numbers:
                    held.setdefault(number, []).append(change)

    def _changes(self, node: Node) -> Sequence[Change]:
        old, new = self._union.items(node)
        return self._of(self._now, new) or self._of(self._old, old)

    def _of(self, held: Mapping[int, list[Change]], item: Item | None) -> Sequence[Change]:
        return held.get(item.number, ()) if item is not None else ()

    def tone(self, node: Node) -> str:
        """Its tone, that of a change before that of a move."""
        kinds = [change.kind for change in self._changes(node)]
        return next((TONES[kind] for kind in (ADDED, REMOVED, CHANGED, MOVED) if kind in kinds), "")

    def badges(self, node: Node) -> Sequence[Badge]:
        """What is different in it, in a few words each."""
        return tuple(Badge("diff", text) for change in self._changes(node) for text in _words(change))

    def marks(self, node: Node) -> Sequence[Mark]:
        """The findings that are new."""
        own = self._union.of_new(node)
        found = self._marks(own) if own is not None else ()
        return tuple(mark for mark in found if (mark.code, mark.message) in self._new)

    def edge_tone(self, value: Value, taker: Node | None) -> str:
        """The tone of an edge: of what only one of both graphs has."""
        if value.number >= SHIFT:
            return "removed"
        if taker is not None and self.tone(taker) in {"added", "removed"}:
            return self.tone(taker)
        return "added" if value.number in self._added else ""

    @cached_property
    def _added(self) -> frozenset[int]:
        """The numbers of the values that added operators make."""
        nodes = (node for node in self._union.graph.walk() if self.tone(node) == "added")
        return frozenset(value.number for node in nodes for value in node.outputs)


def _words(change: Change) -> Sequence[str]:
    if change.kind == MOVED:
        return ("moved",)
    details = [
        f"{detail.name}: {_short(detail.old)} → {_short(detail.new)}"
        for detail in change.details
        if change.kind == CHANGED
    ]
    more = len(details) - MOST_DETAILS
    return details if more <= 0 else [*details[:MOST_DETAILS], f"and {more} more"]


def _short(text: str) -> str:
    return (text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}...") or "nothing"


def drawn(differing: Differing, difference: Difference, plan: Plan, method: str = "") -> Picture:
    """The picture of a method, of forward or of the first one that both models have, with new findings.

    Raises LookupError where they have none in common, and RuleCallError.
    """
    known = list(differing.pairs)
    wanted = method or (DEFAULT if DEFAULT in known else known[0] if known else "")
    if wanted not in known:
        raise LookupError(wanted)
    graph = differing.pairs[wanted].new.graph
    return picture_of(differing, difference, wanted, marks_of(graph, differing.new.archive, plan))

"""What is written to while a graph runs: lists, dictionaries and attributes, by what holds them.

Definitions:
1. The heap maps a place (the site of a list, or the site and an attribute of an object) to an abstract value.
2. A *trial* is what an arm of a branch or a round of a loop writes: it is kept apart, so that the heap can be put back
   and both outcomes joined.
3. A list that is made in a loop stands for those of all rounds: what is written to it is joined with what was there.

Needs abstract values. It will never know a node.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeAlias

from tsl.ir.abstract import ANYTHING, NEVER, Cell, Value, calmed, join

Place: TypeAlias = Hashable
Written: TypeAlias = "dict[Place, Value]"

MISSING = object()


class Heap:
    """The heap (1)."""

    def __init__(self) -> None:
        self._held: dict[Place, Value] = {}
        self._before: dict[Place, Value] = {}
        self._shared: set[Place] = set()

    def read(self, place: Place) -> Value:
        """What is held at a place; NEVER where nothing was put."""
        return self._held.get(place, NEVER)

    def has(self, place: Place) -> bool:
        """Whether something was put at a place."""
        return place in self._held

    def write(self, place: Place, value: Value) -> None:
        """Puts a value at a place."""
        self._before.setdefault(place, self._held.get(place, MISSING))
        self._held[place] = value

    def make(self, place: Place, value: Value, in_loop: bool) -> None:
        """Puts a new list or dictionary at its site (3)."""
        if in_loop and place in self._held:
            self._shared.add(place)
            value = join(self._held[place], value)
        self.write(place, value)

    def held(self, value: Value) -> Value:
        """What a cell holds; any other value is itself."""
        if type(value) is not Cell:
            return value
        found: Value = NEVER
        for site in value.sites:
            found = join(found, self.read(site))
        return ANYTHING if found is NEVER else found

    def change(self, cell: Cell, change: Callable[[Value], Value]) -> None:
        """Writes to a cell: what surely is the one written to changes, what may be it is joined with the change."""
        for site in cell.sites:
            before = self.read(site)
            after = change(before)
            alone = len(cell.sites) == 1 and site not in self._shared
            self.write(site, after if alone else join(before, after))

    def attempt(self, trial: Callable[[], bool]) -> tuple[bool, Written]:
        """Runs a trial (2), puts the heap back, and returns what it answered and what it left at the places it wrote
        to."""
        outer, self._before = self._before, {}
        answer = trial()
        written = {place: self._held[place] for place in self._before}
        for place, before in self._before.items():
            if before is MISSING:
                del self._held[place]
            else:
                self._held[place] = before
        self._before = outer
        return answer, written

    def settle(self, outcomes: Iterable[Written], calm: bool = False) -> bool:
        """Writes the join of the outcomes of trials, one of which came true; returns whether the heap changed. To be
        calm is to give up bounds that still move.
        """
        kept = list(outcomes)
        changed = False
        for place in dict.fromkeys(place for written in kept for place in written):
            found: Value = NEVER
            for written in kept:
                found = join(found, written.get(place, self._held.get(place, NEVER)))
            before = self._held.get(place, NEVER)
            if calm:
                found = calmed(before, found)
            if found is not before and (type(found) is not type(before) or found != before):
                self.write(place, found)
                changed = True
        return changed

    def forget(self) -> None:
        """Makes everything that is held unknown."""
        for place in list(self._held):
            self.write(place, ANYTHING)

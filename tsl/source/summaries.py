"""Summaries of functions: computed once for one set of arguments, and shared between the files of a run.

Definitions:
1. A *summary* is what a function returns, which attributes of its object it leaves changed, and its *log*: the facts
   found in it and the summaries it rests on, in the order they were met.
2. A function has at most MAX_CONTEXTS summaries in one session; past them it answers with their join.
3. A summary is *whole* when nothing in it was cut short: no recursion, no depth, no number of runs, no join by (2). A
   whole summary holds in any session that would have computed it whole: deep enough below the session's limits, with
   room for all its contexts and runs, and resting on no call that this session has cut short or is computing. Taking it
   over replays its log, so that a session finds the same whether it computes a summary or takes it over.
   The constructor of a base class, run on an object of a class below it, is no step down: how many classes an object
   has above it says nothing of how far tsl looks.
4. What is found outside a call and remembered, such as the value of a module-level name, is *collected*: every call
   that needs it rests on the summaries it rests on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tsl.source import values
from tsl.source.values import Value

if TYPE_CHECKING:
    from tsl.source.facts import Fact
    from tsl.source.frame import Env
    from tsl.source.refs import Routine

MAX_CONTEXTS = 8
MAX_RUNS = 4000
# How many calls may be open at once, steps down or not
MAX_OPEN = 24

Key = tuple[Any, ...]


class Summary:
    """What a call comes to (1).

    `levels` counts the calls nested in it, itself included; `height` those of them that are a step down (3).
    """

    __slots__ = ("attributes", "below", "facts", "height", "key", "levels", "step", "value", "whole")

    def __init__(self, key: Key, step: int = 1) -> None:
        self.key, self.step = key, step
        self.value, self.attributes = values.UNKNOWN_VALUE, dict[str, Value]()
        self.facts: list[tuple[Routine, Fact]] = []
        self.below: dict[int, Summary] = {}
        self.height, self.levels, self.whole = step, 1, True

    def rest_on(self, other: Summary) -> None:
        """Notes that this summary needed another one."""
        if other is self or id(other) in self.below:
            return
        self.below[id(other)] = other
        self.height = max(self.height, self.step + other.height)
        self.levels = max(self.levels, 1 + other.levels)
        self.whole = self.whole and other.whole

    def nested(self) -> Iterator[Summary]:
        """This summary and all it rests on, each once."""
        seen: dict[int, Summary] = {}
        queue = [self]
        while queue:
            summary = queue.pop()
            if id(summary) not in seen:
                seen[id(summary)] = summary
                queue.extend(summary.below.values())
                yield summary


class Shared:
    """The whole summaries of a run by their keys, which hold identities of nodes: it lives as long as the trees."""

    __slots__ = ("_whole",)

    def __init__(self) -> None:
        self._whole: dict[Key, Summary] = {}

    def get(self, key: Key) -> Summary | None:
        """The whole summary of a call, if some session computed it."""
        return self._whole.get(key)

    def add(self, summary: Summary) -> None:
        """Keeps a summary if it is whole."""
        if summary.whole:
            self._whole[summary.key] = summary

    def clear(self) -> None:
        """Forgets everything."""
        self._whole.clear()


class Summaries:
    """The summaries of one session, and the calls that are being computed."""

    __slots__ = ("_by_key", "_contexts", "_open", "_runs", "_shared")

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._by_key: dict[Key, Summary] = {}
        self._contexts: dict[int, list[Summary]] = {}
        self._open: list[Summary] = []
        self._runs = 0

    def known(self, key: Key, room: int) -> Summary | None:
        """The summary of a call, where this session or another one can answer it (3); `room` is the depth left."""
        found = self._by_key.get(key)
        if found is None:
            found = self._taken_over(key, room)
        if found is not None:
            self.note(found)
        return found

    def note(self, summary: Summary) -> None:
        """Tells the call that is being computed that it rests on a summary."""
        if self._open:
            self._open[-1].rest_on(summary)

    def note_fact(self, routine: Routine, fact: Fact) -> None:
        """Tells the call that is being computed of a fact."""
        if self._open:
            self._open[-1].facts.append((routine, fact))

    def cut_short(self) -> None:
        """Tells every call that is being computed that it is not whole."""
        for summary in self._open:
            summary.whole = False

    def joined(self, node: Any) -> Value | None:
        """The join of a function's summaries, once it has as many as it may have (2)."""
        contexts = self._contexts.get(id(node), ())
        if len(contexts) < MAX_CONTEXTS:
            return None
        self.cut_short()
        return values.join_all(summary.value for summary in contexts)

    def may_compute(self, key: Key, room: int) -> bool:
        """Whether a call may be computed: no recursion, and not too deep or too many; else all open ones are cut."""
        fits = room > 0 and self._runs < MAX_RUNS and len(self._open) < MAX_OPEN
        if fits and not any(summary.key == key for summary in self._open):
            return True
        self.cut_short()
        return False

    def begin(self, key: Key, step: int) -> Summary:
        """Starts to compute a call that is `step` steps down."""
        self._runs += 1
        summary = Summary(key, step)
        self._open.append(summary)
        return summary

    def end(self, summary: Summary, value: Value, attributes: Env) -> None:
        """Finishes the call that was started last."""
        self._open.pop()
        summary.value, summary.attributes = value, attributes
        self._keep(summary)
        self._shared.add(summary)
        self.note(summary)

    def collect(self) -> Summary:
        """Starts to find something that is remembered (4)."""
        collector = Summary(())
        self._open.append(collector)
        return collector

    def collected(self) -> None:
        """Ends what was started last to be remembered."""
        self._open.pop()

    def note_all(self, collector: Summary | None) -> None:
        """Tells the call that is being computed what a remembered thing rests on; None while that is being found."""
        for summary in collector.below.values() if collector else ():
            self.note(summary)
        if collector is None or not collector.whole:
            self.cut_short()

    def _keep(self, summary: Summary) -> None:
        self._by_key[summary.key] = summary
        self._contexts.setdefault(summary.key[0], []).append(summary)

    def _taken_over(self, key: Key, room: int) -> Summary | None:
        found = self._shared.get(key)
        if found is None or found.height > room or len(self._open) + found.levels > MAX_OPEN:
            return None
        new = self._missing(found)
        if new is None or self._runs + len(new) > MAX_RUNS:
            return None
        self._runs += len(new)
        for summary in new:
            self._keep(summary)
        return found

    def _missing(self, found: Summary) -> list[Summary] | None:
        """The summaries this session lacks to have one that is found; None where it would not find them whole (3)."""
        opened = {summary.key for summary in self._open}
        new: list[Summary] = []
        contexts: dict[int, int] = {}
        for summary in found.nested():
            known = self._by_key.get(summary.key)
            if known is not None and known.whole:
                continue
            node = summary.key[0]
            contexts[node] = contexts.get(node, len(self._contexts.get(node, ()))) + 1
            if known is not None or summary.key in opened or contexts[node] > MAX_CONTEXTS:
                return None
            new.append(summary)
        return new

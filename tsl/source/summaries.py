"""Summaries of functions: computed once for one set of arguments, and shared between the files of a run.

Definitions:
1. A *summary* is what a function returns, which attributes of its object it leaves changed, and its *log*: the facts
   found in it and the summaries it rests on, in the order they were met.
2. A function has at most MAX_CONTEXTS summaries in one session; past them it answers with their join.
3. A summary is *whole* when nothing in it was cut short: no recursion, no depth, no join by (2). A whole summary holds
   in any session that would have computed it: one that is deep enough below MAX_DEPTH and where (2) would not have
   struck. Taking it over replays its log, so that a session finds the same whether it computes a summary or takes it
   over.
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
MAX_DEPTH = 6

Key = tuple[Any, ...]


class Summary:
    """What a call comes to (1). `height` counts the calls nested in it, itself included."""

    __slots__ = ("attributes", "below", "facts", "height", "key", "value", "whole")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.value, self.attributes = values.UNKNOWN_VALUE, dict[str, Value]()
        self.facts: list[tuple[Routine, Fact]] = []
        self.below: dict[int, Summary] = {}
        self.height, self.whole = 1, True

    def rest_on(self, other: Summary) -> None:
        """Notes that this summary needed another one."""
        if other is self or id(other) in self.below:
            return
        self.below[id(other)] = other
        self.height = max(self.height, 1 + other.height)
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

    __slots__ = ("_by_key", "_contexts", "_open", "_shared")

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._by_key: dict[Key, Summary] = {}
        self._contexts: dict[int, list[Summary]] = {}
        self._open: list[Summary] = []

    def known(self, key: Key, depth: int) -> Summary | None:
        """The summary of a call, where this session or another one can answer it (3)."""
        found = self._by_key.get(key)
        if found is None:
            found = self._taken_over(key, depth)
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

    def is_open(self, key: Key) -> bool:
        """Whether a call is being computed: a recursion."""
        return any(summary.key == key for summary in self._open)

    def begin(self, key: Key) -> Summary:
        """Starts to compute a call."""
        summary = Summary(key)
        self._open.append(summary)
        return summary

    def end(self, summary: Summary, value: Value, attributes: Env) -> None:
        """Finishes the call that was started last."""
        self._open.pop()
        summary.value, summary.attributes = value, attributes
        self._keep(summary)
        self._shared.add(summary)
        self.note(summary)

    def _keep(self, summary: Summary) -> None:
        self._by_key[summary.key] = summary
        self._contexts.setdefault(summary.key[0], []).append(summary)

    def _taken_over(self, key: Key, depth: int) -> Summary | None:
        found = self._shared.get(key)
        if found is None or depth + found.height > MAX_DEPTH:
            return None
        new = [summary for summary in found.nested() if summary.key not in self._by_key]
        more: dict[int, int] = {}
        for summary in new:
            node = summary.key[0]
            more[node] = more.get(node, len(self._contexts.get(node, ()))) + 1
            if more[node] > MAX_CONTEXTS:
                return None
        for summary in new:
            self._keep(summary)
        return found

"""Two models become a Difference.

    pair the items of each method -> weights -> compare -> join what is of whole modules -> findings

A change that is in what several methods run is told once, for the first of them. Needs models whose archives are open.
It will never open one, or ask a rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tsl.diagnostic import Diagnostic
from tsl.diff import weights
from tsl.diff.change import (
    ADDED,
    CHANGED,
    INPUT,
    METHOD,
    MODULE,
    REMOVED,
    SUBJECTS,
    Change,
    Detail,
    Difference,
)
from tsl.diff.compare import Side, compare
from tsl.diff.findings import compared
from tsl.diff.grouped import Renames, grouped, outermost
from tsl.diff.items import END, Items
from tsl.diff.items import INPUT as INPUT_ITEM
from tsl.diff.match import match
from tsl.diff.model import Model
from tsl.diff.pairs import Pairs


class Differing:
    """The comparison of two models; `pairs` are those of each method that both have."""

    def __init__(self, old: Model, new: Model, methods: Sequence[str] = ()) -> None:
        """`methods` are those to compare, all of both models without any. Raises InputError."""
        self.old, self.new = old, new
        self.pairs: dict[str, Pairs] = {}
        self._consequences: Counter[str] = Counter()
        for name in methods or [name for name in new.methods if name in old.methods]:
            mine, others = old.items(name), new.items(name)
            if mine is not None and others is not None:
                self.pairs[name] = match(mine, others)
        self._renames = [Renames(pairs) for pairs in self.pairs.values()]
        self._weights = old.weights, new.weights
        self._changed = weights.changed(*self._weights, self._renamed)
        self._wanted = methods

    def _renamed(self, path: str) -> str:
        return next((now for one in self._renames if (now := one.path(path)) != path), path)

    def difference(self, found: tuple[Sequence[Diagnostic], Sequence[Diagnostic]] = ((), ())) -> Difference:
        """What is different, with the findings of both models."""
        changes = [*self._methods(), *self._changed, *self._with_weights(list(self._of_graphs()))]
        changes.sort(key=lambda change: SUBJECTS.index(change.subject))
        return Difference(
            self.old.name,
            self.new.name,
            tuple(changes),
            compared(*found),
            dict(self._consequences),
            (_count(pairs.old for pairs in self.pairs.values()), _count(pairs.new for pairs in self.pairs.values())),
            weights.retrained(*self._weights, self._renamed),
            tuple(self._notes()),
        )

    def _with_weights(self, changes: list[Change]) -> Iterator[Change]:
        """The changes of graphs, with weights that came and went: those of whole modules are told by these."""
        gone, come = weights.alone(*self._weights, self._renamed)
        left = {REMOVED: dict.fromkeys(gone), ADDED: dict.fromkeys(come)}
        for change in changes:
            if change.subject == MODULE and change.kind in left:
                own = [path for path in left[change.kind] if outermost(path, change.modules)]
                for path in own:
                    del left[change.kind][path]
                change = change._replace(weights=len(own))
            yield change
        for kind, held in ((REMOVED, self._weights[0]), (ADDED, self._weights[1])):
            yield from weights.told(kind, left[kind], held)

    def _methods(self) -> Iterator[Change]:
        if self._wanted:
            return
        for name in dict.fromkeys([*self.old.methods, *self.new.methods]):
            was, now = self.old.methods.get(name), self.new.methods.get(name)
            if was is None or now is None:
                signature = (was.signature if was else "", now.signature if now else "")
                yield Change(
                    ADDED if now else REMOVED, METHOD, name, details=(Detail("type", "signature", *signature),)
                )
                continue
            before, after = ([one.name for one in each.parameters] for each in (was, now))
            if len(before) == len(after) and before != after:
                detail = Detail("name", "parameters", ", ".join(before), ", ".join(after))
                yield Change(CHANGED, METHOD, name, details=(detail,))

    def _of_graphs(self) -> Iterator[Change]:
        told: set[Change] = set()
        paths = self._paths()
        for name, pairs in self.pairs.items():
            old, new = self.old.facts(name, pairs.old.graph), self.new.facts(name, pairs.new.graph)
            sides = Side(old, paths[0], self.old.called), Side(new, paths[1], self.new.called)
            found = compare(pairs, *sides, self._renamed)
            self._consequences.update(found.consequences)
            modules = [
                [item.module for item in items.all if item.kind not in {INPUT_ITEM, END}] for items in _both(pairs)
            ]
            own: set[Change] = set()
            for change in grouped(found.changes, modules[0], modules[1], (self.old.classes, self.new.classes)):
                known = change._replace(old=(), new=())
                if change.subject == INPUT or known not in told:
                    own.add(known)
                    yield change._replace(method=name)
            told |= own

    def _paths(self) -> tuple[frozenset[str], frozenset[str]]:
        """The paths of the changed weights, in the old model and in the new one."""
        now = frozenset(change.title for change in self._changed)
        partners = weights.partners_of(*self._weights, self._renamed)
        return frozenset(old for old, new in partners.items() if new in now), now

    def _notes(self) -> Iterator[str]:
        for model in (self.old, self.new):
            if not model.has_code:
                yield f"{model.name}: is no TorchScript model, so only tensors are compared: {model.archive.kind.title}"
            for name, why in model.unread.items():
                yield f"{model.name}: {name} is not compared: {why}"


def _both(pairs: Pairs) -> tuple[Items, Items]:
    return pairs.old, pairs.new


def _count(graphs: Iterator[Items]) -> int:
    return sum(item.kind not in {INPUT_ITEM, END} for items in graphs for item in items.all)

"""Changes of whole modules as one change each.

Definitions:
1. A module is *added as a whole* where all that runs in it and below it was added, and nothing of the old model has its
   path; of modules within each other the outermost one is told. The outermost module of all is never.
2. Operators that moved between the same two modules are told at once. Of both paths the end they share is left out, so
   that a module that was renamed is one change, with all that lies in it.
3. Modules beside each other whose names are numbers in a row, of one class and with as many operators, are one change.

Needs changes and the paths of both models. It will never look into a graph.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tsl.diff.change import ADDED, MODULE, MOVED, OPERATOR, REMOVED, Change, Detail
from tsl.diff.pairs import Pairs


class Renames:
    """What the modules of the old model are called in the new one, as the pairs of a graph have it."""

    def __init__(self, pairs: Pairs) -> None:
        counts: dict[str, Counter[str]] = {}
        for item in pairs.old.all:
            partner = pairs.of_old.get(item.number)
            if partner is not None:
                counts.setdefault(item.module, Counter())[partner.module] += 1
        self._now = {module: names.most_common(1)[0][0] for module, names in counts.items()}

    def path(self, path: str) -> str:
        """The new path of an attribute of the old model."""
        owner, _, name = path.rpartition(".")
        rest = name
        while owner:
            now = self._now.get(owner)
            if now is not None:
                return f"{now}.{rest}" if now else rest
            owner, _, name = owner.rpartition(".")
            rest = f"{name}.{rest}"
        return path


def grouped(
    changes: Iterable[Change],
    old: Sequence[str],
    new: Sequence[str],
    classes: tuple[Mapping[str, str], Mapping[str, str]],
) -> tuple[Change, ...]:
    """The changes with those of whole modules joined. `old` and `new` are the modules of all operators of both graphs,
    `classes` the names of classes by the paths of modules.
    """
    changes = tuple(changes)
    lost, got = _alone(changes, REMOVED), _alone(changes, ADDED)
    wholes = {REMOVED: _wholes(lost, old, new), ADDED: _wholes(got, new, old)}
    groups: dict[tuple[str, ...], list[Change]] = {}
    for number, one in enumerate(changes):
        groups.setdefault(_group(one, wholes) or ("", str(number)), []).append(one)
    found = (_joined(key, group, classes) for key, group in groups.items())
    return tuple(_in_a_row(found))


def _alone(changes: Iterable[Change], kind: str) -> Counter[str]:
    return Counter(one.module for one in changes if one.kind == kind and one.subject == OPERATOR)


def _wholes(told: Counter[str], modules: Sequence[str], others: Sequence[str]) -> frozenset[str]:
    """The modules all of whose operators were told (1)."""
    all_in, told_in = _below(Counter(modules)), _below(told)
    known = _below(Counter(others))
    return frozenset(path for path, count in told_in.items() if path and count == all_in[path] and path not in known)


def _below(counts: Counter[str]) -> Counter[str]:
    """By module how many there are in it and below it."""
    found: Counter[str] = Counter()
    for path, count in counts.items():
        for part in _prefixes(path):
            found[part] += count
    return found


def _prefixes(path: str) -> Iterator[str]:
    names = path.split(".") if path else []
    return (".".join(names[:length]) for length in range(len(names) + 1))


def outermost(path: str, wholes: Iterable[str]) -> str:
    """The outermost of some modules that a path lies in; empty where it lies in none."""
    held = set(wholes)
    return next((part for part in _prefixes(path) if part and part in held), "")


def _group(one: Change, wholes: Mapping[str, frozenset[str]]) -> tuple[str, ...] | None:
    if one.subject != OPERATOR:
        return None
    if one.kind in wholes:
        whole = outermost(one.module, wholes[one.kind])
        return (one.kind, whole) if whole else None
    if one.kind == MOVED:
        return (MOVED, *_without_shared_end(one.details[0].old, one.details[0].new))
    return None


def _without_shared_end(old: str, new: str) -> tuple[str, str]:
    """(2)"""
    before, after = old.split("."), new.split(".")
    while before and after and before[-1] == after[-1]:
        before.pop()
        after.pop()
    return ".".join(before), ".".join(after)


def _joined(
    key: tuple[str, ...], group: Sequence[Change], classes: tuple[Mapping[str, str], Mapping[str, str]]
) -> Change:
    first = group[0]
    if not key[0]:
        return first
    path = key[-1]
    title = classes[0 if first.kind == REMOVED else 1].get(path, "")
    details = (Detail("module", "module", *key[1:]),) if key[0] == MOVED else ()
    return Change(
        first.kind,
        MODULE,
        title,
        path,
        details,
        total=len(group),
        modules=(path,),
        old=tuple(number for one in group for number in one.old),
        new=tuple(number for one in group for number in one.new),
    )


def _in_a_row(changes: Iterable[Change]) -> Iterator[Change]:
    """(3)"""
    last: Change | None = None
    for one in changes:
        if last is not None and _is_next(one, last):
            last = last._replace(
                total=last.total + one.total,
                modules=(*last.modules, one.module),
                old=(*last.old, *one.old),
                new=(*last.new, *one.new),
            )
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


def _is_next(one: Change, last: Change) -> bool:
    """Whether a module is the next one of a row."""
    if (one.kind, one.subject, one.title) != (last.kind, last.subject, last.title) or one.subject != MODULE:
        return False
    owner, _, name = one.module.rpartition(".")
    last_owner, _, number = last.modules[-1].rpartition(".")
    in_order = name.isdecimal() and number.isdecimal() and int(name) == int(number) + 1
    return one.kind != MOVED and owner == last_owner and in_order and one.total * len(last.modules) == last.total

"""What the modules of two models hold, tensor by tensor.

Definitions:
1. A weight is a tensor that a module holds, by its path. One that has another path now only because its module was
   renamed is the same weight.
2. It has *changed* where its dtype, device or shape is another one, or what it is registered as. Its numbers are not
   compared: training changes all of them.
3. Weights that were added or removed with a whole module are told by the change of the module. Of a module that has
   nothing else they are one change.

Needs no graph. It will never read a number of a weight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from tsl.diff.change import ADDED, CHANGED, WEIGHT, Change, Detail
from tsl.record import Record

ASPECTS = ("dtype", "device", "shape", "registered")


class Weight(Record):
    """A weight (1): `float32`, `cpu`, `[64, 3, 7, 7]`, and parameter, buffer or attribute. `content` is the
    checksum of what it is stored in.
    """

    dtype: str
    device: str
    shape: str
    registered: str
    content: str = ""


def changed(old: Mapping[str, Weight], new: Mapping[str, Weight], renamed: Callable[[str], str]) -> tuple[Change, ...]:
    """The changed weights (2), by the order of the new model. `renamed` is the new path of an old one."""
    return tuple(_changed(partners_of(old, new, renamed), old, new))


def alone(
    old: Mapping[str, Weight], new: Mapping[str, Weight], renamed: Callable[[str], str]
) -> tuple[list[str], list[str]]:
    """The paths of the weights that were removed, and of those that were added."""
    partners = partners_of(old, new, renamed)
    kept = set(partners.values())
    return [path for path in old if path not in partners], [path for path in new if path not in kept]


def partners_of(old: Mapping[str, Weight], new: Mapping[str, Weight], renamed: Callable[[str], str]) -> dict[str, str]:
    """The new path of each old weight that there still is (1)."""
    found = {path: now for path in old if (now := renamed(path)) in new}
    taken = set(found.values())
    found |= {path: path for path in old if path not in found and path in new and path not in taken}
    return found


def _changed(partners: Mapping[str, str], old: Mapping[str, Weight], new: Mapping[str, Weight]) -> Iterator[Change]:
    for was, now in partners.items():
        details = tuple(
            Detail(aspect, aspect, before, after)
            for aspect, before, after in zip(ASPECTS, old[was], new[now], strict=False)
            if before != after
        )
        if details:
            module, _, _ = now.rpartition(".")
            yield Change(CHANGED, WEIGHT, now, module, details)


def told(kind: str, paths: Iterable[str], held: Mapping[str, Weight]) -> Iterator[Change]:
    """The changes for weights that were added or removed and of which no change of a module tells (3)."""
    groups: dict[str, list[str]] = {}
    for path in paths:
        groups.setdefault(path.rpartition(".")[0], []).append(path)
    for module, group in groups.items():
        whole = len(group) > 1 and sum(path.rpartition(".")[0] == module for path in held) == len(group)
        if whole:
            yield Change(kind, WEIGHT, f"{module}.*" if module else "*", module, total=len(group))
            continue
        for path in group:
            texts = [(aspect, text) for aspect, text in zip(ASPECTS, held[path], strict=False) if text]
            details = (Detail(aspect, aspect, *(("", text) if kind == ADDED else (text, ""))) for aspect, text in texts)
            yield Change(kind, WEIGHT, path, module, tuple(details))


def retrained(old: Mapping[str, Weight], new: Mapping[str, Weight], renamed: Callable[[str], str]) -> tuple[int, int]:
    """Of the weights that there still are and have not changed how many hold other numbers, and how many they are."""
    same = [(old[was], new[now]) for was, now in partners_of(old, new, renamed).items()]
    same = [(was, now) for was, now in same if was[:-1] == now[:-1]]
    return sum(was.content != now.content for was, now in same), len(same)

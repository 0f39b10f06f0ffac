"""How deep and how large a value is, before anyone walks it: the shapes that make a walk hang or a stack overflow.

Definitions:
1. The *parts* of a tuple, list or dict are its items and values; anything else, and a tensor's description, has none.
2. The *depth* of a tuple, list or dict is one more than its deepest part's, or 1; that of anything else is 0.
3. The *weight* of a value is 1 and the weights of its parts: what a walk meets that does not remember what it has
   met.
4. A value that is a part of a part of itself is *cyclic*.

Needs nothing. Runs in time linear in the objects there are, without recursion; it will never change a value.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tsl.archive.values import Device, Storage, Tensor
from tsl.record import Record

_FLAT = frozenset((int, float, str, bytes, bool, complex, type(None), Device, Storage))


class Measure(Record):
    """The depth (2) and weight (3) of a value, or that it is cyclic (4)."""

    depth: int
    weight: int
    cyclic: bool = False


def weigh(value: Any, deepest: int = 1_000) -> Measure:
    """The measure of a value; where one is deeper than is asked for, that it is."""
    known: dict[int, tuple[int, int]] = {}  # of each finished object, by its identity
    path: list[tuple[int, Iterator[Any]]] = []
    open_now: set[int] = set()
    sums: list[list[int]] = [[0, 0]]  # deepest part and weight so far, of each object on the path
    queue: Iterator[Any] = iter((value,))
    while True:
        for part in queue:
            kind = type(part)
            if kind in _FLAT or (kind is Tensor and not part.quantizer):
                sums[-1][1] += 1
                continue
            mine = id(part)
            if mine in open_now:
                return Measure(0, 0, True)
            if mine in known:
                _add(sums[-1], *known[mine])
                continue
            parts = part.values() if kind is dict else part
            if not parts:
                _add(sums[-1], 1, 1)
                continue
            if len(path) > deepest:
                return Measure(len(path), 0)
            path.append((mine, queue))
            open_now.add(mine)
            sums.append([0, 1])
            queue = iter(parts)
            break
        else:
            if not path:
                return Measure(sums[0][0], sums[0][1])
            mine, queue = path.pop()
            open_now.discard(mine)
            depth, weight = sums.pop()
            known[mine] = (depth + 1, weight)
            _add(sums[-1], depth + 1, weight)


def _add(total: list[int], depth: int, weight: int) -> None:
    total[0] = max(total[0], depth)
    total[1] += weight

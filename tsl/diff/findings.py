"""Which findings are new, fixed and kept.

1. Findings are paired one to one, in the order they come in, by what says more before what says less: rule, path,
   anchor and message; rule, path and anchor; rule, path and message. Lines do not count, so that code may move.
2. A finding of a whole file that stands for a model has no path here: both files have the same name.

Needs findings. It will never ask a rule.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from tsl.diagnostic import Diagnostic
from tsl.diff.change import Findings

KEYS: tuple[Callable[[Diagnostic], Hashable], ...] = (
    lambda one: (one.code, one.span.path, one.anchor, one.message),
    lambda one: (one.code, one.span.path, one.anchor),
    lambda one: (one.code, one.span.path, one.message),
)


def compared(old: Sequence[Diagnostic], new: Sequence[Diagnostic]) -> Findings:
    """The findings of two models (1); those that are kept are shown as the new model has them."""
    gone, come, kept = list(old), list(new), list[Diagnostic]()
    for key in KEYS:
        waiting: dict[Hashable, int] = {}
        for one in gone:
            waiting[key(one)] = waiting.get(key(one), 0) + 1
        left, paired = list[Diagnostic](), dict[Hashable, int]()
        for one in come:
            if waiting.get(key(one), 0) > paired.get(key(one), 0):
                paired[key(one)] = paired.get(key(one), 0) + 1
                kept.append(one)
            else:
                left.append(one)
        come, gone = left, _without(gone, key, paired)
    order = {id(one): place for place, one in enumerate(new)}
    return Findings(tuple(come), tuple(gone), tuple(sorted(kept, key=lambda one: order[id(one)])))


def _without(
    found: Sequence[Diagnostic], key: Callable[[Diagnostic], Hashable], paired: dict[Hashable, int]
) -> list[Diagnostic]:
    left = []
    for one in found:
        if paired.get(key(one), 0):
            paired[key(one)] -= 1
        else:
            left.append(one)
    return left

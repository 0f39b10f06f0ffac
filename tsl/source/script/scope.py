"""The names of a function while it is compiled, and what becomes of them where paths meet.

Definitions:
1. A name has the type of its last assignment; inside a block it keeps to the type it had outside.
2. After a branch a name is what both arms make of it: of one type, or refused. A name that one arm makes is *missing*.
3. A branch is *doubtful* when the compiler may have decided it, and tsl could not: then nothing in it is refused, and
   what its arms make of a name is unknown where they differ.
"""

from __future__ import annotations

from tsl.source.script.types import UNKNOWN, Type, fits, unify


class Scope:
    """The names of a block, within those of the blocks around it."""

    __slots__ = ("declared", "missing", "names", "outer")

    def __init__(self, outer: Scope | None = None) -> None:
        self.outer = outer
        self.names: dict[str, Type] = {}
        self.declared: dict[str, Type] = {}
        self.missing: dict[str, str] = dict(outer.missing) if outer else {}

    def find(self, name: str) -> Type | None:
        """The type of a name, None where no block has it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None

    def bound_outside(self, name: str) -> Type | None:
        """The type a name has to keep to (1): None where it is this block's own."""
        scope = self.outer
        while scope is not None:
            if name in scope.declared:
                return scope.declared[name]
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None

    def assign(self, name: str, kind: Type) -> Type | None:
        """Gives a name a type; returns the type it should have kept to where it does not."""
        before = self.bound_outside(name)
        if name not in self.names and before is None:
            self.missing.pop(name, None)
        self.names[name] = kind
        if before is not None and not fits(kind, before):
            self.names[name] = before
            return before
        self.missing.pop(name, None)
        return None


class Join:
    """What two arms of a branch leave (2): the names to set, those that clash, those that are missing."""

    __slots__ = ("clashes", "missing", "names")

    def __init__(self) -> None:
        self.names: dict[str, Type] = {}
        self.clashes: list[tuple[str, Type, Type]] = []
        self.missing: dict[str, str] = {}


def join(left: Scope, right: Scope, outer: Scope, *, doubtful: bool) -> Join:
    """The names after a branch both arms of which may go on."""
    result = Join()
    for name in [*left.names, *(name for name in right.names if name not in left.names)]:
        one, other = left.names.get(name, outer.find(name)), right.names.get(name, outer.find(name))
        if one is None or other is None:
            if doubtful:
                result.names[name] = UNKNOWN
            else:
                result.missing[name] = "true" if one is None else "false"
            continue
        kind = unify(one, other)
        if kind is None and not doubtful:
            result.clashes.append((name, one, other))
        result.names[name] = UNKNOWN if kind is None or (doubtful and one != other) else kind
    for arm in (left, right):
        for name, which in arm.missing.items():
            if name not in result.names:
                result.missing.setdefault(name, which)
    return result

"""The arguments of a call in an export script, with the nodes they were written as."""

from __future__ import annotations

from typing import Any

from tsl.record import Record
from tsl.source.exporting.things import NONE, Const


class Given(Record):
    """Evaluated arguments; `rest` is set where `*args` or `**kwargs` may bring more."""

    positional: tuple[Any, ...]
    keywords: dict[str, Any]
    rest: Any
    node: Any

    def get(self, place: int, name: str) -> Any:
        """The argument at a place or of a name; None where the call does not give it."""
        if name in self.keywords:
            return self.keywords[name]
        return self.positional[place] if 0 <= place < len(self.positional) else None

    def node_of(self, place: int, name: str) -> Any:
        """The node of an argument; that of the call where it is not given by itself."""
        for keyword in self.node.keywords:
            if keyword.arg == name:
                return keyword.value
        return self.node.args[place] if 0 <= place < len(self.node.args) else self.node

    def may_bring(self, name: str) -> bool:
        """Whether an argument is given, or may be."""
        return name in self.keywords or self.rest is not None

    def is_false(self, name: str) -> bool:
        """Whether a keyword is given as False."""
        return self.keywords.get(name) == Const(False)

    def says(self, name: str) -> bool:
        """Whether a keyword is given as something other than None."""
        return name in self.keywords and self.keywords[name] != NONE

    def all(self) -> list[Any]:
        """Every argument."""
        return [*self.positional, *self.keywords.values()]

"""The schemas of one release of torch, as the table of releases has them, in the form in which calls are matched.

Needs the table and the schemas' grammar. It will never know in which order a release tries its overloads: only
whether one of them takes a call.
"""

from __future__ import annotations

from tsl.ir.match import Matcher
from tsl.ir.schema import Schema, SchemaError, Table, parse_schema
from tsl.ir.types import TypeSyntaxError
from tsl.target.table import Table as Support


class Release(Table):
    """The schemas of a release; those that are written in no known form are left out."""

    __slots__ = ("_support",)

    def __init__(self, support: Support, version: str) -> None:
        super().__init__(f"# torch {version}: schemas of a release")
        self._support = support

    def overloads(self, name: str) -> tuple[Schema, ...]:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = tuple(filter(None, map(_parsed, self._lines(name))))
        return known

    def _lines(self, name: str) -> list[str]:
        return [entry.text for entry in self._support.entries(name) if self.version in entry.versions]


def matcher(support: Support, version: str) -> Matcher:
    """What matches calls with the schemas of a release."""
    return Matcher(Release(support, version))


def _parsed(text: str) -> Schema | None:
    try:
        return parse_schema(text)
    except (SchemaError, TypeSyntaxError):
        return None

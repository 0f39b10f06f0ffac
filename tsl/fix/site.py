"""What a fix is made from: a finding, the syntax of its file, and the names that are bound there.

Needs a tree. It will never decide what is mended how: the modules beside it do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import libcst as cst

from tsl.diagnostic import Diagnostic, Edit, Fix
from tsl.fix.tree import Tree, dotted
from tsl.record import Record
from tsl.remedy import DEPENDS, REMEDIES, SAFE


class Draft(Record):
    """The edits of a fix, and whether it is safe here, where that depends on the place."""

    edits: tuple[Edit, ...]
    is_safe: bool = True


class Site(Record):
    """A finding in a file."""

    found: Diagnostic
    tree: Tree

    @property
    def call(self) -> cst.Call | None:
        """The call the finding stands on."""
        return self.tree.at(self.found.span, cst.Call)

    def name_of(self, module: str) -> str:
        """The name by which the file calls a module, `torch` or `th`; empty where it has none at top level."""
        return next((name for name, known in self._imports() if known == module), "")

    def name_in(self, module: str, name: str) -> str:
        """How the file writes a name of a module, `List` or `typing.List`; empty where it imports neither."""
        own = next((local for local, known in self._imports() if known == f"{module}.{name}"), "")
        base = self.name_of(module)
        return own or (f"{base}.{name}" if base else "")

    def _imports(self) -> list[tuple[str, str]]:
        """The names that statements at top level import, each with what it stands for."""
        lines = [line for line in self.tree.module.body if isinstance(line, cst.SimpleStatementLine)]
        found: list[tuple[str, str]] = []
        for statement in (small for line in lines for small in line.body):
            if isinstance(statement, cst.Import):
                found += [_imported(alias) for alias in statement.names]
            elif isinstance(statement, cst.ImportFrom) and not isinstance(statement.names, cst.ImportStar):
                base = dotted(statement.module) if statement.module and not statement.relative else ""
                found += [(_local(alias), f"{base}.{dotted(alias.name)}") for alias in statement.names if base]
        return found


def _imported(alias: cst.ImportAlias) -> tuple[str, str]:
    path = dotted(alias.name)
    top = path.partition(".")[0]
    return (_local(alias), path) if alias.asname else (top, top)


def _local(alias: cst.ImportAlias) -> str:
    return dotted(alias.asname.name) if alias.asname else dotted(alias.name)


Maker = Callable[[Site], Draft | None]


def fix_of(name: str, makers: Mapping[str, Maker], site: Site) -> Fix | None:
    """The fix of a name for a finding; None where it does not fit the place."""
    draft = makers[name](site)
    if draft is None or not draft.edits:
        return None
    remedy = REMEDIES[name]
    is_safe = draft.is_safe if remedy.safety == DEPENDS else remedy.safety == SAFE
    edits = tuple(sorted(draft.edits, key=lambda edit: edit.span))
    return Fix(remedy.title, is_safe, edits)

"""What `tsl inspect` tells of a file, with the first release of torch that has all its operators.

1. Most models call nothing that changed (see `runtime`), which their code tells without being parsed; of the others
   the files that call such operators are, and no more.

It will never judge: that is `tsl check`.
"""

from __future__ import annotations

from collections.abc import Iterator

from tsl.archive.archive import Archive, open_archive
from tsl.archive.code import Class
from tsl.archive.inspection import inspect
from tsl.archive.inspection.facts import Inspection, Needs
from tsl.ir.facts import NodeFact
from tsl.ir.lower import LowerError, Program, lower
from tsl.ir.reach import Reach
from tsl.target.runtime import changed, need_of


def inspected(path: str) -> Inspection:
    """What is known of the file at a path. Raises OSError where it cannot be read, ArchiveError where it is none."""
    found = inspect(path)
    if not found.operators:
        return found
    with open_archive(path) as archive:
        return found._replace(needs=_needs(archive, found))


def _needs(archive: Archive, found: Inspection) -> Needs | None:
    if not archive.module.type or not archive.code.members:
        return None
    names = changed().intersection(one.name for one in found.operators)
    calling = _Calling(archive, names) if names else None
    try:
        need = need_of(calling.nodes() if calling else (), found.versions.runtime)
    except RecursionError:
        return None
    is_whole = not archive.code.problems and (calling is None or calling.is_whole)
    return Needs(need.version or need.oldest, need.by, not need.version, is_whole)


class _Calling:
    """The functions in those files of an archive's code that call one of some operators (1)."""

    def __init__(self, archive: Archive, names: frozenset[str]) -> None:
        words = (name.partition("::")[::2] for name in names)
        self._words = [f"torch.{name}(" if space == "aten" else f"ops.{space}.{name}(" for space, name in words]
        self._archive, self.is_whole = archive, True

    def nodes(self) -> Iterator[NodeFact]:
        """Their nodes, those in blocks as well; `is_whole` is settled once all were read."""
        program = lower(self._archive)
        for qualified in self._functions(program):
            try:
                graph = program.graph(qualified)
            except LowerError:
                self.is_whole = False
                continue
            reach = Reach(lambda name: None)  # each function is read by itself
            reach.enter(graph)
            self.is_whole &= reach.is_complete
            yield from (NodeFact(visit, lambda function, offset: None) for visit in reach.visits)

    def _functions(self, program: Program) -> Iterator[str]:
        code = program.code
        for member in code.members:
            data = (code.read(member) or b"").decode("utf-8", "replace")
            if not any(word in data for word in self._words):
                continue
            qualifier = member[len("code/") : -len(".py")].replace("/", ".")
            file = code.file(qualifier)
            for name, found in file.definitions.items() if file else ():
                if not isinstance(found, Class):
                    yield f"{qualifier}.{name}"
                elif found.kind not in {"Interface", "ModuleInterface"}:
                    yield from (f"{qualifier}.{name}.{method}" for method in found.methods)

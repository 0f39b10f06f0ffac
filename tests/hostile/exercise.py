"""Everything that tsl does to a file it is given, in one call: opened, read, counted, lowered, inlined and shown.

What a file may raise is caught here and nowhere else: OSError and ArchiveError of opening, LowerError of a function
that has no graph, InlineError of one that is too large. Needs no torch.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path

from tsl.archive.archive import Archive, ArchiveError, open_archive
from tsl.archive.inspection import inspect
from tsl.archive.module import objects, tensors
from tsl.archive.storages import equal_groups
from tsl.check.archives import judge_archive
from tsl.check.plan import Plan, Settings, make_plan, open_books
from tsl.config import Config
from tsl.ir.inline import InlineError, Inliner
from tsl.ir.lint import lint
from tsl.ir.lower import LowerError, lower
from tsl.ir.text import print_graph


def exercise(path: Path) -> str:
    """The kind of the file at a path, after all that can be asked of it was asked."""
    with open_archive(path) as opened:
        kind = opened.kind.name
        _read(opened)
        _lowered(opened)
    with suppress(ArchiveError):
        inspect(str(path))
    judge_archive(str(path), None, (), _plan())
    return kind


@cache
def _plan() -> Plan:
    """The plan of a run with every rule, in no configuration."""
    return make_plan(Settings(Config(), ()), open_books(Config()))


def _read(opened: Archive) -> None:
    """All that the archive itself has."""
    assert all(trick.message for trick in opened.tricks)
    assert all(problem.message for problem in opened.problems)
    for held in (opened.module, opened.constants, dict(opened.traced_inputs), *_values(opened)):
        assert all(found.type or not found.attributes for _, found in objects(held))
        assert all(found.elements >= 0 for _, found in tensors(held))
        repr(held)
    list(equal_groups(opened.storages))
    assert opened.bytecode is None or opened.bytecode.namespaces is not None
    assert (opened.versions, opened.byteorder, opened.extra) is not None


def _values(opened: Archive) -> list[object]:
    return [pickle.value for pickle in opened.pickles.values()]


def _lowered(opened: Archive) -> None:
    """The code, as graphs and as text."""
    code = opened.code
    assert code.operators is not None
    program = lower(opened)
    inliner = Inliner(program)
    for name in program.functions:
        try:
            graph = program.functions[name]
            assert print_graph(graph)
            lint(graph)
            assert print_graph(inliner.graph(name))
        except (LowerError, InlineError):
            continue
    program.methods(opened.module)
    assert all(problem.message for problem in code.problems)

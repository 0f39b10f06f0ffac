"""The tree of an archive's modules as lines: siblings that are alike stand in one, and below a depth all are counted.

1. Siblings that follow each other and look alike are one line, with the names of the first and the last: `0-11`.
2. A module at the depth is one line with the number of modules in it.
3. The number behind a class is that of its parameters, with all that is below it.

Needs modules, each after the one it is in. It will never follow a module into itself: paths end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tsl.archive.inspection.facts import Module
from tsl.report.cells import visible
from tsl.report.paint import Line, Segment
from tsl.report.summary import counted


class _Branch:
    """A module with the ones in it and what they come to."""

    __slots__ = ("inner", "inside", "module", "parameters")

    def __init__(self, module: Module) -> None:
        self.module, self.parameters, self.inside = module, module.parameters, 0
        self.inner: list[_Branch] = []

    @property
    def name(self) -> str:
        return self.module.path.rpartition(".")[2]


def tree_lines(modules: Sequence[Module], depth: int) -> Iterator[Line]:
    """The heading and the tree, with modules to a depth; none of it where there are no modules."""
    if not modules:
        return
    yield [Segment("modules", "strong"), Segment(f" {len(modules):,}")]
    open_ones = [([_planted(modules)], 1)]
    while open_ones:
        run, level = open_ones.pop()
        yield _line(run, level, is_closed=level > depth)
        if level <= depth:
            open_ones += [(inner, level + 1) for inner in reversed(_runs(run[0].inner))]


def _planted(modules: Sequence[Module]) -> _Branch:
    branches = {module.path: _Branch(module) for module in modules}
    for module in reversed(modules):
        if module.path:
            above = branches.get(module.path.rpartition(".")[0], branches[""])
            branch = branches[module.path]
            above.inner.append(branch)
            above.parameters += branch.parameters
            above.inside += 1 + branch.inside
    for branch in branches.values():
        branch.inner.reverse()
    return branches[""]


def _runs(branches: Sequence[_Branch]) -> list[list[_Branch]]:
    """The siblings, those that follow each other and are alike together (1)."""
    runs: list[list[_Branch]] = []
    for branch in branches:
        if runs and runs[-1][0].module.look == branch.module.look:
            runs[-1].append(branch)
        else:
            runs.append([branch])
    return runs


def _line(run: Sequence[_Branch], level: int, *, is_closed: bool) -> Line:
    branch = run[0]
    kind = branch.module.type.rpartition(".")[2]
    name = branch.name if len(run) == 1 else f"{branch.name}-{run[-1].name}"
    line = [Segment(f"{'  ' * level}{visible(name)}{': ' if name else ''}"), Segment(visible(kind), "label")]
    if len(run) > 1:
        line.append(Segment(f" x{len(run)}", "strong"))
    parameters = sum(one.parameters for one in run)
    facts = [f"{parameters:,} parameters"] if parameters else []
    if is_closed and branch.inside:
        facts.append(f"{counted(branch.inside, 'module')} inside")
    return [*line, Segment(f"  {', '.join(facts)}" if facts else "", "quiet")]

"""Many programs, and what became of each: the gaps in tsl, its false alarms, and the counts.

Definitions.
1. A *gap* is a program that differs on some input while tsl says nothing about its tracing, of whatever severity.
2. A *false alarm* is a program that differs on no input of the search while tsl reports an error.
3. A gap is minimised as long as it stays one of the same kind, and is told unless it holds all that a smaller one does.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

from tests.oracle.judging import Said, errors, judged
from tests.oracle.program import Program, is_evident, programs
from tests.oracle.reducing import reduced
from tests.oracle.running import Divergence, Outcome, Raised, is_result, run

Judge = Callable[[str], "tuple[Said, ...]"]
# Programs that hypothesis writes in one go.
BATCH = 1000
GUARD = "is_tracing"
# For telling gaps apart: names that every program holds, and syntax that makes a difference.
USUAL = frozenset({"forward", "Module", "Tensor", "super", "__init__"})
SYNTAX = (
    *(ast.For, ast.While, ast.If, ast.IfExp, ast.Match, ast.Assert, ast.Starred, ast.AugAssign, ast.comprehension),
    *(ast.In, ast.NotIn, ast.Subscript, ast.JoinedStr, ast.BoolOp, ast.Lambda, ast.Yield),
)


class Gap(NamedTuple):
    """A program that differs unreported, where it does, and how many programs came down to it."""

    program: Program
    divergence: Divergence
    times: int = 1


class Alarm(NamedTuple):
    """A program that never differs, and the errors that tsl reports in it."""

    program: Program
    said: tuple[Said, ...]


class Tally:
    """What a search has met."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.programs: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.reported: Counter[str] = Counter()  # errors by rule: the programs that have one
        self.gaps: list[Gap] = []
        self.alarms: list[Alarm] = []
        self.refused: list[tuple[Program, str]] = []  # torch does not trace them, and tsl says nothing
        self.unfit: Counter[str] = Counter()

    def take(self, program: Program, outcome: Outcome, said: tuple[Said, ...]) -> None:
        """Counts a program."""
        self.counts["run"] += 1
        if outcome.unfit:
            self.counts["unfit"] += 1
            self.unfit[outcome.unfit] += 1
        elif outcome.refused:
            self.counts["refused"] += 1
            if not said:
                self.refused.append((program, outcome.refused))
        else:
            self._take_kept(program, outcome.divergence, said)

    def _take_kept(self, program: Program, divergence: Divergence | None, said: tuple[Said, ...]) -> None:
        self.counts["kept"] += 1
        found = errors(said)
        self.reported.update({one.code for one in found})
        self.counts["error"] += bool(found)
        if divergence is not None:
            self.counts[divergence.kind] += 1
            if not said:
                self.gaps.append(Gap(program, divergence))
        elif found:
            self.alarms.append(Alarm(program, found))
        else:
            self.counts["agree"] += 1


def search(count: int, seed: int = 0, judge: Judge = judged) -> Tally:
    """The tally of so many different programs; the same for the same seed."""
    tally = Tally(count)
    for batch in range(10 * count // BATCH + 10):
        if tally.counts["run"] == count:
            break
        _batch(tally, min(count, BATCH), seed * 1000 + batch, judge)
    return tally


def _batch(tally: Tally, count: int, seed: int, judge: Judge) -> None:
    @seeded(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(programs())
    def take(program: Program) -> None:
        if program.text not in tally.programs and tally.counts["run"] < tally.wanted:
            tally.programs.add(program.text)
            tally.take(program, run(program), judge(program.text))

    take()


def minimal(gap: Gap, judge: Judge = judged) -> Gap:
    """The smallest program found that is a gap of the same kind."""

    def shows(program: Program) -> bool:
        if GUARD in program.text and GUARD not in gap.program.text:
            return False
        if not all(is_evident(one.name, program.text) for one in program.inputs):
            return False
        return _is_gap_of(run(program).divergence, gap.divergence) and not judge(program.text)

    start = _annotated(gap.program)
    program = reduced(start if shows(start) else gap.program, shows)
    divergence = run(program).divergence
    assert divergence is not None
    return Gap(program, divergence)


def _is_gap_of(one: Divergence | None, other: Divergence) -> bool:
    """Whether two programs differ in the same way, and neither by an error of its own."""
    if one is None or one.kind != other.kind:
        return False
    if isinstance(one.eager, Raised) and isinstance(other.eager, Raised):
        return one.eager.error.partition(":")[0] == other.eager.error.partition(":")[0]
    return is_result(one.eager)


def _annotated(program: Program) -> Program:
    """A program whose parameters are annotated, so that they stay tensors while all that tells so is taken away."""
    names = [one.name for one in program.inputs]
    plain, annotated = ", ".join(["self", *names]), ", ".join(["self", *(f"{name}: torch.Tensor" for name in names)])
    return program._replace(text=program.text.replace(f"def forward({plain})", f"def forward({annotated})"))


def distinct(gaps: list[Gap]) -> list[Gap]:
    """Gaps without those that hold all that a smaller one is made of, which are counted with it."""
    kept: list[tuple[frozenset[str], Gap]] = []
    for gap in sorted(gaps, key=lambda gap: (len(ingredients(gap.program.text)), len(gap.program.text))):
        held = ingredients(gap.program.text)
        place = next((at for at, (less, _) in enumerate(kept) if less <= held), None)
        if place is None:
            kept.append((held, gap))
        else:
            less, known = kept[place]
            kept[place] = (less, known._replace(times=known.times + 1))
    return sorted((gap for _, gap in kept), key=lambda gap: -gap.times)


def ingredients(text: str) -> frozenset[str]:
    """What a program is made of: the names of what it calls and reads, and its syntax."""
    nodes = list(ast.walk(ast.parse(text)))
    called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return frozenset({re.sub(r"\d+", "", name) for name in called | read} - USUAL) | {
        type(node).__name__ for node in nodes if isinstance(node, SYNTAX)
    }

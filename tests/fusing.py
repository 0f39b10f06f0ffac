"""Fusion looked at in this process, on the models of a file; the command itself uses a child process.

Needs torch. It will never hold an assertion about tsl.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from tsl.check import Settings, open_books
from tsl.config import Config
from tsl.diagnostic import Diagnostic
from tsl.entry.inputs import example_of
from tsl.entry.make import load, make
from tsl.fusion.capture import _captured
from tsl.fusion.explain import explained
from tsl.fusion.judge import judged
from tsl.fusion.predict import predicted
from tsl.fusion.sites import Sites
from tsl.fusion.subject import Subject
from tsl.fusion.switches import switch_on
from tsl.fusion.warm import on_shapes, other_sizes, warmed
from tsl.ir.fused import Plan, Report, Shape
from tsl.record import Record

_C: Any = torch._C


class Looked(Record):
    """What was seen of one entry: the plan of the run, the one foretold, what other sizes cost."""

    plan: Plan
    foretold: Plan
    shapes: tuple[Shape, ...]

    def lines(self, path: Path, code: str) -> set[int]:
        """The lines of a file that have a finding of a code."""
        return {one.span.line for one in self._found(path) if one.code == code and one.span.path == str(path)}

    def codes(self, path: Path) -> set[str]:
        """The codes of all findings, of an entry of a file."""
        return {one.code for one in self._found(path)}

    def _found(self, path: Path) -> tuple[Diagnostic, ...]:
        report = Report(str(path), "looked", "cpu", plan=self.plan, shapes=self.shapes)
        return judged(report, Settings(Config()), open_books(Config())).diagnostics


@contextmanager
def fusing() -> Iterator[None]:
    """Fuses on the CPU meanwhile, as the child process does for good."""
    switches = (
        (_C._jit_can_fuse_on_cpu, _C._jit_override_can_fuse_on_cpu),
        (_C._jit_get_te_must_use_llvm_cpu, _C._jit_set_te_must_use_llvm_cpu),
        (_C._jit_texpr_fuser_enabled, _C._jit_set_texpr_fuser_enabled),
    )
    were = [(put, get()) for get, put in switches]
    profiled = _C._jit_set_profiling_executor(True), _C._jit_set_profiling_mode(True)
    switch_on("cpu")
    try:
        yield
    finally:
        for put, was in were:
            put(was)
        _C._jit_set_profiling_executor(profiled[0])
        _C._jit_set_profiling_mode(profiled[1])


def looked(path: Path, entry: str, capture: str = "script", *, gradients: bool = False) -> Looked:
    """What is seen of an entry of a file."""
    made = make(load(str(path), ()), entry, has_inputs=False, path=str(path))
    assert made.inputs is not None
    example = example_of(made.inputs, made.others)
    return looked_at(_captured(made.model, example, capture, gradients), example, str(path), gradients=gradients)


def looked_at(model: Any, example: Any, home: str, *, gradients: bool = False) -> Looked:
    """What is seen of a captured model."""
    subject, sites = Subject(model, example.inputs, "cpu", gradients), Sites(model, home)
    warm = warmed(subject, subject.fresh())
    plan = explained(warm.graph, warm.sections, sites, warm.profiled)
    shapes = tuple(on_shapes(subject, warm, other_sizes(example, ())))
    return Looked(plan, predicted(subject, sites, "cpu").plan, shapes)


def agreement(one: Plan, other: Plan) -> tuple[int, int]:
    """How many operators two plans say the same of, whether in the same group or in none, and how many there are."""
    from collections import Counter

    seen = [Counter(_told(plan)) for plan in (one, other)]
    return (seen[0] & seen[1]).total(), max(seen[0].total(), seen[1].total())


def _told(plan: Plan) -> Iterator[tuple[Any, int]]:
    for number, group in enumerate(plan.groups):
        yield from ((node, number) for node in group.nodes)
    yield from ((one.node, -1) for one in plan.rest)


def marked(path: Path, code: str) -> set[int]:
    """The lines of a file that carry a code in their marker."""
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    return {
        number for number, line in lines if (marker := re.search(r"# (TSL[\d, TSL]+)$", line)) and code in marker[1]
    }

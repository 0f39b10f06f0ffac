"""Calls of a model until its plan stands, and what calls with other sizes do to it.

Needs torch; for the child process. It will never explain a plan.

1. The plan *stands* when two calls one after the other changed nothing: no pass of the fuser, the same graph. torch
   profiles the first call and optimizes at the second; what is in a function of its own, such as a graph for
   derivatives, begins when it is first called.
2. Of other sizes the ends and the middle of what was left open are tried, all sizes together.
3. A call *fell back* where the plan had groups and no fused kernel ran.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from tsl.entry.inputs import Axis, Example, Inputs
from tsl.fusion.kernels import fused_kernels
from tsl.fusion.log import Section
from tsl.fusion.subject import Subject
from tsl.fusion.switches import logged
from tsl.ir.fused import Shape
from tsl.record import Record

RUNS = 8
LARGER = 2  # times a size of which nothing is said but that it may change


class Warm(Record):
    """A model whose plan stands: its graph, that of the first call, what the fuser said, the calls it took."""

    model: Any
    graph: Any
    profiled: Any
    sections: tuple[Section, ...]
    runs: int
    stands: bool


def warmed(subject: Subject, model: Any, inputs: Inputs | None = None, most: int = RUNS) -> Warm:
    """A model called until its plan stands, or as often as it may be."""
    sections: list[Section] = []
    profiled = before = None
    for number in range(1, most + 1):
        graph, said = _call(subject, model, inputs)
        profiled = profiled if profiled is not None else graph
        sections += said
        if before is not None and not said and str(graph) == before:
            return Warm(model, graph, profiled, tuple(sections), number - 1, True)
        before = str(graph)
    return Warm(model, graph, profiled, tuple(sections), most, False)


def _call(subject: Subject, model: Any, inputs: Inputs | None) -> tuple[Any, tuple[Section, ...]]:
    def call() -> Any:
        subject.call(model, inputs)
        return torch.jit.last_executed_optimized_graph()

    return logged(call)


def on_shapes(subject: Subject, warm: Warm, tried: Sequence[Inputs], most: int = RUNS) -> Iterator[Shape]:
    """What happens on other inputs, one after the other, to a model whose plan stands (3)."""
    for inputs in tried:
        kernels = fused_kernels(lambda inputs=inputs: subject.call(warm.model, inputs))  # type: ignore[misc]
        again = warmed(subject, warm.model, inputs, most)
        symbolic = any(one.symbolic for one in again.sections)
        yield Shape(inputs.shown(), len(again.sections), not kernels, symbolic)


def other_sizes(example: Example, axes: Sequence[Axis]) -> list[Inputs]:
    """The inputs in other sizes of the axes that were left open (2), and the further ones that the entry gave, where
    they are of other sizes.
    """
    known = {example.inputs.shown()}
    tried: list[Inputs] = []
    high = [axis.high or axis.size * LARGER for axis in axes]
    middle = [(axis.low + last) // 2 for axis, last in zip(axes, high, strict=True)]
    ends = [[axis.low for axis in axes], high, middle]
    sized = [_sized(example.inputs, axes, sizes) for sizes in ends] if axes else []
    for inputs in (*sized, *example.others):
        if inputs.shown() not in known:
            known.add(inputs.shown())
            tried.append(inputs)
    return tried


def _sized(inputs: Inputs, axes: Sequence[Axis], sizes: Sequence[int]) -> Inputs:
    """The inputs with each axis of a size, filled with what is there, again and again."""
    tensors = [tensor for _, tensor in inputs.leaves()]
    for axis, size in zip(axes, sizes, strict=True):
        for leaf, dim in axis.members:
            rows = torch.arange(size) % tensors[leaf].shape[dim]
            tensors[leaf] = tensors[leaf].index_select(dim, rows)
    return inputs.holding(tensors)

"""Eager and traced side by side: what a module makes of each input of the search.

Needs torch. Definitions.
1. A program is *kept* if eager runs on the example input, and gives nothing but tensors.
2. It is *refused* if torch does not trace it on that input.
3. The two *differ* on an input if they disagree in structure, in a shape, or in a value beyond rounding; if traced
   raises where eager does not; or, where eager raises, if traced does not: the trace has lost a check. An operation
   that refuses its operands is no check: the trace leaves out what its result does not need.
"""

from __future__ import annotations

import contextlib
import linecache
import signal
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch

from tests.oracle.inputs import Variation, example_of, tensors, variations
from tests.oracle.program import Program

FILE = "<oracle>"
ABSOLUTE, RELATIVE = 1e-4, 1e-4
# Of processor time for one program, which needs a hundredth of it; one that is minimised may lose the end of its loop.
SECONDS = 1.0


class TooLong(BaseException):
    """A program did not end; no Exception, so that no program catches it."""


class Raised(NamedTuple):
    """What a run raised."""

    error: str

    @property
    def by_operation(self) -> bool:
        """Whether an operation of torch refused its operands; Python's own sequences speak of list and tuple."""
        kind, _, message = self.error.partition(": ")
        return kind == "RuntimeError" or (kind == "IndexError" and not message.startswith(("list", "tuple", "range")))


class Divergence(NamedTuple):
    """An input on which the two differ: which of the definitions, and what each of them gave."""

    kind: str
    variation: Variation
    eager: Any
    traced: Any


class Outcome(NamedTuple):
    """What became of a program: why it is not kept, why it is refused, where it differs first, how often it ran."""

    unfit: str = ""
    refused: str = ""
    divergence: Divergence | None = None


def run(program: Program) -> Outcome:
    """The outcome of a program: it is traced, and run until something differs."""
    try:
        with quiet(), limited(SECONDS):
            return _run(program)
    except TooLong:
        return Outcome(unfit="does not end")


def _run(program: Program) -> Outcome:
    try:
        eager, model = _model(program.text), _model(program.text)
    except Exception as error:
        return Outcome(unfit=_short(error))
    first = _call(eager, tensors(program, example_of(program)))
    if isinstance(first, Raised) or not is_result(first):
        return Outcome(unfit=first.error if isinstance(first, Raised) else "not a tensor")
    try:
        traced = torch.jit.trace(model, tensors(program, example_of(program)), check_trace=False, strict=False)
    except Exception as error:
        return Outcome(refused=_short(error))
    return Outcome(divergence=_first_divergence(program, eager, traced))


def _first_divergence(program: Program, eager: Any, traced: Any) -> Divergence | None:
    for variation in variations(program):
        one = _call(eager, tensors(program, variation))
        other = _call(traced, tensors(program, variation))
        kind = difference(one, other)
        if kind:
            return Divergence(kind, variation, one, other)
    return None


def difference(eager: Any, traced: Any) -> str:
    """How two results differ: `result`, `fails`, `lost check`, or empty where they agree."""
    match eager, traced:
        case Raised(), Raised():
            return ""
        case Raised(), _:
            return "" if eager.by_operation else "lost check"
        case _, Raised():
            return "fails"
    return "" if _agree(eager, traced) else "result"


def _agree(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        if one.shape != other.shape:
            return False
        return torch.allclose(one.double(), other.double(), RELATIVE, ABSOLUTE, equal_nan=True)
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(_agree(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_agree, one, other))
    return False


def is_result(value: Any) -> bool:
    """Whether a module may return this: a tensor, or a list or tuple of what it may return."""
    if isinstance(value, list | tuple):
        return bool(value) and all(map(is_result, value))
    return isinstance(value, torch.Tensor)


def _model(text: str) -> torch.nn.Module:
    """An instance of Net; its file is in linecache, where scripting looks for source."""
    linecache.cache[FILE] = (len(text), None, text.splitlines(keepends=True), FILE)
    names: dict[str, Any] = {"__name__": "oracle"}
    exec(compile(text, FILE, "exec"), names)
    torch.manual_seed(0)
    model: torch.nn.Module = names["Net"]()
    return model.eval()


def _call(model: Callable[..., Any], given: tuple[torch.Tensor, ...]) -> Any:
    try:
        return model(*given)
    except Exception as error:
        return Raised(_short(error))


def _short(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()] or [""]
    return f"{type(error).__name__}: {lines[-1].strip()[:160]}"


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """A block that is left with TooLong when it has had so much processor time. For the main thread of the process."""

    def stop(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.1)  # again and again: what a callback raises is lost
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No gradients, no optimiser of graphs, no warnings."""
    with warnings.catch_warnings(), torch.no_grad(), torch.jit.optimized_execution(False):
        warnings.simplefilter("ignore")
        yield

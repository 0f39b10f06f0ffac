"""Evidence that fused code ran, what it cost, and that it computes the same.

Needs torch; for the child process. It will never look at a graph.

1. NNC names its kernels `fused_` and the operators in them, and torch's profiler sees their calls on the CPU too.
2. On CUDA the launches of kernels are counted in the same profile, and a call is timed between two events, after
   warming up, by the median.
3. The unfused run is another copy of the model, called with the fuser off, as often and from the same inputs and seed:
   a model may keep a state from call to call.
4. The profiler is the one that `torch.profiler.profile` has inside: that one, to begin, imports what torch has for
   torch.compile, which takes longer than all else here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import torch
from torch.autograd.profiler import profile

from tsl.fusion.subject import Subject
from tsl.fusion.switches import unfused
from tsl.ir.fused import Kernels, Output

FUSED = "fused_"
LAUNCHES = frozenset(["cudaLaunchKernel", "cudaLaunchKernelExC", "cuLaunchKernel", "cuLaunchKernelEx"])
TIMED, WARMING = 30, 5


def fused_kernels(call: Callable[[], Any]) -> Counter[str]:
    """The fused kernels that ran while something was called (1)."""
    return Counter({name: times for name, times in _profiled(call).items() if name.startswith(FUSED)})


def evidence(subject: Subject, fused: Any) -> Kernels:
    """The kernels of one call of a model whose plan stands, and on CUDA what the same costs unfused (2)."""
    seen = _profiled(lambda: subject.call(fused))
    names = tuple(sorted((name, times) for name, times in seen.items() if name.startswith(FUSED)))
    if subject.device == "cpu":
        return Kernels(names)
    with unfused():
        plain = subject.fresh()
        for _ in range(WARMING):
            subject.call(plain)
        before = _profiled(lambda: subject.call(plain))
        slow = _milliseconds(lambda: subject.call(plain))
    launches = (_launches(before), _launches(seen))
    return Kernels(names, launches, (slow, _milliseconds(lambda: subject.call(fused))))


def compared(subject: Subject, calls: int) -> list[Output]:
    """How far the outputs of the fused run are from those of the unfused one after so many calls (3)."""
    with unfused():
        expected = _after(subject, calls)
    pairs = zip(_outputs(expected, "output"), _outputs(_after(subject, calls), "output"), strict=True)
    return [_compared(name, one, other) for (name, one), (_, other) in pairs]


def _after(subject: Subject, calls: int) -> Any:
    model = subject.fresh()
    for _ in range(calls):
        answer = subject.call(model)
    return answer


def _compared(name: str, expected: torch.Tensor, found: torch.Tensor) -> Output:
    one, other = (tensor.detach().to("cpu", torch.complex128) for tensor in (expected, found))
    if one.shape != other.shape:
        return Output(name, float("inf"), float("inf"))
    if not one.numel():
        return Output(name, 0.0, 0.0)
    finite = one.isfinite() & other.isfinite()
    alike = (one == other) | (one.isnan() & other.isnan()) | finite
    if not bool(alike.all()):  # a number on one side alone
        return Output(name, float("inf"), float("inf"))
    error = float(torch.where(finite, one - other, 0).abs().max())
    largest = float(torch.where(finite, one, 0).abs().max())
    return Output(name, error, error / largest if largest else error)


def _outputs(value: Any, name: str) -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor of what a model returned, with where it is."""
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _outputs(item, f"{name}[{key!r}]")
    elif isinstance(value, (tuple, list)):
        for place, item in enumerate(value):
            yield from _outputs(item, f"{name}[{place}]")


def _profiled(call: Callable[[], Any]) -> Counter[str]:
    """What ran while something was called, by name (4)."""
    with profile(use_kineto=True, use_device="cuda" if torch.cuda.is_available() else None) as seen:
        call()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
    by_side = Counter((event.name, str(event.device_type)) for event in seen.function_events or ())
    times: Counter[str] = Counter()
    for (name, _), number in by_side.items():  # a kernel may be seen on the host and on the device
        times[name] = max(times[name], number)
    return times


def _launches(seen: Counter[str]) -> int:
    return sum(times for name, times in seen.items() if name in LAUNCHES)


def _milliseconds(call: Callable[[], Any]) -> float:
    for _ in range(WARMING):
        call()
    times = []
    for _ in range(TIMED):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        call()
        end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end))
    return float(median(times))

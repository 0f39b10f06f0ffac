"""On a GPU: how often a call waits for it, and whether the model runs there at all, however it gets there.

Needs torch and a CUDA device; for the child process. It will never hold either against a finding.

1. torch warns of each operation at which the host waits (`torch.cuda.set_sync_debug_mode`); a call of a model whose
   plan stands is counted.
2. A model gets to the GPU by `.to`, by `map_location`, or frozen and by `.to` (`tsl.ir.deploy`). Each is tried on a
   copy.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from tsl.entry.unable import one_line
from tsl.fusion.subject import Subject
from tsl.ir.fused import Deployed

SYNC = "synchronizing CUDA operation"


def waits(subject: Subject, model: Any) -> int:
    """How often one call waits for the GPU (1)."""
    was = torch.cuda.get_sync_debug_mode()
    torch.cuda.synchronize()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            subject.call(model)
        finally:
            torch.cuda.set_sync_debug_mode(was)
    return sum(SYNC in str(one.message) for one in told)


def deployed(subject: Subject) -> Iterator[Deployed]:
    """What comes of each way to the GPU (2): nothing, or the error of the first call."""
    ways: Mapping[str, Callable[[], Any]] = {
        "to": lambda: subject.on_cpu().to("cuda"),
        "map_location": subject.fresh,
        "frozen": lambda: torch.jit.freeze(subject.on_cpu().eval()).to("cuda"),
    }
    for name, make in ways.items():
        if name != "map_location" and not hasattr(subject.on_cpu(), "to"):
            continue  # a function has nothing to move
        try:
            subject.call(make())
        except Exception as error:
            yield Deployed(name, one_line(error))
        else:
            yield Deployed(name)

"""The same model frozen, and optimized for inference: does that fuse more?

Needs torch; for the child process. It will never keep what it made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from tsl.entry.unable import one_line
from tsl.fusion.plan import GROUP, is_operator, walk
from tsl.fusion.subject import Subject
from tsl.fusion.warm import warmed
from tsl.ir.fused import Variant

WAYS: Mapping[str, Callable[[Any], Any]] = {
    "freeze": lambda model: torch.jit.freeze(model.eval()),
    "optimize_for_inference": lambda model: torch.jit.optimize_for_inference(model.eval()),
}


def variants(subject: Subject) -> Iterator[Variant]:
    """What each way comes to; the model is frozen in eval mode, whatever mode it is in."""
    for name, change in WAYS.items():
        model = subject.fresh()
        if not isinstance(model, torch.nn.Module):
            continue
        try:
            graph = warmed(subject, change(model)).graph
        except Exception as error:
            yield Variant(name, refused=one_line(error))
            continue
        groups = [node for node in walk(graph) if node.kind() == GROUP]
        fused = sum(is_operator(one) for group in groups for one in walk(group.g("Subgraph")))
        yield Variant(name, len(groups), fused)

"""Tracing as an exporter does it. Needs torch; for the child process. It will never judge what was traced."""

from __future__ import annotations

from typing import Any

import torch

from tsl.entry.inputs import Inputs


def trace(model: Any, inputs: Inputs, strict: bool = True) -> tuple[Any, bool]:
    """What torch.jit.trace makes of a model, and whether it was strict: not where it refuses a list or dict.

    Raises what the model or torch raises.
    """
    given = {"example_kwarg_inputs": dict(inputs.kwargs)} if inputs.kwargs else {"example_inputs": inputs.args}
    try:
        return torch.jit.trace(model, check_trace=False, strict=strict, **given), strict
    except RuntimeError as error:
        if not strict or "strict=False" not in str(error):
            raise
    return torch.jit.trace(model, check_trace=False, strict=False, **given), False

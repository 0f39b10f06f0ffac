"""Whether two answers of a model are the same, and if not, in what they differ.

Needs torch; for the child process. It will never run a model or know why answers differ.

Two tensors are the same where dtype, sizes and device are, and each number is within the tolerance of its dtype, which
counts from the largest magnitude in the first tensor. NaN equals NaN. On the device `meta` there are no numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from tsl.entry.inputs import described

# Eager and traced run the same kernels; what they round differently is a fused path, which half precision shows most.
TOLERANCE: Mapping[torch.dtype, float] = {
    torch.float64: 1e-8,
    torch.complex128: 1e-8,
    torch.float16: 2e-2,
    torch.bfloat16: 1e-1,
}
OTHERWISE = 1e-4


def difference(eager: Any, traced: Any, name: str = "the output") -> str:
    """In what the trace's answer differs from the model's, nothing where it does not.

    A traced graph returns tuples for lists and named tuples, and dicts for mappings of any kind: that is no difference.
    """
    if isinstance(eager, torch.Tensor) and isinstance(traced, torch.Tensor):
        return _tensors(eager, traced, name)
    if isinstance(eager, Mapping) and isinstance(traced, Mapping):
        if set(eager) != set(traced):
            return f"{name} has the keys {_keys(eager)} in eager, {_keys(traced)} in the trace"
        return _first(difference(eager[key], traced[key], f"{name}[{key!r}]") for key in eager)
    if isinstance(eager, (tuple, list)) and isinstance(traced, (tuple, list)):
        if len(eager) != len(traced):
            return f"{name} holds {len(eager)} values in eager, {len(traced)} in the trace"
        pairs = enumerate(zip(eager, traced, strict=True))
        return _first(difference(one, other, f"{name}[{place}]") for place, (one, other) in pairs)
    if isinstance(traced, torch.Tensor) and isinstance(eager, (bool, int, float)):
        return difference(torch.tensor(eager).to(traced), traced, name)
    if eager == traced:
        return ""
    return f"{name} is {_shown(eager)} in eager, {_shown(traced)} in the trace"


def same(one: Any, other: Any) -> bool:
    """Whether two plain values that Python took from tensors are alike; NaN is like NaN."""
    if isinstance(one, torch.Tensor) or isinstance(other, torch.Tensor):
        return not difference(one, other)
    if isinstance(one, (tuple, list)) and isinstance(other, (tuple, list)):
        return len(one) == len(other) and all(map(same, one, other))
    if type(one) is not type(other):
        return False
    try:
        return bool(one == other) or bool(one != one and other != other)
    except (ValueError, RuntimeError):  # an array, which has no single truth
        return one.shape == other.shape and bool(one.tobytes() == other.tobytes())


def _tensors(eager: torch.Tensor, traced: torch.Tensor, name: str) -> str:
    if eager.dtype != traced.dtype or eager.shape != traced.shape:
        return f"{name} is {described(eager)} in eager, {described(traced)} in the trace"
    if eager.device != traced.device:
        return f"{name} is on {eager.device} in eager, on {traced.device} in the trace"
    if eager.device.type == "meta" or not eager.numel():
        return ""
    return _numbers(_plain(eager), _plain(traced), name)


def _numbers(eager: torch.Tensor, traced: torch.Tensor, name: str) -> str:
    if not (eager.is_floating_point() or eager.is_complex()):
        wrong = eager != traced
        return f"{name} differs in {int(wrong.sum())} of {wrong.numel()} values" if bool(wrong.any()) else ""
    limit = TOLERANCE.get(eager.dtype, OTHERWISE)
    kind = torch.complex128 if eager.is_complex() else torch.float64
    one, other = eager.to(kind), traced.to(kind)
    finite = one[one.isfinite()].abs()
    scale = max(1.0, float(finite.max())) if finite.numel() else 1.0
    wrong = ~torch.isclose(one, other, rtol=limit, atol=0.1 * limit * scale, equal_nan=True)
    if not bool(wrong.any()):
        return ""
    apart = (one - other).abs()[wrong]
    apart = apart[apart.isfinite()]
    most = f" by up to {float(apart.max()):.3g}" if apart.numel() else ": NaN or infinity in one of them"
    return f"{name} differs in {int(wrong.sum())} of {wrong.numel()} values{most}"


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor as numbers in rows, whatever it is stored as."""
    tensor = tensor.detach()
    if tensor.is_quantized:
        return tensor.dequantize()
    return tensor if tensor.layout is torch.strided else tensor.to_dense()


def _first(found: Any) -> str:
    return next((one for one in found if one), "")


def _keys(mapping: Mapping[Any, Any]) -> str:
    return ", ".join(sorted(map(str, mapping)))


def _shown(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return described(value)
    text = repr(value) if isinstance(value, (bool, int, float, str, type(None))) else f"a {type(value).__name__}"
    return text[:60]

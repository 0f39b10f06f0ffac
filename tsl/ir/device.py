"""The domain of devices: where a tensor is, once the model is deployed.

Definitions:
1. A device is a text with its index (`cpu`, `cuda:0`); ANYWHERE where it is not known, NOWHERE where no run gets that
   far. The lattice is flat: NOWHERE below every device, ANYWHERE above.
2. An operation has its tensors on their *common* device. A tensor on the CPU without dimensions may stand beside any
   other (c10/core/TensorImpl.h `is_wrapped_number` and aten/src/ATen/TensorIterator.cpp,
   `compute_common_dtype_and_device`; torch/_subclasses/fake_tensor.py, `_find_common_device`): it is *light*. Every
   other is *heavy*. A tensor without dimensions on another device is heavy.
3. Two heavy tensors on two known devices *conflict*. A tensor of unknown rank on the CPU may be light, and one whose
   device is not known may be anywhere: neither conflicts with anything.
4. Whoever goes on past an operation had no conflict: a heavy tensor's device is that of the result.

Needs nothing. It will never know an operator.
"""

from __future__ import annotations

from collections.abc import Sequence

from tsl.ir.shape import Shape

ANYWHERE, NOWHERE = "", "!"
CPU = "cpu"


def normal(device: str) -> str:
    """A device with its index: an accelerator without one is the current one, number 0 unless a program changes it."""
    return device if device == CPU or ":" in device or not device or device == "meta" else f"{device}:0"


def join(one: str, other: str) -> str:
    """What holds on either of two paths (1)."""
    if one == other or other == NOWHERE:
        return one
    return other if one == NOWHERE else ANYWHERE


def is_light(device: str, shape: Shape) -> bool:
    """Whether a tensor surely stands beside tensors of any device (2)."""
    return device == CPU and shape == ()


def is_heavy(device: str, shape: Shape) -> bool:
    """Whether a tensor surely stands beside none of another device (2)."""
    return device != ANYWHERE and device != NOWHERE and (device != CPU or (shape is not None and shape != ()))


def common(tensors: Sequence[tuple[str, Shape]]) -> tuple[str, int, tuple[int, int] | None]:
    """Where an operation on tensors with these devices and shapes has its result (2), the place of the tensor that
    decides it (-1 where none does), and the places of two that conflict (3).
    """
    found, decides, unknown = NOWHERE, -1, False
    for place, (device, shape) in enumerate(tensors):
        if device == NOWHERE:
            return NOWHERE, place, None
        if not is_heavy(device, shape):
            unknown = unknown or device == ANYWHERE
            continue
        if decides >= 0 and device != found:
            return NOWHERE, place, (decides, place)
        if decides < 0:
            found, decides = device, place
    if decides >= 0:
        return found, decides, None
    if unknown or not tensors:
        return ANYWHERE, -1, None
    return CPU, 0, None

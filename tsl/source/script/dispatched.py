"""Functions of torch.nn.functional that have an overload for each form of their arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tsl.source.script.table import call as matched
from tsl.source.script.table import read_schema
from tsl.source.script.types import TENSOR, Type, told

if TYPE_CHECKING:
    from tsl.source.script.calls import Given
    from tsl.source.script.statements import Emitter

# torch/nn/functional.py: interpolate and upsample are declared by torch.jit._overload
RESIZED = tuple(
    f"Tensor input, {size}? size=None, {scale}? scale_factor=None"
    for scale in ("float[]", "float")
    for size in ("int", "int[]")
)
UPSAMPLED = ("Tensor input, int? size=None, float? scale_factor=None",
             "Tensor input, int[]? size=None, float? scale_factor=None")  # fmt: skip
DISPATCHED = {
    "torch.nn.functional.interpolate": (
        RESIZED,
        "str mode=0, bool? align_corners=None, bool? recompute_scale_factor=None, bool antialias=False",
    ),
    "torch.nn.functional.upsample": (UPSAMPLED, "str mode=0, bool? align_corners=None"),
}


def call(emitter: Emitter, node: Any, path: str, given: Given) -> Type:
    """Calls a function of torch that has an overload for each form of its arguments."""
    overloads = [read_schema(f"{path}({each}, {DISPATCHED[path][1]}) -> Tensor") for each in DISPATCHED[path][0]]
    if given.certain and matched(overloads, given.places, given.named).refused:
        named = [f"{name}: {told(kind)}" for name, kind in given.named.items()]
        kinds = ", ".join([*map(told, given.places), *named])
        return emitter.refuse(node, "argument", f"`{path}` does not take ({kinds})")
    return TENSOR

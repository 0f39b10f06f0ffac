"""Where torch takes a plain number: sizes that tracing bakes there, and tensors whose value Python has to read.

Definitions:
1. A traced size is *baked* at the places of torch_hand's BAKED tables: the trace holds the number it was.
2. A tensor without dimensions is *read* where a number stands in the schema: torch.arange(n), x.view(n, -1), x[:n],
   alpha=. Tracing follows it, so nothing is lost; but the number has to come from the device first.
3. A traced size is *refused* where the schema has a bool or a list of floats: the capture ends in a TypeError
   (measured on 2.13, at the places of REFUSED).
"""

from __future__ import annotations

from typing import Any

from tsl.source import values
from tsl.source.frame import Frame
from tsl.source.refs import Arguments
from tsl.source.torch_hand import BAKED_ARGUMENTS, BAKED_LISTS, BAKED_NUMBERS, KEYWORD_ONLY, Argument
from tsl.source.values import SEQ, SIZE, TENSOR, Value

# Each table of torch_hand with the forms a size is baked in: bare, in a list or tuple
BAKED = (
    (BAKED_ARGUMENTS, True, True),
    (BAKED_NUMBERS, True, False),
    (BAKED_LISTS, False, True),
)
# Places of one number where a tensor is read (2), and calls all of whose places are sizes. Source: the arguments of
# type Scalar, int and SymInt in native_functions.yaml without an overload that takes a Tensor.
_SCALED = ("add", "sub", "subtract", "add_", "sub_")
READ_ARGUMENTS: dict[str, tuple[Argument, ...]] = {
    "torch.arange": ((0, "start"), (1, "end"), (2, "step")),
    "torch.range": ((0, "start"), (1, "end"), (2, "step")),
    "torch.linspace": ((2, "steps"),),
    "torch.logspace": ((2, "steps"),),
    "torch.full": ((0, "size"), (1, "fill_value")),
    "torch.Tensor.new_full": ((0, "size"), (1, "fill_value")),
    "torch.topk": ((1, "k"),),
    "torch.Tensor.topk": ((0, "k"),),
    "torch.kthvalue": ((1, "k"),),
    "torch.Tensor.kthvalue": ((0, "k"),),
    "torch.narrow": ((2, "start"), (3, "length")),
    "torch.Tensor.narrow": ((1, "start"), (2, "length")),
    "torch.split": ((1, "split_size_or_sections"),),
    "torch.Tensor.split": ((0, "split_size"),),
    "torch.nn.functional.one_hot": ((1, "num_classes"),),
    **dict.fromkeys([f"torch.Tensor.{name}" for name in _SCALED], ((KEYWORD_ONLY, "alpha"),)),
    **dict.fromkeys([f"torch.{name}" for name in _SCALED[:3]], ((KEYWORD_ONLY, "alpha"),)),
    **dict.fromkeys(
        [f"{space}.{name}" for space in ("torch", "torch.Tensor") for name in ("addmm", "addmv", "baddbmm", "addbmm")],
        ((KEYWORD_ONLY, "beta"), (KEYWORD_ONLY, "alpha")),
    ),
}
REFUSED = frozenset(
    {"is_causal", "keepdim", "ceil_mode", "align_corners", "largest", "descending", "training", "scale_factor"}
)
READ_SIZES = frozenset(
    [f"torch.{name}" for name in ("zeros", "ones", "empty", "rand", "randn", "randperm", "eye")]
    + [f"torch.Tensor.{name}" for name in ("view", "reshape", "expand", "repeat", "tile")]
    + [f"torch.Tensor.new_{name}" for name in ("zeros", "ones", "empty")]
)


def record_baked(frame: Frame, path: str, arguments: Arguments, node: Any) -> None:
    """Records traced sizes at argument places that torch takes as plain Python numbers."""
    for table, bare, listed in BAKED:
        for position, name in table.get(path, ()):
            given = arguments.get(position, name)
            if given is None or not (listed if given.kind & SEQ else bare):
                continue
            value = innermost(given)
            if value.kind & SIZE and not value.kind & TENSOR and not _fixed_by_weight(name, value, arguments):
                frame.record(_argument_node(node, position, name), "argument", value)
    if arguments.keywords:
        _record_refused(frame, arguments, node)


def _record_refused(frame: Frame, arguments: Arguments, node: Any) -> None:
    """Records traced sizes, and what they are compared to, in keyword arguments that refuse them (3)."""
    for name in sorted(REFUSED.intersection(arguments.keywords)):
        value = innermost(arguments.keywords[name])
        if value.kind & SIZE and not value.kind & TENSOR and not _is_recomputed(name, arguments):
            frame.note_event(_argument_node(node, len(node.args), name), "refused", value)


def _is_recomputed(name: str, arguments: Arguments) -> bool:
    """Whether a scale is one of which interpolate() makes a size, which tracing follows."""
    asked = arguments.keywords.get("recompute_scale_factor")
    return name == "scale_factor" and asked is not None and asked.const is not False


def _fixed_by_weight(name: str, value: Value, arguments: Arguments) -> bool:
    """Whether a size is the number of groups of a convolution whose weight, one of the model, allows no other."""
    weight = arguments.get(1, "weight") if name == "groups" and value.origin & values.SIZES else None
    return weight is not None and weight.is_only(TENSOR) and not weight.origin & (values.DATA | values.SIZES)


def innermost(value: Value) -> Value:
    """The join of the numbers in nested lists, as deep as torch.tensor() takes them."""
    for _ in range(3):
        if not value.is_only(SEQ) or value.parts == ():
            break
        value = value.elements()
    return value


def _argument_node(node: Any, position: int, name: str) -> Any:
    for keyword in node.keywords:
        if keyword.arg == name:
            return keyword.value
    return node.args[position] if position < len(node.args) else node


def note_read(frame: Frame, path: str, arguments: Arguments, node: Any) -> None:
    """Notes the tensors that are read for a number (2)."""
    places = READ_ARGUMENTS.get(path, ())
    if path in READ_SIZES:
        places = tuple((place, "size") for place in range(len(arguments.positional)))
    for place, name in places:
        given = arguments.get(place, name)
        for value in () if given is None else _alone(given):
            if value.kind & TENSOR:
                frame.note_event(_argument_node(node, place, name), "read", value)


def _alone(given: Value) -> tuple[Value, ...]:
    if given.is_only(SEQ) and isinstance(given.parts, tuple):
        return given.parts
    return (given,)


def note_bound(frame: Frame, node: Any, bound: Value) -> None:
    """Notes a bound of a slice of a tensor that is a tensor (2)."""
    if bound.kind & TENSOR:
        frame.note_event(node, "read", bound)

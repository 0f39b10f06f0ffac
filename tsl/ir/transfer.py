"""What a node makes of what its operands hold: the transfer function of `tsl.ir.held`, one node at a time.

1. A node that is given a device makes its tensors there. A device that is a literal makes the node a *literal* itself,
   for a tensor that stays where it is put; `cpu` and `cuda` name theirs without an operand, and what makes a tensor out
   of nothing makes it on the CPU where it is given none.
2. Any other node of torch makes its tensors where its operands have them in common, and without operands on the CPU. A
   node of another namespace without operands makes them anywhere.
3. *Free* operands may be on the CPU beside tensors of another device: where a tensor is copied or asked for, an index,
   a number.

Blocks and calls are `tsl.ir.reach`'s. It will never look beyond one node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

from tsl.archive.values import Device, Tensor
from tsl.ir.graph import Node
from tsl.ir.held import (
    ANYWHERE,
    FIXED,
    HOST,
    MOVES,
    NOTHING,
    NOWHERE,
    SIZE,
    Held,
    common,
    element,
    gathered,
    join,
    together,
)
from tsl.ir.types import Type

OF_TORCH = ("aten::", "prim::", "prims::")
COMPARE = frozenset(
    """aten::gt aten::lt aten::ge aten::le aten::eq aten::ne aten::greater aten::less aten::greater_equal
    aten::less_equal aten::not_equal aten::logical_not aten::logical_and aten::logical_or aten::logical_xor aten::isnan
    aten::isinf aten::isfinite aten::isin""".split()
)
# Of masks they make a mask, of numbers a number.
LOGIC = frozenset(
    "aten::__and__ aten::__or__ aten::__xor__ aten::bitwise_and aten::bitwise_or aten::bitwise_not".split()
)
RESHAPE = frozenset(
    """aten::view aten::reshape aten::squeeze aten::unsqueeze aten::expand aten::flatten aten::slice aten::select
    aten::transpose aten::permute aten::contiguous aten::clone aten::detach aten::t aten::cat aten::stack""".split()
)
ARITHMETIC = LOGIC | frozenset(
    """aten::add aten::sub aten::mul aten::div aten::rsub aten::floor_divide aten::remainder aten::fmod aten::pow
    aten::neg aten::ceil aten::floor aten::round aten::trunc aten::sqrt aten::minimum aten::maximum aten::to
    aten::detach aten::clone aten::abs""".split()
)
SIZED = frozenset("aten::zeros aten::ones aten::full aten::empty aten::rand aten::randn".split())
OF_DATA = frozenset("aten::tensor aten::as_tensor aten::scalar_tensor".split())
OF_NOTHING = SIZED.union(
    OF_DATA,
    """aten::arange aten::linspace aten::logspace aten::eye aten::randint aten::randperm aten::tril_indices
    aten::triu_indices aten::hann_window aten::hamming_window aten::bartlett_window aten::blackman_window
    aten::kaiser_window""".split(),
)
NUMBERS = frozenset({"int", "float", "bool", "complex", "Scalar"})
NAMED_DEVICE: Mapping[str, str] = {"aten::cpu": "cpu", "aten::cuda": "cuda"}

# (3) Free altogether, and free but for the first operand.
FREE = frozenset(
    """aten::to aten::cpu aten::cuda aten::copy_ aten::type_as aten::expand_as aten::view_as aten::reshape_as
    aten::append aten::extend aten::insert aten::_set_item aten::is_same_size aten::__is__ aten::__isnot__
    aten::zeros_like aten::ones_like aten::len aten::_pack_padded_sequence aten::_pad_packed_sequence""".split()
)
FREE_INDICES = frozenset({"aten::index", "aten::index_put", "aten::index_put_"})


def transfer(node: Node, operands: Sequence[Held], number: int) -> tuple[Held, ...]:
    """What the outputs of a node hold; `number` stands for the node where it is a literal."""
    own = SPECIAL.get(node.kind)
    if own is not None:
        return own(node, operands)
    made = _made(node, operands, number)
    return tuple(_typed(value.type, made) for value in node.outputs)


def joined(node: Node, operands: Sequence[Held]) -> tuple[int, ...]:
    """The literals whose tensors a node joins with tensors that move, which no operation can once the model moved."""
    if node.kind in FREE or not node.kind.startswith("aten::"):
        return ()
    given = list(_flattened(operands[:1] if node.kind in FREE_INDICES else operands))
    if not any(held.where == MOVES for held in _flattened(operands)):
        return ()
    return together(held for held in given if held.where in (HOST, FIXED) and not held.is_number)


def is_literal(node: Node, operands: Sequence[Held]) -> bool:
    """Whether a node puts a tensor on a device that is written into it (1)."""
    return bool(device_of(node, operands)) and any(holds_tensor(value.type) for value in node.outputs)


def device_of(node: Node, operands: Sequence[Held]) -> str:
    """The device that is written into a node, empty where there is none."""
    given = [held for held in operands if held.device is not None]
    if not given and node.kind in OF_NOTHING and all(held.where == NOWHERE for held in operands):
        return "cpu"
    named = next((held.device for held in given if held.device), "")
    return named or NAMED_DEVICE.get(node.kind, "")


@cache
def holds_tensor(type: Type) -> bool:
    """Whether a value of a type is, or has in it, a tensor."""
    return type.kind in {"Tensor", "Any"} or any(map(holds_tensor, type.arguments))


def _made(node: Node, operands: Sequence[Held], number: int) -> Held:
    """What a tensor that a node makes holds, wherever among its outputs it is."""
    tensors = [held for held in operands if held.where != NOWHERE and held.device is None]
    asked = next((held for held in operands if held.device is not None), None)
    numbers = _is_number(node, operands, tensors)
    masks = node.kind in COMPARE or (
        node.kind in LOGIC | RESHAPE and bool(tensors) and all(held.is_mask for held in tensors)
    )
    if name := device_of(node, operands):
        return Held(_place(name), numbers, masks, (number,))
    if asked is not None:
        return Held(asked.where, numbers, masks)
    if tensors:
        where = common(tensors)
        return Held(where, numbers, masks, () if where == MOVES else together(tensors))
    return Held(HOST, numbers, masks) if node.kind.startswith(OF_TORCH) else ANYWHERE


def _is_number(node: Node, operands: Sequence[Held], tensors: Sequence[Held]) -> bool:
    if node.kind in SIZED and operands:
        return operands[0].parts == () or operands[0].constant in (([],), ((),))
    if node.kind in OF_DATA and node.inputs:
        return node.inputs[0].type.kind in NUMBERS
    return node.kind in ARITHMETIC and bool(tensors) and all(held.is_number for held in tensors)


def _typed(type: Type, made: Held) -> Held:
    if type.kind == "Tensor" or (type.kind == "Optional" and type.element.kind == "Tensor"):
        return made
    if type.kind == "Device":
        return ANYWHERE._replace(device="")
    return Held(made.where, literals=made.literals) if holds_tensor(type) else NOTHING


def _place(device: str) -> str:
    return HOST if device.partition(":")[0] == "cpu" else FIXED


def _flattened(operands: Sequence[Held]) -> Iterator[Held]:
    for held in operands:
        if held.parts is None:
            yield held
        else:
            yield from _flattened(held.parts)


def _constant(node: Node, operands: Sequence[Held]) -> tuple[Held, ...]:
    value, type = node.attribute("value"), node.outputs[0].type
    if type.kind == "Device" or isinstance(value, Device):
        text = str(getattr(value, "text", value))
        return (Held(_place(text), device=text),)
    if isinstance(value, Tensor):
        return (Held(HOST, is_number=value.shape == (), is_mask=value.dtype == "bool"),)
    if type.kind == "Function":
        return (Held(constant=(node.attribute("name", value),)),)
    if isinstance(value, int | float | str | None):
        return (Held(constant=(value,)),)
    return (Held(HOST) if holds_tensor(type) else Held(constant=((),) if value in ([], ()) else ()),)


def _gathered(node: Node, operands: Sequence[Held]) -> tuple[Held, ...]:
    return (gathered(tuple(operands)),)


def _mapped(node: Node, operands: Sequence[Held]) -> tuple[Held, ...]:
    return (Held(common(operands), literals=together(operands)),)


def _spread(node: Node, operands: Sequence[Held]) -> tuple[Held, ...]:
    parts = operands[0].parts
    if parts is not None and len(parts) == len(node.outputs):
        return parts
    return tuple(_typed(value.type, element(operands[0])) for value in node.outputs)


def _item(node: Node, operands: Sequence[Held]) -> tuple[Held, ...]:
    parts, index = operands[0].parts, operands[1].constant if len(operands) > 1 else ()
    if parts is not None and index and type(index[0]) is int and -len(parts) <= index[0] < len(parts):
        return (parts[index[0]],)
    return (_typed(node.outputs[0].type, element(operands[0])),)


def _device(node: Node, operands: Sequence[Held]) -> tuple[Held, ...]:
    return (Held(operands[0].where, device=""),)


def _same(node: Node, operands: Sequence[Held]) -> tuple[Held, ...]:
    return (operands[0],)


def _negated(node: Node, operands: Sequence[Held]) -> tuple[Held, ...]:
    given = operands[0].constant
    return (Held(constant=(not given[0],)) if given and type(given[0]) is bool else NOTHING,)


def _size(node: Node, operands: Sequence[Held]) -> tuple[Held, ...]:
    return (SIZE,)


def _nothing(node: Node, operands: Sequence[Held]) -> tuple[Held, ...]:
    return (NOTHING,) * len(node.outputs)


def _like_second(node: Node, operands: Sequence[Held]) -> tuple[Held, ...]:
    return (Held(operands[-1].where, operands[0].is_number, literals=operands[-1].literals),)


def _packed(node: Node, operands: Sequence[Held]) -> tuple[Held, ...]:
    """The data is where the input is; the sizes of the batches are on the CPU whatever it is."""
    return (Held(operands[0].where, literals=operands[0].literals), Held(HOST))


SPECIAL: Mapping[str, Callable[[Node, Sequence[Held]], tuple[Held, ...]]] = {
    "prim::Constant": _constant,
    "prim::ListConstruct": _gathered,
    "prim::TupleConstruct": _gathered,
    "prim::DictConstruct": _mapped,
    "prim::ListUnpack": _spread,
    "prim::TupleUnpack": _spread,
    "prim::TupleIndex": _item,
    "aten::__getitem__": _item,
    "prim::device": _device,
    "prim::NumToTensor": _size,
    "aten::_shape_as_tensor": lambda node, operands: (Held(HOST),),
    "aten::__not__": _negated,
    "prim::unchecked_cast": _same,
    "prim::unchecked_unwrap_optional": _same,
    "aten::_unwrap_optional": _same,
    "prim::Uninitialized": _nothing,
    "aten::type_as": _like_second,
    "aten::_pack_padded_sequence": _packed,
}

__all__ = ["device_of", "holds_tensor", "is_literal", "join", "joined", "transfer"]

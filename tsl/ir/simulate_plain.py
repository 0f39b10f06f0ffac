"""What TorchScript computes without a kernel, on the values themselves: numbers, texts, lists, dictionaries.

Definitions:
1. Values are Python's own; a list or dictionary that a graph writes to is written to here as well.
2. A number may be one of torch's symbolic numbers, which stands for what the data decides: it is computed with, and
   what asks whether it is true raises an error of torch's.

`PLAIN` has a function for each kind of node that asks nothing of a tensor, `ASKED` one for each that does, and makes no
tensor. Needs no torch. It will never know a node or a device.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from tsl.ir.dtype import CATEGORIES, CODE_OF, COMPLEX, FLOATING

STRIDED = 0  # c10/core/Layout.h
MOST_PARTS = 1_000_000  # of a list or text that is repeated


def _sliced(held: Any, start: Any = None, end: Any = None, step: Any = 1) -> Any:
    return held[slice(start, end, step)]


def _appended(held: list[Any], value: Any) -> list[Any]:
    held.append(value)
    return held


def _extended(held: list[Any], values: Any) -> list[Any]:
    held.extend(values)
    return held


def _entered(held: Any, key: Any, value: Any) -> Any:
    held[key] = value
    return held


def _deleted(held: Any, key: Any) -> None:
    del held[key]


def _popped(held: Any, *rest: Any) -> Any:
    return held.pop(*rest)


def _got(held: Mapping[Any, Any], key: Any, default: Any = None) -> Any:
    return held.get(key, default)


def _dictionary(pairs: Any = ()) -> dict[Any, Any]:
    return dict(pairs)


def _range_length(start: int, end: int, step: int) -> int:
    return len(range(start, end, step))


def _derived(index: Any, start: Any, step: Any) -> Any:
    return start + index * step


def _present(value: Any, *_: Any) -> Any:
    return value


def _formatted(text: str, *values: Any) -> str:
    return text.format(*values)


def _sorted_in_place(held: list[Any], reverse: bool = False) -> None:
    held.sort(reverse=bool(reverse))


def _is_same(one: Any, other: Any) -> bool:
    return one is other or (_is_device(one) and _is_device(other) and bool(one == other))


def _is_device(value: Any) -> bool:
    return type(value).__name__ == "device"


def _nothing(*_: Any) -> None:
    return None


def _repeated(one: Any, other: Any) -> Any:
    for held, times in ((one, other), (other, one)):
        if isinstance(held, (list, str)) and len(held) * max(times, 0) > MOST_PARTS:
            raise ValueError("it is longer than is followed")
    return one * other


def _false(*_: Any) -> bool:
    return False


def _rounded(compute: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: value if isinstance(value, int) else compute(value)


def _number(kind: type) -> Callable[[Any], Any]:
    """The number of that kind; one that is symbolic stays what it is, for asking for its digits is asking the data."""

    def convert(value: Any) -> Any:
        return kind(value) if isinstance(value, (bool, int, float, complex, str)) else value

    return convert


# What keeps values without asking what they are.
STORING = frozenset(
    "aten::append aten::_set_item aten::insert aten::len aten::__is__ aten::__isnot__ aten::_unwrap_optional"
    " prim::unchecked_cast prim::unchecked_unwrap_optional".split()
)
# What asks of values which are alike, or the larger: of tensors that is a question about data.
COMPARING = frozenset(
    "aten::eq aten::ne aten::__contains__ aten::sum aten::all aten::any aten::sort aten::sorted prim::min"
    " prim::max".split()
)
# What writes to its first argument, but for operators that say so in their name.
CHANGING = frozenset(
    "aten::append aten::_set_item aten::insert aten::extend aten::pop aten::Delete aten::clear aten::reverse aten::sort"
    " aten::update aten::setdefault prim::SetAttr".split()
)

PLAIN: Mapping[str, Callable[..., Any]] = {
    "aten::add": operator.add,
    "aten::sub": operator.sub,
    "aten::mul": _repeated,
    "aten::floordiv": operator.floordiv,
    "aten::remainder": operator.mod,
    "aten::div": operator.truediv,
    "aten::pow": operator.pow,
    "aten::neg": operator.neg,
    "aten::eq": operator.eq,
    "aten::ne": operator.ne,
    "aten::lt": operator.lt,
    "aten::gt": operator.gt,
    "aten::le": operator.le,
    "aten::ge": operator.ge,
    "aten::__and__": operator.and_,
    "aten::__or__": operator.or_,
    "aten::__xor__": operator.xor,
    "aten::__not__": operator.not_,
    "aten::__is__": _is_same,
    "aten::__isnot__": lambda one, other: not _is_same(one, other),
    "prim::min": min,
    "prim::max": max,
    "prim::abs": abs,
    "aten::abs": abs,
    "aten::ceil": _rounded(math.ceil),
    "aten::floor": _rounded(math.floor),
    "aten::round": _rounded(round),
    "aten::sqrt": math.sqrt,
    "aten::log": math.log,
    "aten::exp": math.exp,
    "aten::sum": sum,
    "aten::all": all,
    "aten::any": any,
    "aten::Int": _number(int),
    "aten::IntImplicit": _number(int),
    "aten::Float": _number(float),
    "aten::FloatImplicit": _number(float),
    "aten::Bool": _number(bool),
    "aten::len": len,
    "aten::list": list,
    "aten::slice": _sliced,
    "aten::__getitem__": operator.getitem,
    "prim::TupleIndex": operator.getitem,
    "aten::__contains__": operator.contains,
    "aten::append": _appended,
    "aten::extend": _extended,
    "aten::add_": _extended,
    "aten::insert": list.insert,
    "aten::_set_item": _entered,
    "aten::pop": _popped,
    "aten::Delete": _deleted,
    "aten::clear": lambda held: held.clear(),
    "aten::reverse": list.reverse,
    "aten::sort": _sorted_in_place,
    "aten::sorted": sorted,
    "aten::copy": lambda held: held.copy(),
    "aten::keys": lambda held: list(held.keys()),
    "aten::values": lambda held: list(held.values()),
    "aten::items": lambda held: list(held.items()),
    "aten::get": _got,
    "aten::dict": _dictionary,
    "aten::update": dict.update,
    "aten::setdefault": dict.setdefault,
    "aten::__range_length": _range_length,
    "aten::__derive_index": _derived,
    "aten::_unwrap_optional": _present,
    "prim::unchecked_unwrap_optional": _present,
    "prim::unchecked_cast": _present,
    "aten::format": _formatted,
    "aten::str": str,
    "aten::join": str.join,
    "aten::split": str.split,
    "aten::replace": str.replace,
    "aten::upper": str.upper,
    "aten::lower": str.lower,
    "aten::startswith": str.startswith,
    "aten::endswith": str.endswith,
    "prim::type": lambda device: device.type,
    "aten::is_scripting": lambda: True,
    "prim::is_scripting": lambda: True,
    **dict.fromkeys("aten::is_grad_enabled aten::is_autocast_enabled aten::is_autocast_cpu_enabled".split(), _false),
    **dict.fromkeys("aten::is_tracing prim::is_tracing".split(), _false),
    **dict.fromkeys("aten::warn prim::Print aten::set_grad_enabled aten::_set_grad_enabled".split(), _nothing),
    **dict.fromkeys("aten::_assert prim::AddStatValue".split(), _nothing),
}


def _size(tensor: Any, place: Any = None) -> Any:
    return list(tensor.shape) if place is None else tensor.shape[place]


def _stride(tensor: Any, place: Any = None) -> Any:
    return list(tensor.stride()) if place is None else tensor.stride()[place]


def dtype_of(tensor: Any) -> str:
    """`float32`"""
    return str(tensor.dtype).removeprefix("torch.")


def _is_on(kind: str) -> Callable[[Any], bool]:
    return lambda tensor: bool(tensor.device.type == kind)


ASKED: Mapping[str, Callable[..., Any]] = {
    "aten::size": _size,
    "prim::shape": _size,
    "aten::stride": _stride,
    "aten::dim": lambda tensor: tensor.dim(),
    "aten::len": lambda tensor: tensor.shape[0],
    "aten::numel": lambda tensor: tensor.numel(),
    "prim::dtype": lambda tensor: CODE_OF[dtype_of(tensor)],
    "prim::device": lambda tensor: tensor.device,
    "prim::layout": lambda tensor: STRIDED,
    "prim::is_cuda": _is_on("cuda"),
    "prim::is_cpu": _is_on("cpu"),
    "prim::is_meta": _is_on("meta"),
    "prim::is_xpu": _is_on("xpu"),
    "prim::is_mps": _is_on("mps"),
    "aten::is_floating_point": lambda tensor: CATEGORIES.get(dtype_of(tensor)) == FLOATING,
    "aten::is_complex": lambda tensor: CATEGORIES.get(dtype_of(tensor)) == COMPLEX,
    "aten::is_contiguous": lambda tensor, *_: tensor.is_contiguous(),
    "aten::storage_offset": lambda tensor: tensor.storage_offset(),
    "aten::element_size": lambda tensor: tensor.element_size(),
    "aten::get_device": lambda tensor: tensor.get_device(),
    "aten::is_same_size": lambda one, other: list(one.shape) == list(other.shape),
    **dict.fromkeys(
        "prim::requires_grad prim::is_nested prim::is_sparse prim::is_quantized prim::is_mkldnn".split(), _false
    ),
}

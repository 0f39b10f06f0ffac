"""What operators on numbers, strings, tuples and devices come to, as torch's interpreter computes them.

    evaluate("aten::floordiv", (7, 2), ...) -> (3,)

Only what PyTorch runs on immutable values is here (torch/csrc/jit/runtime/register_prim_ops.cpp), and of that what
models have been seen to leave to constant propagation. Integers are of 64 bits: what leaves them is not folded, nor
what raises. It will never make a tensor, a list or a dictionary.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from tsl.archive.values import Device, EnumMember
from tsl.ir.types import Type, is_subtype, parse

LONGEST_TEXT = 10_000
_NUMBERS = (int, float, complex)


class _Unknown(Exception):
    """What an operator comes to is not known here."""


def evaluate(
    kind: str, given: tuple[Any, ...], types: tuple[Type, ...], attributes: Mapping[str, Any]
) -> tuple[Any, ...] | None:
    """What an operator makes of values of these types, or None where that is not known."""
    if kind == "prim::TupleConstruct":
        return (given,)
    if kind == "prim::TupleUnpack":
        return given[0] if isinstance(given[0], tuple) else None
    if kind == "prim::isinstance":
        return (any(is_subtype(types[0], wanted) for wanted in attributes["types"]),)
    compute = COMPUTE.get(kind)
    if compute is None:
        return None
    try:
        value = compute(*given)
    except (_Unknown, TypeError, ValueError, ArithmeticError, IndexError):
        return None
    return (value,) if _is_sound(value) else None


def _is_sound(value: Any) -> bool:
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, str):
        return len(value) <= LONGEST_TEXT
    return isinstance(value, float | complex | Device | tuple)


def _numbers(compute: Callable[..., Any]) -> Callable[..., Any]:
    def computed(*given: Any) -> Any:
        if not all(isinstance(value, _NUMBERS) for value in given):
            raise _Unknown
        return compute(*given)

    return computed


def _add(one: Any, other: Any, *more: Any) -> Any:
    if more:  # with an alpha, for numbers that stand for tensors
        raise _Unknown
    if isinstance(one, str) and isinstance(other, str):
        return one + other
    return _numbers(operator.add)(one, other)


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int):
        return float(base) ** exponent  # aten::pow.int is a float
    return base**exponent


def _integer(value: Any, *more: Any) -> int:
    if more or not isinstance(value, int | float | str):
        raise _Unknown
    return int(value)


def _float(value: Any) -> float:
    if not isinstance(value, int | float | str):
        raise _Unknown
    return float(value)


def _truth(value: Any) -> bool:
    if not isinstance(value, int | float):
        raise _Unknown
    return bool(value)


def _equal(one: Any, other: Any) -> bool:
    comparable = isinstance(one, _NUMBERS) and isinstance(other, _NUMBERS)
    if not comparable and type(one) is not type(other):
        raise _Unknown
    return bool(one == other)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compared(one: Any, other: Any) -> bool:
        both_text = isinstance(one, str) and isinstance(other, str)
        if not both_text and not (isinstance(one, int | float) and isinstance(other, int | float)):
            raise _Unknown
        return bool(compare(one, other))

    return compared


def _is(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    raise _Unknown


def _length(value: Any) -> int:
    if not isinstance(value, str | tuple):
        raise _Unknown
    return len(value)


def _item(value: Any, place: Any) -> Any:
    if not isinstance(value, str | tuple) or not isinstance(place, int):
        raise _Unknown
    return value[place]


def _text(value: Any) -> str:
    if not isinstance(value, str | int | float):
        raise _Unknown
    return str(value)


def _shift(compute: Callable[[int, int], int]) -> Callable[[int, int], int]:
    def shifted(one: int, other: int) -> int:
        if not 0 <= other < 64:
            raise _Unknown
        return compute(one, other)

    return shifted


def _present(value: Any) -> Any:
    if value is None:
        raise _Unknown
    return value


def _device(text: Any, *more: Any) -> Device:
    if not isinstance(text, str) or more:
        raise _Unknown
    return Device(text)


def _both(compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def computed(one: Any, other: Any) -> Any:
        if not isinstance(one, int) or not isinstance(other, int):
            raise _Unknown
        return compute(one, other)

    return computed


COMPUTE: Mapping[str, Callable[..., Any]] = {
    "aten::add": _add,
    "aten::sub": _numbers(lambda one, other: one - other),
    "aten::mul": _numbers(lambda one, other: one * other),
    "aten::div": _numbers(lambda one, other: one / other),
    "aten::floordiv": _numbers(lambda one, other: one // other),
    "aten::remainder": _numbers(lambda one, other: one % other),
    "aten::pow": _numbers(_power),
    "aten::neg": _numbers(operator.neg),
    "aten::eq": _equal,
    "aten::ne": lambda one, other: not _equal(one, other),
    "aten::lt": _ordered(operator.lt),
    "aten::le": _ordered(operator.le),
    "aten::gt": _ordered(operator.gt),
    "aten::ge": _ordered(operator.ge),
    "aten::__and__": _both(operator.and_),
    "aten::__or__": _both(operator.or_),
    "aten::__xor__": _both(operator.xor),
    "aten::__lshift__": _both(_shift(operator.lshift)),
    "aten::__rshift__": _both(_shift(operator.rshift)),
    "aten::__not__": lambda value: not _truth(value),
    "aten::__is__": _is,
    "aten::__isnot__": lambda one, other: not _is(one, other),
    "aten::Int": _integer,
    "aten::Float": _float,
    "aten::Bool": _truth,
    "aten::str": _text,
    "aten::len": _length,
    "aten::__getitem__": _item,
    "prim::TupleIndex": _item,
    "prim::unchecked_cast": lambda value: value,
    "aten::_unwrap_optional": _present,
    "aten::ceil": _numbers(math.ceil),
    "aten::floor": _numbers(math.floor),
    "aten::sqrt": _numbers(lambda value: math.sqrt(value)),
    "aten::log": _numbers(lambda value: math.log(value)),
    "aten::exp": _numbers(lambda value: math.exp(value)),
    "aten::ord": ord,
    "aten::chr": chr,
    "prim::abs": _numbers(abs),
    "prim::min": _numbers(min),
    "prim::max": _numbers(max),
    "aten::device": _device,
}


def type_of(value: Any) -> Type:
    """The type of a value that `evaluate` makes."""
    if isinstance(value, EnumMember):
        return Type("Enum", (), value.type)
    if isinstance(value, tuple) and not isinstance(value, Device):
        return Type("Tuple", tuple(map(type_of, value)))
    return parse(type(value).__name__)

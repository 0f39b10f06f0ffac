"""What a tensor is asked for, and answers without a kernel: sizes, rank, dtype, device, the number it holds.

See scalar_rules for what a rule is. The answers are what the abstract value says. It will never know a list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tsl.ir.abstract import ANYTHING, Many, On, Tensor, Value, constant, dim_of, number, present
from tsl.ir.abstract import Sequence as Elements
from tsl.ir.device import ANYWHERE, NOWHERE
from tsl.ir.dtype import CATEGORIES, CODE_OF, FLOATING
from tsl.ir.graph import Node
from tsl.ir.list_rules import Rule, Values
from tsl.ir.number import ANY_SIZE, Size
from tsl.ir.shape import count


def asked(question: Callable[[Tensor], Value]) -> Rule:
    """The rule of what a tensor is asked for (2)."""

    def rule(node: Node, values: Values) -> Value:
        tensor = present(values[0])
        return question(tensor) if type(tensor) is Tensor else ANYTHING

    return rule


def _size(node: Node, values: Values) -> Value:
    tensor = present(values[0])
    shape = tensor.shape if type(tensor) is Tensor else None
    if len(values) == 1:
        return Many("list", ANY_SIZE, ANY_SIZE) if shape is None else Elements("list", tuple(map(number, shape)))
    place = dim_of(values[1])
    if shape is None or not isinstance(place, int) or not -len(shape) <= place < len(shape):
        return ANY_SIZE
    return number(shape[place])


def _rank(tensor: Tensor) -> Value:
    return Size(0, 64) if tensor.shape is None else constant(len(tensor.shape))


def _count(tensor: Tensor) -> Value:
    return ANY_SIZE if tensor.shape is None else number(count(tensor.shape))


def first(tensor: Tensor) -> Value:
    return number(tensor.shape[0]) if tensor.shape else ANY_SIZE


def _dtype(tensor: Tensor) -> Value:
    code = CODE_OF.get(tensor.dtype)
    return ANYTHING if code is None else constant(code)


def _device(tensor: Tensor) -> Value:
    return On(tensor.device, tensor.origin, False)


def _is_on(*kinds: str) -> Rule:
    def question(tensor: Tensor) -> Value:
        if tensor.device in (ANYWHERE, NOWHERE):
            return ANYTHING
        return constant(tensor.device.partition(":")[0] in kinds)

    return asked(question)


def _is_floating(tensor: Tensor) -> Value:
    category = CATEGORIES.get(tensor.dtype)
    return ANYTHING if category is None else constant(category == FLOATING)


def held(tensor: Tensor) -> Value:
    return ANYTHING if tensor.value is None else tensor.value


def _device_type(node: Node, values: Values) -> Value:
    on = values[0]
    return (
        constant(on.device.partition(":")[0]) if type(on) is On and on.device not in (ANYWHERE, NOWHERE) else ANYTHING
    )


def _scalar(node: Node, values: Values) -> Value:
    tensor = present(values[0])
    return held(tensor) if type(tensor) is Tensor else ANYTHING


RULES: Mapping[str, Rule] = {
    "aten::ScalarImplicit": _scalar,
    "aten::item": _scalar,
    "aten::size": _size,
    "prim::shape": _size,
    "aten::dim": asked(_rank),
    "aten::numel": asked(_count),
    "prim::dtype": asked(_dtype),
    "prim::device": asked(_device),
    "prim::type": _device_type,
    "prim::is_cuda": _is_on("cuda"),
    "prim::is_cpu": _is_on("cpu"),
    "prim::is_meta": _is_on("meta"),
    "prim::is_mps": _is_on("mps"),
    "prim::is_xpu": _is_on("xpu"),
    "aten::is_floating_point": asked(_is_floating),
}

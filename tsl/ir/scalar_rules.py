"""What TorchScript computes without a kernel: numbers, texts, lists, dictionaries, and what is asked of a tensor.

Definitions:
1. An operation on constants is done, as Python does it, where it is small; one on Sizes is done on their bounds and
   terms; every other makes ANYTHING.
2. What a tensor is asked for (its sizes, rank, dtype, device) is what its abstract value says.
3. A list whose elements are not known one by one answers with what covers all of them.

`RULES` has one function for each kind of node, of the node and its operands, in which cells are replaced by what they
hold: nothing here writes. It will never know a kernel.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from tsl.ir import number
from tsl.ir.abstract import (
    ANYTHING,
    NEVER,
    NONE,
    Constant,
    Many,
    Maybe,
    On,
    Table,
    Tensor,
    Value,
    constant,
    dim_of,
    element,
    is_none,
    join,
    length,
    present,
)
from tsl.ir.abstract import Sequence as Elements
from tsl.ir.device import ANYWHERE, CPU, NOWHERE
from tsl.ir.dtype import CATEGORIES, CODE_OF, FLOATING
from tsl.ir.graph import Node
from tsl.ir.number import ANY_SIZE, Dim, Size

Values: TypeAlias = Sequence[Value]
Rule: TypeAlias = Callable[[Node, Values], Value]

MOST_TEXT, MOST_POWER = 4096, 64
PLAIN = frozenset({"int", "float", "bool", "complex", "str"})


def known(value: Value) -> bool:
    """Whether a value is a constant that Python can compute with."""
    return type(value) is Constant and value.kind in PLAIN


def computed(compute: Callable[..., Any]) -> Rule:
    """The rule that does on constants what a function does (1)."""

    def rule(node: Node, values: Values) -> Value:
        if not all(map(known, values)):
            return ANYTHING
        try:
            found = compute(*(value.value for value in values))
        except (ArithmeticError, ValueError, TypeError, IndexError):
            return ANYTHING
        if node.outputs and node.outputs[0].type.kind == "float" and isinstance(found, int):
            found = float(found)
        return constant(found) if type(found).__name__ in PLAIN and not _is_large(found) else ANYTHING

    return rule


def _is_large(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) > MOST_TEXT
    return isinstance(value, int) and not -(2**63) <= value < 2**63


def _power(base: Any, exponent: Any) -> Any:
    if abs(exponent) > MOST_POWER:
        raise ValueError
    return base**exponent


def arithmetic(compute: Callable[..., Any], on_dims: Callable[[Dim, Dim], Dim]) -> Rule:
    """As `computed`, and on whole numbers that are not constant (1)."""
    plain = computed(compute)

    def rule(node: Node, values: Values) -> Value:
        if len(values) < 2:
            return ANYTHING
        if type(values[0]) is Size or type(values[1]) is Size:
            one, other = dim_of(values[0]), dim_of(values[1])
            return _int(on_dims(one, other)) if one is not None and other is not None else ANYTHING
        return plain(node, values[:2])

    return rule


def comparison(compute: Callable[..., bool], on_dims: Callable[[Dim, Dim], bool | None]) -> Rule:
    """As `arithmetic`, for a comparison: undecided is ANYTHING. Lists of numbers are compared element by element."""

    def rule(node: Node, values: Values) -> Value:
        one, other = values[0], values[1]
        dims = dim_of(one), dim_of(other)
        if None not in dims:
            return _truth(on_dims(*dims))  # type: ignore[arg-type]
        if type(one) is type(other) is Elements and compute in (operator.eq, operator.ne):
            same = _same_lists(one, other)
            return ANYTHING if same is None else constant(same == (compute is operator.eq))
        if type(one) is type(other) is On and NOWHERE not in (one.device, other.device):
            return ANYTHING if ANYWHERE in (one.device, other.device) else constant(compute(one.device, other.device))
        return computed(compute)(node, values)

    return rule


def _same_lists(one: Elements, other: Elements) -> bool | None:
    if len(one.parts) != len(other.parts):
        return False
    undecided = False
    for a, b in zip(one.parts, other.parts, strict=True):
        dims = dim_of(a), dim_of(b)
        if None in dims:
            if not (known(a) and known(b)):
                undecided = True
            elif a.value != b.value:
                return False
            continue
        if number.is_other(*dims):  # type: ignore[arg-type]
            return False
        undecided = undecided or not number.is_same(*dims)  # type: ignore[arg-type]
    return None if undecided else True


def _equal(one: Dim, other: Dim) -> bool | None:
    return True if number.is_same(one, other) else False if number.is_other(one, other) else None


def _negated(decided: bool | None) -> bool | None:
    return None if decided is None else not decided


def _truth(decided: bool | None) -> Value:
    return ANYTHING if decided is None else constant(decided)


def _int(dim: Dim) -> Value:
    return Constant("int", dim) if isinstance(dim, int) else dim


def extreme(compute: Callable[..., Any], on_dims: Callable[[Dim, Dim], Dim]) -> Rule:
    """`min` and `max`, of two numbers or of a list of them."""
    two = arithmetic(compute, on_dims)

    def rule(node: Node, values: Values) -> Value:
        if len(values) == 2:
            return two(node, values)
        parts = values[0].parts if type(values[0]) is Elements else ()
        found = parts[0] if parts else ANYTHING
        for part in parts[1:]:
            found = two(node, (found, part))
        return found

    return rule


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
        return Many("list", ANY_SIZE, ANY_SIZE) if shape is None else Elements("list", tuple(map(_int, shape)))
    place = dim_of(values[1])
    if shape is None or not isinstance(place, int) or not -len(shape) <= place < len(shape):
        return ANY_SIZE
    return _int(shape[place])


def _rank(tensor: Tensor) -> Value:
    return Size(0, 64) if tensor.shape is None else constant(len(tensor.shape))


def _count(tensor: Tensor) -> Value:
    from tsl.ir.shape import count

    return ANY_SIZE if tensor.shape is None else _int(count(tensor.shape))


def _first(tensor: Tensor) -> Value:
    return _int(tensor.shape[0]) if tensor.shape else ANY_SIZE


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


def _held(tensor: Tensor) -> Value:
    return ANYTHING if tensor.value is None else tensor.value


def _device_type(node: Node, values: Values) -> Value:
    on = values[0]
    return (
        constant(on.device.partition(":")[0]) if type(on) is On and on.device not in (ANYWHERE, NOWHERE) else ANYTHING
    )


def _length(node: Node, values: Values) -> Value:
    value = present(values[0])
    if type(value) is Tensor:
        return _first(value)
    if type(value) is Constant and value.kind == "str":
        return constant(len(value.value))
    found = length(value)
    return ANY_SIZE if found is None else _int(found)


def item(node: Node, values: Values) -> Value:
    """An element of a list or tuple, a value of a dictionary, a letter of a text."""
    holder, key = values[0], values[1]
    if type(holder) is Table:
        return looked_up(holder, key)
    place = dim_of(key)
    if type(holder) is Elements:
        if isinstance(place, int) and -len(holder.parts) <= place < len(holder.parts):
            return holder.parts[place]
        return element(holder) if holder.parts else ANYTHING
    if known(holder) and isinstance(place, int):
        return computed(operator.getitem)(node, values)
    return element(holder)


def looked_up(table: Table, key: Value) -> Value:
    """The value of a key in a dictionary."""
    if known(key):
        for mine, value in table.items:
            if mine == key:
                return value
        return ANYTHING if table.other is NEVER else table.other
    found = table.other
    for _, value in table.items:
        found = join(found, value)
    return ANYTHING if found is NEVER else found


def contains(node: Node, values: Values) -> Value:
    """Whether a list, dictionary or text has something."""
    holder, key = values[0], values[1]
    if not known(key):
        return ANYTHING
    if type(holder) is Table:
        has = any(mine == key for mine, _ in holder.items)
        return constant(has) if has or holder.other is NEVER else ANYTHING
    if type(holder) is Elements and all(map(known, holder.parts)):
        return constant(any(part.value == key.value for part in holder.parts))
    return computed(operator.contains)(node, values) if known(holder) else ANYTHING


def sliced(node: Node, values: Values) -> Value:
    """A part of a list, tuple or text."""
    holder = values[0]
    bounds = [_bound(value) for value in values[1:4]]
    if ... in bounds:
        return Many(holder.kind, element(holder), ANY_SIZE) if type(holder) in (Elements, Many) else ANYTHING
    if type(holder) is Elements:
        return Elements(holder.kind, holder.parts[slice(*bounds)])
    if known(holder):
        return computed(lambda text: text[slice(*bounds)])(node, values[:1])
    return Many(holder.kind, holder.element, ANY_SIZE) if type(holder) is Many else ANYTHING


def _bound(value: Value) -> Any:
    if value == NONE:
        return None
    found = dim_of(value)
    return found if isinstance(found, int) else ...


def added(node: Node, values: Values) -> Value:
    """Two lists, one after the other."""
    one, other = values[0], values[1]
    if type(one) is type(other) is Elements:
        return Elements(one.kind, one.parts + other.parts)
    lengths = length(one), length(other)
    if None in lengths:
        return ANYTHING
    return Many("list", join(element(one), element(other)), number.add(*lengths))  # type: ignore[arg-type]


def repeated(node: Node, values: Values) -> Value:
    """A list several times over."""
    holder, times = values if type(values[0]) in (Elements, Many) else (values[1], values[0])
    count = dim_of(times)
    if type(holder) is Elements and isinstance(count, int) and len(holder.parts) * max(count, 0) <= MOST_TEXT:
        return Elements(holder.kind, holder.parts * count)
    return Many("list", element(holder), ANY_SIZE)


def _same(node: Node, values: Values) -> Value:
    return values[0]


def _as_list(node: Node, values: Values) -> Value:
    holder = values[0]
    if type(holder) is Elements:
        return Elements("list", holder.parts)
    if known(holder) and holder.kind == "str":
        return Elements("list", tuple(map(constant, holder.value)))
    return Many("list", element(holder), ANY_SIZE)


def _present(node: Node, values: Values) -> Value:
    return present(values[0])


def _cast(node: Node, values: Values) -> Value:
    kind = node.outputs[0].type.kind
    value = values[0]
    if type(value) is Maybe and kind not in ("Optional", "Any", "NoneType"):
        return value.value
    if type(value) is Tensor and kind != "Tensor" and kind not in ("Optional", "Any", "Union"):
        return ANYTHING
    return value


def _is(node: Node, values: Values) -> Value:
    for one, other in ((values[0], values[1]), (values[1], values[0])):
        if other == NONE and type(other) is Constant:
            return _truth(is_none(one))
    return ANYTHING


def _is_not(node: Node, values: Values) -> Value:
    found = _is(node, values)
    return constant(not found.value) if type(found) is Constant else ANYTHING


def _not(node: Node, values: Values) -> Value:
    return constant(not values[0].value) if known(values[0]) else ANYTHING


def _converted(kind: type) -> Rule:
    plain = computed(kind)

    def rule(node: Node, values: Values) -> Value:
        value = values[0]
        if type(value) is Tensor:
            value = _held(value)
        if kind is int and type(value) is Size:
            return value
        found = plain(node, (value,))
        return number.ANY_NUMBER if found is ANYTHING and kind is int else found

    return rule


def _scalar(node: Node, values: Values) -> Value:
    tensor = present(values[0])
    return _held(tensor) if type(tensor) is Tensor else ANYTHING


def _range_length(node: Node, values: Values) -> Value:
    low, high, step = map(dim_of, values[:3])
    if low is None or high is None or step is None or not isinstance(step, int) or step == 0:
        return ANY_SIZE
    span = number.sub(high, low) if step > 0 else number.sub(low, high)
    return _int(number.larger(0, number.floordiv(number.add(span, abs(step) - 1), abs(step))))


def _derived(node: Node, values: Values) -> Value:
    index, start, step = map(dim_of, values[:3])
    if index is None or start is None or step is None:
        return number.ANY_NUMBER
    return _int(number.add(start, number.mul(index, step)))


def _keys(node: Node, values: Values) -> Value:
    table = values[0]
    if type(table) is Table and table.other is NEVER:
        return Elements("list", tuple(key for key, _ in table.items))
    return Many("list", ANYTHING, ANY_SIZE)


def _values(node: Node, values: Values) -> Value:
    table = values[0]
    if type(table) is Table and table.other is NEVER:
        return Elements("list", tuple(value for _, value in table.items))
    covered = looked_up(table, ANYTHING) if type(table) is Table else ANYTHING
    return Many("list", covered, ANY_SIZE)


def _items(node: Node, values: Values) -> Value:
    table = values[0]
    if type(table) is Table and table.other is NEVER:
        return Elements("list", tuple(Elements("tuple", pair) for pair in table.items))
    covered = looked_up(table, ANYTHING) if type(table) is Table else ANYTHING
    return Many("list", Elements("tuple", (ANYTHING, covered)), ANY_SIZE)


def _get(node: Node, values: Values) -> Value:
    default = values[2] if len(values) > 2 else NONE
    return join(looked_up(values[0], values[1]), default) if type(values[0]) is Table else ANYTHING


def _all(compute: Callable[..., bool]) -> Rule:
    def rule(node: Node, values: Values) -> Value:
        holder = values[0]
        if type(holder) is Elements and all(map(known, holder.parts)):
            return constant(compute(part.value for part in holder.parts))
        return ANYTHING

    return rule


def _on(node: Node, values: Values) -> Value:
    from tsl.ir.device import normal

    text = values[0]
    return On(normal(text.value), (), True) if known(text) and text.kind == "str" else On(ANYWHERE, (), False)


def _rounded(compute: Callable[[float], int]) -> Rule:
    return computed(lambda value: compute(value) if isinstance(value, int | float) else None)


def _nothing(node: Node, values: Values) -> Value:
    return NONE


def _anything(node: Node, values: Values) -> Value:
    return ANYTHING


TORCH_DIV = computed(operator.truediv)

RULES: Mapping[str, Rule] = {
    "aten::add": arithmetic(operator.add, number.add),
    "aten::sub": arithmetic(operator.sub, number.sub),
    "aten::mul": arithmetic(operator.mul, number.mul),
    "aten::floordiv": arithmetic(operator.floordiv, number.floordiv),
    "aten::remainder": arithmetic(operator.mod, number.mod),
    "aten::div": TORCH_DIV,
    "aten::pow": computed(_power),
    "aten::neg": lambda node, values: (
        _int(number.neg(values[0])) if type(values[0]) is Size else computed(operator.neg)(node, values)
    ),
    "aten::eq": comparison(operator.eq, _equal),
    "aten::ne": comparison(operator.ne, lambda a, b: _negated(_equal(a, b))),
    "aten::lt": comparison(operator.lt, number.less),
    "aten::gt": comparison(operator.gt, lambda a, b: number.less(b, a)),
    "aten::ge": comparison(operator.ge, lambda a, b: _negated(number.less(a, b))),
    "aten::le": comparison(operator.le, lambda a, b: _negated(number.less(b, a))),
    "aten::__and__": computed(operator.and_),
    "aten::__or__": computed(operator.or_),
    "aten::__xor__": computed(operator.xor),
    "aten::__not__": _not,
    "aten::__lshift__": computed(lambda a, b: a << b if 0 <= b < 64 else None),
    "aten::__rshift__": computed(lambda a, b: a >> b if 0 <= b < 64 else None),
    "prim::min": extreme(min, number.smaller),
    "prim::max": extreme(max, number.larger),
    "prim::abs": computed(abs),
    "aten::ceil": _rounded(math.ceil),
    "aten::floor": _rounded(math.floor),
    "aten::round": _rounded(round),
    "aten::sqrt": computed(math.sqrt),
    "aten::log": computed(math.log),
    "aten::exp": computed(math.exp),
    "aten::Int": _converted(int),
    "aten::IntImplicit": _converted(int),
    "aten::Float": _converted(float),
    "aten::FloatImplicit": _converted(float),
    "aten::Bool": _converted(bool),
    "aten::ScalarImplicit": _scalar,
    "aten::item": _scalar,
    "aten::Complex": _anything,
    "aten::ComplexImplicit": _anything,
    "aten::size": _size,
    "prim::shape": _size,
    "aten::stride": _anything,
    "aten::storage_offset": _anything,
    "aten::element_size": _anything,
    "aten::dim": asked(_rank),
    "aten::numel": asked(_count),
    "aten::len": _length,
    "prim::dtype": asked(_dtype),
    "prim::device": asked(_device),
    "prim::type": _device_type,
    "prim::index": _anything,
    "prim::layout": _anything,
    "prim::requires_grad": _anything,
    "prim::is_cuda": _is_on("cuda"),
    "prim::is_cpu": _is_on("cpu"),
    "prim::is_meta": _is_on("meta"),
    "prim::is_mps": _is_on("mps"),
    "prim::is_xpu": _is_on("xpu"),
    "prim::is_nested": _anything,
    "prim::is_sparse": _anything,
    "prim::is_quantized": _anything,
    "prim::is_mkldnn": _anything,
    "aten::is_floating_point": asked(_is_floating),
    "aten::is_complex": _anything,
    "aten::is_contiguous": _anything,
    "aten::get_device": _anything,
    "aten::__getitem__": item,
    "prim::TupleIndex": item,
    "aten::__contains__": contains,
    "aten::slice": sliced,
    "aten::list": _as_list,
    "aten::copy": _same,
    "aten::dict": _same,
    "aten::keys": _keys,
    "aten::values": _values,
    "aten::items": _items,
    "aten::get": _get,
    "aten::all": _all(all),
    "aten::any": _all(any),
    "aten::device": _on,
    "aten::__is__": _is,
    "aten::__isnot__": _is_not,
    "aten::_unwrap_optional": _present,
    "prim::unchecked_unwrap_optional": _present,
    "prim::unchecked_cast": _cast,
    "aten::__range_length": _range_length,
    "aten::__derive_index": _derived,
    "aten::upper": computed(str.upper),
    "aten::lower": computed(str.lower),
    "aten::startswith": computed(lambda text, start, *_: text.startswith(start)),
    "aten::endswith": computed(lambda text, end, *_: text.endswith(end)),
    **dict.fromkeys(
        """aten::format aten::split aten::join aten::replace aten::strip aten::index aten::count aten::str aten::ord
        aten::find aten::percentFormat aten::log2 aten::log10 aten::sorted aten::hash aten::zip aten::hex aten::chr
        aten::is_grad_enabled aten::is_autocast_enabled aten::is_autocast_cpu_enabled aten::is_scripting aten::isfinite
        aten::isnan aten::isinf aten::equal aten::allclose aten::is_nonzero aten::is_same_size prim::tolist
        prim::isinstance aten::fmod aten::sin aten::cos aten::degrees aten::radians aten::time
        aten::divmod aten::modf aten::frexp aten::isalpha aten::isdigit prim::rangelist aten::can_cast
        aten::result_type aten::promote_types aten::manual_seed aten::is_leaf aten::is_coalesced aten::get_gradients
        aten::is_non_overlapping_and_dense prim::AutogradAnyNonZero prim::name prim::itemsize aten::tan aten::tanh
        aten::gcd aten::lgamma aten::erf aten::gamma aten::copysign aten::factorial aten::fabs aten::atan2
        aten::hypot aten::remove aten::splitlines aten::title aten::rsplit aten::partition aten::lstrip aten::rstrip
        aten::isspace aten::isupper aten::islower aten::isnumeric aten::capitalize aten::center aten::ljust aten::rjust
        aten::zfill aten::expandtabs aten::rfind aten::rindex aten::swapcase aten::bin aten::oct aten::is_inference
        aten::is_conj aten::is_neg aten::is_pinned aten::is_signed aten::is_distributed aten::sparse_dim aten::dense_dim
        aten::qscheme aten::q_scale aten::q_zero_point aten::output_nr aten::_version aten::retains_grad aten::dataset
        aten::is_tracing prim::is_tracing prim::is_scripting aten::backward""".split(),
        _anything,
    ),
    **dict.fromkeys(
        """aten::warn prim::Print aten::_assert prim::AddStatValue aten::_assert_async aten::save aten::set_grad_enabled
        prim::AutocastEnable aten::_set_grad_enabled prim::BroadcastSizes aten::_record_function_exit""".split(),
        _nothing,
    ),
}
# Of these, one of Python's own makes a list of lists or a number, and one of torch a tensor: the type of the output
# decides.
LISTS: Mapping[str, Rule] = {"aten::add": added, "aten::mul": repeated}

__all__ = ["CPU", "LISTS", "MOST_TEXT", "RULES", "contains", "item", "known", "looked_up", "sliced"]

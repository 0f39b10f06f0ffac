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
from collections.abc import Callable, Mapping
from typing import Any

from tsl.ir import list_rules, number, tensor_questions
from tsl.ir.abstract import (
    ANYTHING,
    NEVER,
    NONE,
    Constant,
    Maybe,
    On,
    Table,
    Tensor,
    Value,
    constant,
    dim_of,
    is_none,
    length,
    present,
)
from tsl.ir.abstract import Sequence as Elements
from tsl.ir.device import ANYWHERE, NOWHERE
from tsl.ir.graph import Node
from tsl.ir.list_rules import PLAIN, Rule, Values, known
from tsl.ir.number import ANY_SIZE, Dim, Size

MOST_TEXT, MOST_POWER = 4096, 64


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


def _length(node: Node, values: Values) -> Value:
    value = present(values[0])
    if type(value) is Tensor:
        return tensor_questions.first(value)
    if type(value) is Constant and value.kind == "str":
        return constant(len(value.value))
    found = length(value)
    return ANY_SIZE if found is None else _int(found)


def _same(node: Node, values: Values) -> Value:
    return values[0]


def _dictionary(node: Node, values: Values) -> Value:
    """`dict`: an empty one, a copy, or one of pairs."""
    if not values:
        return Table((), NEVER)
    return values[0] if type(values[0]) is Table else ANYTHING


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
            value = tensor_questions.held(value)
        if kind is int and type(value) is Size:
            return value
        found = plain(node, (value,))
        return number.ANY_NUMBER if found is ANYTHING and kind is int else found

    return rule


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
    **list_rules.RULES,
    **tensor_questions.RULES,
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
    "prim::EnumName": _anything,
    "prim::EnumValue": _anything,
    "aten::Complex": _anything,
    "aten::ComplexImplicit": _anything,
    "aten::stride": _anything,
    "aten::storage_offset": _anything,
    "aten::element_size": _anything,
    "aten::len": _length,
    "prim::index": _anything,
    "prim::layout": _anything,
    "prim::requires_grad": _anything,
    "prim::is_nested": _anything,
    "prim::is_sparse": _anything,
    "prim::is_quantized": _anything,
    "prim::is_mkldnn": _anything,
    "aten::is_complex": _anything,
    "aten::is_contiguous": _anything,
    "aten::get_device": _anything,
    "aten::copy": _same,
    "aten::dict": _dictionary,
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

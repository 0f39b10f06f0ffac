"""The shapes of an operator's results: which rule each operator has.

Definitions:
1. A rule gives the shape of a call's result, a Several for more of them or for the elements of a list that are known
   one by one, a Listed for a list of some length. It raises Mismatch where no run can succeed, and says None of what
   it does not know; what it is not given (a rank, a list of numbers) it does not guess.
2. An operator that writes to its first argument has the shape of that, and the rule of the one that does not is asked
   whether the operands fit at all.

The rules are in shape_views and shape_parts (what moves no number), shape_folds (what computes along dimensions) and
shape_windows (what slides over them); here are those of operators element by element, and of what makes tensors.
Sources: each operator's documentation, held against torch by tests/test_ir_shape.py. It will never know a device.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeAlias

from tsl.ir import number, shape, shape_folds, shape_parts, shape_views, shape_windows
from tsl.ir.abstract import Constant, Many
from tsl.ir.abstract import Sequence as Elements
from tsl.ir.number import ANY_SIZE, Size
from tsl.ir.operator import Call, Listed, Operator, Several
from tsl.ir.shape import Mismatch, Shape

Shapes: TypeAlias = "Shape | Several[Shape] | Listed[Shape]"
Rule: TypeAlias = Callable[[Call], Shapes]


@cache
def _rule(name: str, writes_self: bool) -> Rule | None:
    found = RULES.get(name)
    if found is None or not writes_self:
        return found
    return in_place(name, found)


def rule_of(operator: Operator) -> Rule | None:
    """The rule of an operator; None where it has none."""
    return _rule(operator.name, operator.writes_self)


def in_place(name: str, rule: Rule) -> Rule:
    """The rule of what writes to its first argument (2)."""
    if name in shape_views.RESHAPING:
        return _unknown
    if rule is not pointwise and rule is not filled_under:
        return same

    def checked(call: Call) -> Shapes:
        own, found = call.shape(0), pointwise(call)
        if own is not None and found is not None and not isinstance(found, Several | Listed):
            _fits(own, found)
        return own

    return checked


def _fits(own: Shape, found: Shape) -> None:
    assert own is not None
    assert found is not None
    longer = len(found) > len(own)
    if longer or any(
        number.is_other(mine, its) for mine, its in zip(own, found[-len(own) :] if own else (), strict=True)
    ):
        raise Mismatch(f"{shape.spell(own)} cannot hold the result, which is {shape.spell(found)}")


def _unknown(call: Call) -> Shapes:
    return None


def same(call: Call) -> Shapes:
    """As the first tensor."""
    found = call.tensor(0)
    if found is not None:
        return found.shape
    tensors = call.tensors()
    return tensors[0][1].shape if tensors else None


def twice(call: Call) -> Shapes:
    """Two results as the first tensor."""
    found = call.shape(0)
    return Several((found, found))


def pointwise(call: Call) -> Shapes:
    """Of all tensors, broadcast."""
    return shape.broadcast([tensor.shape for _, tensor in call.tensors()])


def filled_under(call: Call) -> Shapes:
    """`masked_fill`: the first tensor and its mask."""
    return shape.broadcast([call.shape(0), call.shape("mask")])


def chosen(call: Call) -> Shapes:
    """`where`: of a condition and two sides; of a condition alone, indices."""
    if len(call.values) == 1:
        rank = call.rank(0)
        return Listed((ANY_SIZE,), rank)
    return pointwise(call)


def scalar(call: Call) -> Shapes:
    """A tensor without dimensions."""
    return ()


def sized(call: Call) -> Shapes:
    """As the first list of numbers says."""
    return _listed(call, 0)


def sized_anew(call: Call) -> Shapes:
    """As the argument `size` says."""
    return _listed(call, "size")


def _listed(call: Call, place: int | str) -> Shape:
    found = call.dims(place)
    if found is not None:
        return found
    value = call.at(place)
    if type(value) is Many and isinstance(value.length, int):
        return (ANY_SIZE,) * value.length
    if type(value) is Elements:
        return (ANY_SIZE,) * len(value.parts)
    return None


def random_whole(call: Call) -> Shapes:
    """`randint`, whose bounds come first."""
    return _listed(call, "size")


def counted(call: Call) -> Shapes:
    """`arange`: one dimension."""
    places = call.operator.places
    end, start = call.dim("end"), call.dim("start") if "start" in places else 0
    step = call.dim("step") if "step" in places else 1
    if end is None or start is None or not isinstance(step, int) or step == 0:
        return (ANY_SIZE,)
    span = number.sub(end, start) if step > 0 else number.sub(start, end)
    rounded = number.floordiv(number.add(span, abs(step) - 1), abs(step)) if abs(step) > 1 else span
    return (rounded if number.low(rounded) >= 0 else number.larger(0, rounded),)


def stepped(call: Call) -> Shapes:
    """`linspace`."""
    return (_or_any(call.dim("steps")),)


def squared(call: Call) -> Shapes:
    """`eye`."""
    first = _or_any(call.dim(0))
    return (first, _or_any(call.dim("m")) if "m" in call.operator.places else first)


def windowed(call: Call) -> Shapes:
    """`hann_window`."""
    return (_or_any(call.dim("window_length")),)


def permuted(call: Call) -> Shapes:
    """`randperm`."""
    return (_or_any(call.dim("n")),)


def _or_any(dim: int | Size | None) -> int | Size:
    return ANY_SIZE if dim is None else dim


def data(call: Call) -> Shapes:
    """A tensor of nested lists of numbers."""
    found = call.tensor(0)
    if found is not None:
        return found.shape
    dims: list[int | Size] = []
    value = call.at(0)
    while type(value) in (Elements, Many):
        if type(value) is Many:
            return (*dims, value.length) if type(value.element) in (Constant, Size) else None
        dims.append(len(value.parts))
        if not value.parts:
            break
        value = value.parts[0]
    is_number = call.node.inputs[0].type.kind in ("int", "float", "bool", "complex", "Scalar")
    return tuple(dims) if dims or is_number else None


def filled(call: Call) -> Shapes:
    """As the argument `size`; of `full` that is the first."""
    return _listed(call, "size")


def _rules(rule: Rule, names: str) -> dict[str, Rule]:
    return dict.fromkeys(names.split(), rule)


RULES: Mapping[str, Rule] = {
    **_rules(
        same,
        """relu relu6 leaky_relu elu selu celu silu mish gelu hardswish hardsigmoid hardtanh hardshrink softshrink
        softplus threshold prelu rrelu dropout feature_dropout alpha_dropout contiguous clone detach alias to type_as
        abs absolute neg negative floor ceil round trunc sign exp exp2 expm1 log log2 log10 log1p sqrt rsqrt sin cos
        tan asin acos atan sinh cosh tanh asinh acosh atanh sigmoid reciprocal erf erfc erfinv logit lgamma digamma
        logical_not bitwise_not isnan isinf isfinite softmax log_softmax _softmax _log_softmax softmin cumsum cumprod
        layer_norm batch_norm group_norm instance_norm rms_norm local_response_norm zeros_like ones_like empty_like
        rand_like randn_like full_like randint_like fill zero uniform normal bernoulli exponential copy triu tril flip
        roll nan_to_num square frac requires_grad data cpu cuda lift_fresh pin_memory argsort index_put index_add
        index_fill index_copy scatter scatter_add scatter_reduce masked_scatter clamp_min clamp_max clamp clip positive
        real conj resolve_conj resolve_neg imag angle special_expit logcumsumexp signbit isin renorm
        fake_quantize_per_tensor_affine fake_quantize_per_channel_affine view_dtype channel_shuffle sinc i0 deg2rad
        rad2deg _transformer_encoder_layer_fwd log_sigmoid""",
    ),
    **_rules(
        pointwise,
        """add sub rsub subtract mul multiply div divide true_divide floor_divide pow remainder fmod maximum minimum
        fmax fmin atan2 lerp addcmul addcdiv eq ne lt le gt ge equal not_equal less less_equal greater greater_equal
        logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor __and__ __or__ __xor__ __lshift__
        __rshift__ xlogy copysign hypot logaddexp logaddexp2 isclose heaviside polar complex ldexp""",
    ),
    **_rules(filled_under, "masked_fill"),
    **_rules(chosen, "where"),
    **_rules(twice, "sort cummax cummin"),
    **_rules(sized, "zeros ones empty rand randn"),
    **_rules(sized_anew, "new_zeros new_ones new_empty new_full full empty_strided "),
    **_rules(random_whole, "randint"),
    **_rules(counted, "arange"),
    **_rules(stepped, "linspace logspace"),
    **_rules(squared, "eye"),
    **_rules(windowed, "hann_window hamming_window blackman_window bartlett_window kaiser_window"),
    **_rules(permuted, "randperm"),
    **_rules(data, "tensor as_tensor"),
    **_rules(scalar, "scalar_tensor dot vdot trace det linalg_det "),
    **_rules(_unknown, "_nested_tensor_from_mask to_padded_tensor set resize resize_as "),
    **shape_views.RULES,
    **shape_parts.RULES,
    **shape_folds.RULES,
    **shape_windows.RULES,
}

"""The shapes of operators that compute along dimensions: reductions, products of matrices, attention, recurrence,
losses.

See shape_rules for what a rule is. It will never know a window.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from tsl.ir import number, shape
from tsl.ir.abstract import NONE
from tsl.ir.abstract import Sequence as Elements
from tsl.ir.number import ANY_SIZE, Dim
from tsl.ir.operator import Call, Listed, Several
from tsl.ir.shape import Mismatch, Shape, spell
from tsl.ir.shape_views import at

Shapes: TypeAlias = "Shape | Several[Shape] | Listed[Shape]"
Rule: TypeAlias = Callable[[Call], Shapes]


def reduced(call: Call) -> Shapes:
    """A reduction over all dimensions, or those of `dim`, which stay as 1 with `keepdim`."""
    given = call.shape(0)
    places = call.operator.places
    if "dim" not in places or call.at("dim") == NONE:
        keep = call.plain("keepdim") if "keepdim" in places else False
        return _along(given, range(len(given)) if given else (), keep) if keep is not False else ()
    dims = call.dims("dim")
    if given is None or dims is None:
        return None
    if not dims:
        return _along(given, range(len(given)), call.plain("keepdim"))
    named = [at(dim, len(given)) for dim in dims]
    return (
        None if None in named else _along(given, [place for place in named if place is not None], call.plain("keepdim"))
    )


def _along(given: Shape, places: Sequence[int], keep: object) -> Shape:
    if given is None or keep not in (True, False):
        return None
    if keep:
        return tuple(1 if place in places else dim for place, dim in enumerate(given))
    return tuple(dim for place, dim in enumerate(given) if place not in places)


def extreme(call: Call) -> Shapes:
    """`max`, `min`: of two tensors, of all, or of a dimension with the indices."""
    if "other" in call.operator.places:
        return shape.broadcast([call.shape(0), call.shape("other")])
    found = reduced(call)
    return Several((found, found)) if len(call.node.outputs) == 2 and not isinstance(found, Several | Listed) else found


def both(call: Call) -> Shapes:
    """Two results of a reduction."""
    found = reduced(call)
    return Several((found, found)) if not isinstance(found, Several | Listed) else found


def top(call: Call) -> Shapes:
    """`topk(k, dim)`."""
    given, count = call.shape(0), call.dim("k")
    place = None if given is None else at(call.whole("dim"), len(given))
    if given is None or place is None:
        return None
    found = (*given[:place], ANY_SIZE if count is None else count, *given[place + 1 :]) if given else ()
    return Several((found, found))


def halved(call: Call) -> Shapes:
    """`glu`: half of a dimension."""
    given = call.shape(0)
    place = None if given is None else at(call.whole("dim"), len(given))
    if given is None or place is None:
        return given if given is None else (ANY_SIZE,) * len(given)
    half = number.divided(given[place], 2)
    return (*given[:place], ANY_SIZE if half is None else half, *given[place + 1 :])


def packed(call: Call) -> Shapes:
    """A linear layer of quantized weights, whose sizes are packed away with them."""
    given = call.shape(0)
    return (*given[:-1], ANY_SIZE) if given else None


def linear(call: Call) -> Shapes:
    """`linear(input, weight)`: a weight of one dimension folds the last away, so the rank hangs on the weight's."""
    given, weight = call.shape(0), call.shape("weight")
    if weight is None or len(weight) not in (1, 2):
        return None
    if given is not None:
        shape.agree(
            given[-1] if given else 1, weight[-1], f"{spell(given)} is multiplied with weights of {spell(weight)}"
        )
        return (*given[:-1], *weight[:-1])
    return None


def matmul(call: Call) -> Shapes:
    """`matmul`, `mm`, `bmm`, `mv`."""
    return product(call.shape(0), call.shape(1))


def product(one: Shape, other: Shape) -> Shape:
    """The shape of a product of matrices, or of vectors and matrices. Raises Mismatch."""
    if one is None or other is None:
        return None
    words = f"{spell(one)} is multiplied with {spell(other)}"
    if not one or not other:
        raise Mismatch(words)
    shape.agree(one[-1], other[-2] if len(other) > 1 else other[0], words)
    lead = shape.broadcast([one[:-2], other[:-2]])
    if lead is None:
        return None
    return (*lead, *(one[-2:-1] if len(one) > 1 else ()), *(other[-1:] if len(other) > 1 else ()))


def added_product(call: Call) -> Shapes:
    """`addmm`, `baddbmm`: a product, and something added."""
    places = call.operator.places
    first = "mat1" if "mat1" in places else "batch1"
    second = "mat2" if "mat2" in places else "batch2"
    found = product(call.shape(first), call.shape(second))
    return None if found is None or call.shape(0) is None else shape.broadcast([call.shape(0), found])


def outer(call: Call) -> Shapes:
    """`outer`."""
    one, other = call.shape(0), call.shape(1)
    return None if not one or not other else (one[0], other[0])


def einsum(call: Call) -> Shapes:
    """`einsum(equation, operands)`, without an ellipsis."""
    equation, tensors = call.plain("equation"), call.elements("tensors")
    if not isinstance(equation, str) or tensors is None or "." in equation:
        return None
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(tensors):
        return None
    sizes: dict[str, Dim] = {}
    for letters, tensor in zip(terms, tensors, strict=True):
        if tensor.shape is None:
            sizes.update({letter: ANY_SIZE for letter in letters if letter not in sizes})
            continue
        if len(letters) != len(tensor.shape):
            raise Mismatch(f"{letters} of {equation} stands for {spell(tensor.shape)}")
        for letter, dim in zip(letters, tensor.shape, strict=True):
            _sized(sizes, letter, dim, equation)
    if not arrow:
        right = "".join(sorted(letter for letter in sizes if left.count(letter) == 1))
    return tuple(sizes.get(letter, ANY_SIZE) for letter in right)


def _sized(sizes: dict[str, Dim], letter: str, dim: Dim, equation: str) -> None:
    known = sizes.get(letter, 1)
    if known == 1:
        sizes[letter] = dim
    elif dim != 1:
        if number.is_other(known, dim) and not shape.may_be(known, 1) and not shape.may_be(dim, 1):
            raise Mismatch(f"{letter} of {equation} is {known} and {dim}")
        sizes[letter] = known if isinstance(known, int) else dim


def attention(call: Call) -> Shapes:
    """`scaled_dot_product_attention(query, key, value)`."""
    query, value = call.shape("query"), call.shape("value")
    if query is None:
        return None
    return (*query[:-1], value[-1] if value else ANY_SIZE)


def heads(call: Call) -> Shapes:
    """`_native_multi_head_attention`: the query, and weights or nothing."""
    return Several((call.shape(0), None))


def recurrent(call: Call) -> Shapes:
    """`lstm(input, hx, ...)` and `gru`, unless packed: the output and the last states."""
    if "batch_sizes" in call.operator.places:
        return None
    given = call.shape("input")
    hidden = call.at("hx")
    states = hidden.parts if type(hidden) is Elements else (call.tensor("hx"),)
    known = [state.shape if state is not None and hasattr(state, "shape") else None for state in states]
    size, ways = known[0][-1] if known and known[0] else None, call.plain("bidirectional")
    if given is None or size is None or ways not in (True, False):
        output: Shape = None if given is None else (*given[:-1], ANY_SIZE)
    else:
        output = (*given[:-1], number.mul(size, 2 if ways else 1))
    return Several((output, *known))


def recurrent_step(call: Call) -> Shapes:
    """`lstm_cell`, `gru_cell`."""
    hidden = call.at("hx")
    states = hidden.parts if type(hidden) is Elements else (call.tensor("hx"),)
    found = [state.shape if state is not None and hasattr(state, "shape") else None for state in states]
    return Several(found) if len(found) > 1 else found[0]


def loss(call: Call) -> Shapes:
    """A loss: one number, unless it is not reduced."""
    how = call.plain("reduction")
    if how in (1, 2):
        return ()
    if how == 0 and "cross_entropy" not in call.operator.name and "nll" not in call.operator.name:
        return shape.broadcast([call.shape(0), call.shape(1)])
    return None


def distances(call: Call) -> Shapes:
    """`cdist(x1, x2)`."""
    one, other = call.shape(0), call.shape(1)
    if not one or not other:
        return None
    lead = shape.broadcast([one[:-2], other[:-2]])
    return None if lead is None else (*lead, one[-2], other[-2])


def normalized(call: Call) -> Shapes:
    """`norm`: of all, or of dimensions."""
    return reduced(call)


def _rules(rule: Rule, names: str) -> dict[str, Rule]:
    return dict.fromkeys(names.split(), rule)


RULES: Mapping[str, Rule] = {
    **_rules(
        reduced,
        """sum nansum mean nanmean prod amax amin std var any all argmax argmin logsumexp norm linalg_vector_norm
        count_nonzero""",
    ),
    **_rules(extreme, "max min median nanmedian mode kthvalue"),
    **_rules(both, "std_mean var_mean aminmax"),
    **_rules(top, "topk"),
    **_rules(halved, "glu"),
    **_rules(linear, "linear"),
    **_rules(packed, "linear_dynamic linear_dynamic_fp16 linear_relu_dynamic linear_relu_dynamic_fp16"),
    **_rules(matmul, "matmul mm bmm mv"),
    **_rules(added_product, "addmm baddbmm"),
    **_rules(outer, "outer ger"),
    **_rules(einsum, "einsum"),
    **_rules(attention, "scaled_dot_product_attention"),
    **_rules(heads, "_native_multi_head_attention"),
    **_rules(recurrent, "lstm gru rnn_tanh rnn_relu"),
    **_rules(recurrent_step, "lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell"),
    **_rules(
        loss,
        """mse_loss l1_loss smooth_l1_loss huber_loss kl_div binary_cross_entropy binary_cross_entropy_with_logits
        cross_entropy_loss nll_loss nll_loss2d nll_loss_nd""",
    ),
    **_rules(distances, "cdist"),
}

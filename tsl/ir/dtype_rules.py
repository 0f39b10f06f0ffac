"""The dtypes of an operator's results: which way of the domain of `dtype` each operator goes.

Definitions:
1. An operator with an argument `dtype` makes what it is asked for; where that is None it goes the way of the table.
2. One that writes to its first argument keeps the dtype of that.
3. The ways: SAME as the first tensor; PROMOTED over all tensors and numbers; promoted and then FLOATING (a division);
   TRUTH; INDEX (int64); VALUES and their indices; SUMMED (whole numbers as int64); a FACTORY's default; one of MATCHING
   tensors, which must have one dtype.
4. The JIT runs a tensor constant without dimensions as if it were the number it holds, mostly (measured on torch 2.13:
   `x * torch.tensor(2.5, dtype=torch.float64)` of whole numbers is float64 in eager mode, float32 in a traced graph,
   and float64 there again without optimization). Where it matters whether it is one, the dtype is not known.

Sources: aten/src/ATen/native (BinaryOps.cpp, ReduceOps.cpp, TensorFactories.cpp), held against torch by
tests/test_ir_dtype.py. It will never know a shape beyond whether it has dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from tsl.ir import dtype
from tsl.ir.abstract import Constant, Tensor
from tsl.ir.abstract import Sequence as Elements
from tsl.ir.dtype import ANY, CATEGORIES, CODES, DEFAULT, KINDS, NONE
from tsl.ir.number import Size
from tsl.ir.operator import Call, Several
from tsl.ir.shape import IMPOSSIBLE

Kinds: TypeAlias = "str | Several[str]"
Rule: TypeAlias = Callable[[Call, list[tuple[int, Tensor]]], Kinds]


# The arguments that promote where they are numbers; others (`alpha`, `value` of addcmul) do not.
NUMBERS = ("self", "other", "exponent", "min", "max")


class Clash(Exception):
    """Dtypes that no run of an operator can have; says which, in words."""


def kinds(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds | None:
    """The dtypes of a call's results; None where the operator has no rule. Raises Clash."""
    operator = call.operator
    for _, tensor in tensors:
        if tensor.dtype == NONE or tensor.shape == IMPOSSIBLE:
            return NONE
    asked = _asked(call)
    if asked is not None:
        return asked
    if operator.writes_self and operator.name in RULES:
        if RULES[operator.name] is matching:
            matching(call, tensors)
        return call.dtype(0)
    rule = RULES.get(operator.name)
    return rule(call, tensors) if rule else None


def _asked(call: Call) -> str | None:
    """(1)"""
    place = call.operator.places.get("dtype")
    if place is None or place >= len(call.values):
        return None
    value = call.values[place]
    if type(value) is Constant:
        return CODES.get(value.value, ANY) if value.kind == "int" else None
    return ANY


def same(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """SAME (3)"""
    return tensors[0][1].dtype if tensors else ANY


def promoted(call: Call, tensors: list[tuple[int, Tensor]]) -> str:
    """PROMOTED (3), where it does not matter what is a number (4)."""
    first: list[str] = []
    bare: list[str] = []
    for _, tensor in tensors:
        if tensor.shape == ():
            bare.append(tensor.dtype)
        elif tensor.shape is None and len(tensors) > 1 and tensor.dtype != tensors[0][1].dtype:
            return ANY  # which of them has dimensions decides
        else:
            first.append(tensor.dtype)
    numbers = list(_categories(call))
    found = dtype.result(first, bare, numbers)
    if bare and len(tensors) > 1 and found != ANY:
        for place, each in enumerate(bare):
            rest = bare[:place] + bare[place + 1 :]
            if each not in CATEGORIES or dtype.result(first, rest, [*numbers, CATEGORIES[each]]) != found:
                return ANY
    return found


def _categories(call: Call) -> Iterator[int]:
    places = call.operator.places
    for name in NUMBERS:
        value = call.values[places[name]] if name in places and places[name] < len(call.values) else None
        kind = type(value)
        if kind is Constant and value.kind in KINDS:  # type: ignore[union-attr]
            yield KINDS[value.kind]  # type: ignore[union-attr]
        elif kind is Size:
            yield dtype.INTEGRAL


def floating(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """FLOATING (3)"""
    return dtype.floating(promoted(call, tensors))


def divided(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """A division: FLOATING unless it is rounded."""
    if call.has("rounding_mode"):
        return promoted(call, tensors)
    return floating(call, tensors)


def averaged(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """SAME, floating."""
    return dtype.floating(tensors[0][1].dtype) if tensors else ANY


def truth(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """TRUTH (3)"""
    return "bool"


def index(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """INDEX (3)"""
    return "int64"


def values(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """VALUES (3)"""
    found = tensors[0][1].dtype if tensors else ANY
    return Several((found, "int64")) if len(call.node.outputs) == 2 else found


def unique(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """The elements, and two times indices."""
    return Several((tensors[0][1].dtype if tensors else ANY, "int64", "int64"))


def summed(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """SUMMED (3)"""
    return dtype.accumulated(tensors[0][1].dtype) if tensors else ANY


def packed(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """The data and the sizes of the batches."""
    return Several((tensors[0][1].dtype if tensors else ANY, "int64"))


def extreme(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """A maximum or minimum: of one tensor with or without a dimension, or of two."""
    return promoted(call, tensors) if call.tensor("other") else values(call, tensors)


def factory(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """FACTORY (3)"""
    return DEFAULT


def counted(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """Of numbers: whole where all of them are."""
    found = [KINDS.get(value.kind, -1) for value in call.values[:3] if type(value) is Constant and value.kind in KINDS]
    if dtype.FLOATING in found:
        return DEFAULT
    is_whole = all(type(value) is Size or type(value) is Constant for value in call.values[: _count(call)])
    return "int64" if is_whole else ANY


def _count(call: Call) -> int:
    return call.operator.places.get("dtype", 1)


def filled(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """Of what it is filled with."""
    return _of_number(call.at("fill_value"))


def data(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """Of the numbers a tensor is made of."""
    if tensors:
        return tensors[0][1].dtype
    value = call.at(0)
    while type(value) is Elements and value.parts:
        value = value.parts[0]
    found = _of_number(value)
    if found != ANY:
        return found
    return {"float": DEFAULT, "int": "int64", "bool": "bool"}.get(call.operator.overload, ANY)


def _of_number(value: object) -> str:
    if type(value) is Size:
        return "int64"
    if type(value) is Constant:
        return {"bool": "bool", "int": "int64", "float": DEFAULT, "complex": dtype.DEFAULT_COMPLEX}.get(value.kind, ANY)
    return ANY


def other(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """Of the argument `other`."""
    return call.dtype("other")


def converted(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """Of `other`, and else as it was."""
    return call.dtype("other") if "other" in call.operator.places else same(call, tensors)


def matching(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """MATCHING (3). Raises Clash."""
    first = next((pair for pair in tensors if pair[1].dtype not in (ANY, NONE)), None)
    if first is None:
        return ANY
    for place, tensor in tensors:
        if tensor.dtype not in (first[1].dtype, ANY, NONE):
            names = [call.operator.schema.arguments[at].name for at in (first[0], place)]
            raise Clash(f"{names[0]} is {first[1].dtype} and {names[1]} is {tensor.dtype}")
    return first[1].dtype


def selected(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """`where`: of both sides, or the places where a condition holds."""
    if len(call.node.inputs) == 1:
        return "int64"
    return promoted(call, [pair for pair in tensors if pair[0] > 0])


def halved(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """Real where the tensor is complex: its parts, or how large they are together."""
    return dtype.real(tensors[0][1].dtype) if tensors else ANY


def spread(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """Floating, and real."""
    return dtype.real(dtype.floating(tensors[0][1].dtype)) if tensors else ANY


def whether(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """TRUTH, but of uint8 the same (aten/src/ATen/native/ReduceOps.cpp, `get_result_or_bytebool_dtype`)."""
    found = tensors[0][1].dtype if tensors else ANY
    return found if found in (ANY, "uint8") else "bool"


def squared(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """As the power of 2."""
    found = tensors[0][1].dtype if tensors else ANY
    return "int64" if found == "bool" else found


def doubled(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """Complex numbers of what is given."""
    return dtype.complexed(dtype.floating(tensors[0][1].dtype)) if tensors else ANY


def looked_up(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """Of a table, whatever the indices are."""
    return call.dtype("weight")


def transformed(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """`stft`: complex where complex numbers are asked for."""
    found = tensors[0][1].dtype if tensors else ANY
    wanted = call.plain("return_complex")
    return dtype.complexed(found) if wanted is True else ANY if wanted is None else found


def attended(call: Call, tensors: list[tuple[int, Tensor]]) -> Kinds:
    """Attention: of the query."""
    return call.dtype("query")


def _ways(way: Rule, names: str) -> dict[str, Rule]:
    return dict.fromkeys(names.split(), way)


RULES: Mapping[str, Rule] = {
    **_ways(
        same,
        """relu relu6 leaky_relu elu selu celu silu mish gelu hardswish hardsigmoid hardtanh hardshrink softshrink
        softplus threshold prelu rrelu glu dropout feature_dropout alpha_dropout native_dropout contiguous clone detach
        alias view reshape flatten unflatten squeeze unsqueeze transpose permute t numpy_T matrix_H mT swapaxes movedim
        moveaxis expand expand_as view_as reshape_as repeat tile select slice narrow unbind chunk unsafe_chunk split
        unsafe_split split_with_sizes tensor_split unfold index index_select gather take take_along_dim masked_select
        masked_fill masked_scatter scatter scatter_add scatter_reduce index_put index_add index_fill index_copy fill
        zero copy neg negative floor ceil round trunc sign flip roll rot90 triu tril diag diagonal
        diag_embed meshgrid broadcast_tensors broadcast_to pad constant_pad_nd reflection_pad1d reflection_pad2d
        reflection_pad3d replication_pad1d replication_pad2d replication_pad3d pixel_shuffle pixel_unshuffle layer_norm
        batch_norm group_norm instance_norm rms_norm native_layer_norm native_group_norm local_response_norm max_pool1d
        max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d
        adaptive_avg_pool3d upsample_nearest1d upsample_nearest2d upsample_nearest3d _upsample_nearest_exact1d
        _upsample_nearest_exact2d _upsample_nearest_exact3d upsample_linear1d upsample_bilinear2d upsample_bicubic2d
        upsample_trilinear3d _upsample_bilinear2d_aa _upsample_bicubic2d_aa _upsample_lanczos2d_aa grid_sampler uniform
        normal bernoulli exponential zeros_like ones_like empty_like rand_like randn_like full_like new_zeros new_ones
        new_empty new_full amax amin median nanmedian fmax fmin to_padded_tensor _nested_tensor_from_mask data
        requires_grad nan_to_num im2col col2im repeat_interleave channel_shuffle nms roi_align roi_pool deform_conv2d
        cpu cuda lift_fresh _cast pin_memory unfold_copy fake_quantize_per_tensor_affine empty_strided resize resize_as
        squeeze_copy lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell _native_multi_head_attention
        _transformer_encoder_layer_fwd as_strided view_copy expand_copy narrow_copy set
        affine_grid_generator multi_margin_loss cross norm_except_dim _weight_norm _conj conj resolve_conj resolve_neg
        trace box_iou_rotated aminmax renorm linear_dynamic linear_dynamic_fp16 linear_relu_dynamic""",
    ),
    **_ways(
        promoted,
        """clamp clamp_min clamp_max clip add sub rsub subtract mul multiply pow remainder fmod floor_divide maximum
        minimum lerp addcmul __and__ __or__ __xor__ __lshift__ __rshift__ bitwise_and bitwise_or bitwise_xor
        bitwise_not cat concat hstack vstack stack outer dot vdot kron positive heaviside gcd lcm """,
    ),
    **_ways(
        floating,
        """true_divide atan2 exp exp2 expm1 log log2 log10 log1p sqrt rsqrt sin cos tan asin acos atan sinh cosh tanh
        asinh acosh atanh sigmoid reciprocal erf erfc erfinv logit lgamma digamma sinc special_expit xlogy copysign
        hypot logaddexp logaddexp2 addcdiv i0 polygamma mvlgamma special_entr ldexp deg2rad rad2deg""",
    ),
    **_ways(divided, "div divide"),
    **_ways(selected, "where"),
    **_ways(
        averaged,
        """mean nanmean softmax log_softmax _softmax _log_softmax logsumexp frobenius_norm
        cosine_similarity pairwise_distance cdist dist cumulative_trapezoid softmin normalize
        std_mean var_mean linalg_norm""",
    ),
    **_ways(
        truth,
        """eq ne lt le gt ge equal not_equal less less_equal greater greater_equal logical_and logical_or logical_not
        logical_xor isnan isinf isfinite isin isclose isposinf isneginf is_nonzero signbit isreal""",
    ),
    **_ways(
        index,
        """argmax argmin argsort nonzero argwhere bucketize searchsorted one_hot randint randperm bincount count_nonzero
        _shape_as_tensor multinomial nonzero_numpy tril_indices triu_indices _nested_tensor_size""",
    ),
    **_ways(values, "sort topk kthvalue mode cummax cummin max_pool1d_with_indices max_pool2d_with_indices msort"),
    **_ways(extreme, "max min"),
    **_ways(unique, "_unique2 unique_dim unique_consecutive _unique"),
    **_ways(summed, "sum nansum prod cumsum cumprod"),
    **_ways(packed, "_pack_padded_sequence _pad_packed_sequence"),
    **_ways(
        factory,
        """zeros ones empty rand randn eye linspace logspace hann_window hamming_window blackman_window bartlett_window
        kaiser_window""",
    ),
    **_ways(counted, "arange range"),
    **_ways(filled, "full "),
    **_ways(data, "tensor as_tensor scalar_tensor"),
    **_ways(converted, "to"),
    **_ways(other, "type_as"),
    **_ways(
        matching,
        """linear matmul mm bmm mv addmm addmv addbmm baddbmm conv1d conv2d conv3d convolution _convolution
        _convolution_mode conv_transpose1d conv_transpose2d conv_transpose3d""",
    ),
    **_ways(same, "einsum tensordot lstm gru rnn_tanh rnn_relu bilinear chain_matmul linalg_multi_dot"),
    **_ways(halved, "abs absolute real imag view_as_real angle istft fft_irfft fft_hfft fft_irfft2 fft_irfftn"),
    **_ways(
        doubled,
        "view_as_complex fft_fft fft_ifft fft_rfft fft_fft2 fft_ifft2 fft_rfft2 fft_fftn fft_ifftn polar complex",
    ),
    **_ways(looked_up, "embedding embedding_bag embedding_renorm"),
    **_ways(transformed, "stft"),
    **_ways(attended, "scaled_dot_product_attention"),
    **_ways(
        same,
        """cross_entropy_loss nll_loss nll_loss2d nll_loss_nd mse_loss l1_loss smooth_l1_loss huber_loss kl_div
        binary_cross_entropy binary_cross_entropy_with_logits cosine_embedding_loss margin_ranking_loss
        triplet_margin_loss hinge_embedding_loss soft_margin_loss ctc_loss gaussian_nll_loss poisson_nll_loss
        inverse linalg_inv linalg_solve linalg_cholesky cholesky linalg_eigh linalg_svd linalg_qr linalg_det det slogdet
        reflection_pad fold _linalg_svd logcumsumexp""",
    ),
    **_ways(spread, "std var norm linalg_vector_norm"),
    **_ways(whether, "any all"),
    **_ways(squared, "square"),
    **_ways(truth, "_nested_tensor_from_mask_left_aligned __contains__"),
}

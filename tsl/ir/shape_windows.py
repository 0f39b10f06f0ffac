"""The shapes of operators that slide over dimensions: convolutions, pooling, padding, resampling, spectra.

Definitions:
1. The last n dimensions are *spatial*, n being in the operator's name or the length of its lists; before them come
   channels, and perhaps a batch.
2. A window of size k, with padding p, stride s and dilation d, makes of n places floor((n + 2p - d(k - 1) - 1) / s) +
   1.

See shape_rules for what a rule is. Sources: the formulas of torch.nn's documentation. It will never know a matrix.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from tsl.ir import number, shape
from tsl.ir.abstract import NONE
from tsl.ir.number import ANY_SIZE, Dim, Size
from tsl.ir.operator import Call, Listed, Several
from tsl.ir.shape import Mismatch, Shape, spell
from tsl.ir.shape_views import at

Shapes: TypeAlias = "Shape | Several[Shape] | Listed[Shape]"
Rule: TypeAlias = Callable[[Call], Shapes]

_DIMENSIONS = re.compile(r"(\d)d")


def spatial(call: Call) -> int:
    """How many dimensions are spatial (1); 0 where the name does not say."""
    found = _DIMENSIONS.search(call.operator.name)
    return int(found[1]) if found else 0


def spread(given: Sequence[Dim] | None, count: int) -> tuple[Dim, ...] | None:
    """A list of numbers, one of them standing for all."""
    if given is None:
        return None
    return tuple(given) * count if len(given) == 1 else tuple(given) if len(given) == count else None


def slid(size: Dim, kernel: Dim, padding: Dim, stride: Dim, dilation: Dim, ceiling: bool = False) -> Dim:
    """What a window makes of a dimension (2)."""
    if not isinstance(stride, int) or stride < 1:
        return ANY_SIZE
    reach = number.add(number.mul(dilation, number.sub(kernel, 1)), 1)
    room = number.sub(number.add(size, number.mul(padding, 2)), reach)
    if ceiling:
        room = number.add(room, stride - 1)
    found = number.add(number.floordiv(room, stride), 1)
    if ceiling and isinstance(found, int) and isinstance(size, int) and isinstance(padding, int):
        return found - 1 if (found - 1) * stride >= size + padding else found
    if ceiling:
        return ANY_SIZE if not isinstance(found, int) else Size(max(found - 1, 0), found)
    return _positive(found)


def _positive(dim: Dim) -> Dim:
    return Size(0, dim.high, dim.terms) if isinstance(dim, Size) and dim.low < 0 else dim


def convolution(call: Call) -> Shapes:
    """`conv1d` to `conv3d`, `convolution`, `_convolution`."""
    given, weight = call.shape(0), call.shape("weight")
    places = call.operator.places
    if weight is None:
        return None
    count = len(weight) - 2
    if "transposed" in places:
        turned = call.plain("transposed")
        if turned is not False:
            return transposed(call) if turned else None
    if given is None:
        return None
    if len(given) not in (count + 1, count + 2):
        raise Mismatch(f"{spell(given)} meets a convolution with weights of {spell(weight)}")
    groups = call.dim("groups")
    words = f"{spell(given)} meets a convolution with weights of {spell(weight)} in {groups} groups"
    channels = given[-count - 1] if count else given[-1]
    if groups is not None:
        shape.agree(channels, number.mul(weight[1], groups), words)
    lead = given[: -count - 1]
    return (*lead, weight[0], *_slid(call, given[-count:], weight[2:], count))


def _slid(call: Call, sizes: Sequence[Dim], kernels: Sequence[Dim], count: int) -> tuple[Dim, ...]:
    mode = call.plain("padding")
    if mode == "same":
        return tuple(sizes)
    strides, dilations = spread(call.dims("stride"), count), spread(call.dims("dilation"), count)
    paddings = (0,) * count if mode == "valid" else spread(call.dims("padding"), count)
    if strides is None or dilations is None or paddings is None:
        return (ANY_SIZE,) * count
    return tuple(map(slid, sizes, kernels, paddings, strides, dilations))


def transposed(call: Call) -> Shapes:
    """`conv_transpose1d` to `conv_transpose3d`."""
    given, weight = call.shape(0), call.shape("weight")
    if given is None or weight is None:
        return None
    count, groups = len(weight) - 2, call.dim("groups")
    if len(given) not in (count + 1, count + 2):
        raise Mismatch(f"{spell(given)} meets a convolution with weights of {spell(weight)}")
    shape.agree(given[-count - 1], weight[0], f"{spell(given)} meets a transposed convolution of {spell(weight)}")
    lists = [spread(call.dims(name), count) for name in ("stride", "padding", "output_padding", "dilation")]
    channels = ANY_SIZE if groups is None else number.mul(weight[1], groups)
    if None in lists:
        return (*given[: -count - 1], channels, *(ANY_SIZE,) * count)
    sizes = map(_widened, given[-count:], weight[2:], *lists)  # type: ignore[arg-type]
    return (*given[: -count - 1], channels, *sizes)


def _widened(size: Dim, kernel: Dim, stride: Dim, padding: Dim, more: Dim, dilation: Dim) -> Dim:
    base = number.mul(number.sub(size, 1), stride)
    reach = number.mul(dilation, number.sub(kernel, 1))
    return number.add(number.add(number.sub(base, number.mul(padding, 2)), reach), number.add(more, 1))


def pool(call: Call) -> Shapes:
    """`max_pool`, `avg_pool`: windows, and with indices two results."""
    given, count = call.shape(0), spatial(call)
    if given is None or not count:
        return None
    if len(given) not in (count + 1, count + 2):
        raise Mismatch(f"{spell(given)} is pooled over {count} dimensions")
    kernels = spread(call.dims("kernel_size"), count)
    strides = spread(call.dims("stride") or call.dims("kernel_size"), count)
    paddings = spread(call.dims("padding"), count)
    dilations = spread(call.dims("dilation"), count) if "dilation" in call.operator.places else (1,) * count
    ceiling = call.plain("ceil_mode")
    if kernels is None or strides is None or paddings is None or dilations is None or ceiling is None:
        return (*given[:-count], *(ANY_SIZE,) * count)
    sizes = (slid(*each, ceiling) for each in zip(given[-count:], kernels, paddings, strides, dilations, strict=True))
    found = (*given[:-count], *sizes)
    return Several((found, found)) if len(call.node.outputs) == 2 else found


def adaptive(call: Call) -> Shapes:
    """`adaptive_avg_pool`: as large as is asked for; None keeps a dimension."""
    given, count = call.shape(0), spatial(call)
    wanted = spread(call.dims("output_size"), count)
    if given is None:
        return None
    found = (*given[:-count], *((ANY_SIZE,) * count if wanted is None else wanted))
    return Several((found, found)) if len(call.node.outputs) == 2 else found


def resampled(call: Call) -> Shapes:
    """`upsample_*`: of the size that is asked for, or by factors."""
    given, count = call.shape(0), spatial(call)
    if given is None:
        return None
    wanted = spread(call.dims("output_size"), count) if call.has("output_size") else None
    if wanted is not None:
        return (*given[:-count], *wanted)
    value = call.at("scale_factors")
    parts = getattr(value, "parts", None)
    factors: list[Any] = [getattr(part, "value", None) for part in parts] if parts and call.has("scale_factors") else []
    if len(factors) != count or not all(isinstance(factor, float | int) for factor in factors):
        return (*given[:-count], *(ANY_SIZE,) * count)
    pairs = zip(given[-count:], factors, strict=True)
    return (*given[:-count], *(int(dim * factor) if isinstance(dim, int) else ANY_SIZE for dim, factor in pairs))


def padded(call: Call) -> Shapes:
    """`pad`, `constant_pad_nd`: pairs of numbers from the last dimension on."""
    given, amounts = call.shape(0), call.dims(1)
    if given is None:
        return None
    if amounts is None or len(amounts) % 2 or len(amounts) > 2 * len(given):
        return (ANY_SIZE,) * len(given)
    dims = list(given)
    for place in range(len(amounts) // 2):
        before, after = amounts[2 * place], amounts[2 * place + 1]
        dims[-1 - place] = _positive(number.add(dims[-1 - place], number.add(before, after)))
    return tuple(dims)


def shuffled(call: Call) -> Shapes:
    """`pixel_shuffle(factor)`: channels become places."""
    given, factor = call.shape(0), call.whole(1)
    if given is None or factor is None or len(given) < 3 or factor < 1:
        return None if given is None else (ANY_SIZE,) * len(given)
    channels = number.divided(given[-3], factor * factor)
    sizes = (number.mul(given[-2], factor), number.mul(given[-1], factor))
    return (*given[:-3], ANY_SIZE if channels is None else channels, *sizes)


def gathered(call: Call) -> Shapes:
    """`pixel_unshuffle(factor)`: places become channels."""
    given, factor = call.shape(0), call.whole(1)
    if given is None or factor is None or len(given) < 3 or factor < 1:
        return None if given is None else (ANY_SIZE,) * len(given)
    sizes = [number.divided(dim, factor) for dim in given[-2:]]
    return (*given[:-3], number.mul(given[-3], factor * factor), *(ANY_SIZE if dim is None else dim for dim in sizes))


def unfolded(call: Call) -> Shapes:
    """`unfold(dimension, size, step)` of a tensor."""
    given, size, step = call.shape(0), call.dim("size"), call.dim("step")
    place = None if given is None else at(call.whole("dimension"), len(given))
    if given is None or place is None or size is None or step is None:
        return None
    return (*given[:place], slid(given[place], size, 0, step, 1), *given[place + 1 :], size)


def sampled(call: Call) -> Shapes:
    """`grid_sampler(input, grid)`."""
    given, grid = call.shape(0), call.shape("grid")
    return None if given is None or grid is None else (*given[:2], *grid[1:-1])


def spectrum(call: Call) -> Shapes:
    """`stft`: a batch, frequencies and frames; complex, or with pairs of numbers."""
    rank, pairs = call.rank(0), call.plain("return_complex")
    if rank is None or pairs is None:
        return None
    return (ANY_SIZE,) * (rank + 1 + (pairs is False))


def resynthesized(call: Call) -> Shapes:
    """`istft`: the signal of a spectrum, which has lost frequencies and frames, or pairs of numbers too."""
    given = call.tensor(0)
    if given is None or given.shape is None or not given.dtype:
        return None
    return (ANY_SIZE,) * max(len(given.shape) - 1 - (not given.dtype.startswith("complex")), 1)


def transformed(call: Call) -> Shapes:
    """`fft_fft`: of a dimension, perhaps of another size."""
    given = call.shape(0)
    if given is None or call.at("n") != NONE:
        return None if given is None else (ANY_SIZE,) * len(given)
    return given if call.operator.name in ("fft_fft", "fft_ifft") else (ANY_SIZE,) * len(given)


def aligned(call: Call) -> Shapes:
    """`torchvision::roi_align`: a box is a batch."""
    given, boxes = call.shape(0), call.shape(1)
    sizes = [call.dim(3), call.dim(4)]
    channels = given[1] if given is not None and len(given) == 4 else ANY_SIZE
    return (boxes[0] if boxes else ANY_SIZE, channels, *(ANY_SIZE if size is None else size for size in sizes))


def _line(call: Call) -> Shapes:
    return (ANY_SIZE,)


def _table(call: Call) -> Shapes:
    return (ANY_SIZE, ANY_SIZE)


def _rules(rule: Rule, names: str) -> dict[str, Rule]:
    return dict.fromkeys(names.split(), rule)


RULES: Mapping[str, Rule] = {
    **_rules(convolution, "conv1d conv2d conv3d convolution _convolution _convolution_mode"),
    **_rules(transposed, "conv_transpose1d conv_transpose2d conv_transpose3d"),
    **_rules(pool, "max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d max_pool2d_with_indices"),
    **_rules(
        adaptive,
        """adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d
        adaptive_max_pool3d""",
    ),
    **_rules(
        resampled,
        """upsample_nearest1d upsample_nearest2d upsample_nearest3d _upsample_nearest_exact1d _upsample_nearest_exact2d
        _upsample_nearest_exact3d upsample_linear1d upsample_bilinear2d upsample_bicubic2d upsample_trilinear3d
        _upsample_bilinear2d_aa _upsample_bicubic2d_aa _upsample_lanczos2d_aa""",
    ),
    **_rules(
        padded,
        """pad constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d
        replication_pad3d""",
    ),
    **_rules(shuffled, "pixel_shuffle"),
    **_rules(gathered, "pixel_unshuffle"),
    **_rules(unfolded, "unfold"),
    **_rules(sampled, "grid_sampler grid_sampler_2d grid_sampler_3d"),
    **_rules(spectrum, "stft"),
    **_rules(resynthesized, "istft"),
    **_rules(transformed, "fft_fft fft_ifft fft_rfft fft_irfft"),
    **_rules(aligned, "roi_align"),
    **_rules(_line, "nms"),
    **_rules(_table, "box_iou_rotated"),
}

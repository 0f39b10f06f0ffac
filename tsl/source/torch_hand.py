"""What no stub of torch says: results by arguments, and what tracing does to Python values. Written by hand.

It needs the names of origins. Each table names its source; "measured" is docs/measurements/baked-arguments.md, which
scripts/measure_baked_arguments.py writes and which the tests hold against these tables. It will never contain return
codes the stubs already tell, nor logic. Codes are those of `tsl.source.torch_stubs`.

Names are qualified (`torch.roll`, `torch.Tensor.roll`) or, where it says so, bare (`item`). Argument places count from
0 and leave out `self`; KEYWORD_ONLY stands for an argument that has no place.
"""

from __future__ import annotations

from tsl.source.values import DEVICE, DTYPE, GRAD, LAYOUT, RANK

KEYWORD_ONLY = 99

Argument = tuple[int, str]
Test = tuple[str, int, str]
Case = tuple[tuple[Test, ...], str]


def _words(text: str, prefix: str = "") -> list[str]:
    return [prefix + word for word in text.split()]


# What a call returns, by its arguments
# -------------------------------------
# Cases in order, the first whose tests all hold decides. Tests: "given" (passed), "true" (passed and true), "number"
# (passed and no tensor). Names are bare and places those of the method: for a function that takes the tensor first, add
# one. Source: the overloads in torch/_C/_VariableFunctions.pyi, torch/functional.py and boolean_dispatch in
# torch/nn/functional.py. For torch.nn classes the arguments are those of the constructor.
_DIMENSION: tuple[Case, ...] = (((("number", 0, "dim"),), "(TT)"), ((), "T"))
_UNIQUE = (("true", 1, "return_inverse"), ("true", 2, "return_counts"))
_CONSECUTIVE = (("true", 0, "return_inverse"), ("true", 1, "return_counts"))


def _flag(place: int, name: str, code: str, otherwise: str) -> tuple[Case, ...]:
    return (((("true", place, name),), code), ((), otherwise))


def _given(place: int, name: str, code: str, otherwise: str) -> tuple[Case, ...]:
    return (((("given", place, name),), code), ((), otherwise))


def _counted(flags: tuple[Test, Test]) -> tuple[Case, ...]:
    return ((flags, "(TTT)"), (flags[:1], "(TT)"), (flags[1:], "(TT)"), ((), "T"))


BY_ARGUMENTS: dict[str, tuple[Case, ...]] = {
    **dict.fromkeys(("max", "min", "median", "nanmedian"), _DIMENSION),
    **dict.fromkeys(
        ("max_pool1d", "max_pool2d", "max_pool3d"),
        _flag(5, "return_indices", "(TT)", "T"),
    ),
    **dict.fromkeys(
        [f"adaptive_max_pool{n}d" for n in (1, 2, 3)],
        _flag(1, "return_indices", "(TT)", "T"),
    ),
    **dict.fromkeys(
        [f"fractional_max_pool{n}d" for n in (2, 3)],
        _flag(3, "return_indices", "(TT)", "T"),
    ),
    **dict.fromkeys(
        [f"torch.nn.MaxPool{n}d" for n in (1, 2, 3)],
        _flag(4, "return_indices", "(TT)", "T"),
    ),
    **dict.fromkeys(
        [f"torch.nn.AdaptiveMaxPool{n}d" for n in (1, 2, 3)],
        _flag(1, "return_indices", "(TT)", "T"),
    ),
    **dict.fromkeys(
        [f"torch.nn.FractionalMaxPool{n}d" for n in (2, 3)],
        _flag(3, "return_indices", "(TT)", "T"),
    ),
    **dict.fromkeys(("atleast_1d", "atleast_2d", "atleast_3d"), _given(0, "", "[T]", "T")),
    "unique": _counted(_UNIQUE),
    "unique_consecutive": _counted(_CONSECUTIVE),
    "nonzero": _flag(0, "as_tuple", "[T]", "T"),
    "where": _given(0, "input", "T", "[T]"),
    "lu": _flag(1, "get_infos", "(TTT)", "(TT)"),
    "size": _given(0, "dim", "z", "S"),
    "stride": _given(0, "dim", "i", "[i]"),
    "type": _given(0, "dtype", "T", "s"),
}


# Names the stubs of torch do not list
# ------------------------------------
# Source: torch/_tensor.py and torch/__init__.py for the classes; the annotations in torchvision/ops/*.py (0.28) and the
# documentation of einops 0.8, whose functions follow sizes under trace (tried).
RETURNS_ELSEWHERE: dict[str, str] = {
    **dict.fromkeys(
        (
            "torch.Tensor",
            "torch.nn.Parameter",
            "torch.nn.parameter.Parameter",
            "torch.nn.Buffer",
        ),
        "T",
    ),
    **dict.fromkeys(
        _words(
            "FloatTensor DoubleTensor HalfTensor LongTensor IntTensor ShortTensor CharTensor ByteTensor BoolTensor"
            " nn.Transformer.generate_square_subsequent_mask",
            "torch.",
        ),
        "T",
    ),
    "torch.Size": "S",
    "torch.device": "v",
    "torch.autograd.grad": "[N|T]",
    "torch.nested.to_padded_tensor": "T",
    "torch.ops.torchvision.nms": "T",
    **dict.fromkeys(
        _words(
            "nms batched_nms remove_small_boxes clip_boxes_to_image box_convert box_area box_iou generalized_box_iou"
            " complete_box_iou distance_box_iou masks_to_boxes roi_align roi_pool ps_roi_align ps_roi_pool"
            " deform_conv2d sigmoid_focal_loss stochastic_depth drop_block2d drop_block3d generalized_box_iou_loss"
            " distance_box_iou_loss complete_box_iou_loss",
            "torchvision.ops.",
        ),
        "T",
    ),
    **dict.fromkeys(("einops.rearrange", "einops.reduce", "einops.repeat", "einops.einsum"), "T"),
    "einops.pack": "(T[[z]])",
    "einops.unpack": "[T]",
}
MODULES_ELSEWHERE: dict[str, str] = {
    **dict.fromkeys(
        _words(
            "DeformConv2d DropBlock2d DropBlock3d FrozenBatchNorm2d Conv2dNormActivation Conv3dNormActivation MLP"
            " Permute SqueezeExcitation MultiScaleRoIAlign PSRoIAlign PSRoIPool RoIAlign RoIPool StochasticDepth",
            "torchvision.ops.",
        ),
        "T",
    ),
    **dict.fromkeys(_words("Rearrange Reduce EinMix", "einops.layers.torch."), "T"),
}


# Data that becomes a Python value
# --------------------------------
# Bare method names; each warns but the predicates and `__index__`. Source: measured; item, equal and allclose also
# carry the tag data_dependent_output in native_functions.yaml.
FROM_DATA = frozenset(
    _words("item tolist numpy __array__ __bool__ __int__ __float__ __complex__ __index__ __contains__ __format__")
)
SILENT_PREDICATES = frozenset({"equal", "allclose", "is_nonzero"})

# Libraries that turn each tensor or size given to them into numbers of their own. Source: measured for numpy.
CONVERTING_LIBRARIES = frozenset({"numpy", "scipy", "cv2", "PIL"})

# What becomes of `x.data`: a constant in the trace, values and sizes, without a warning. Source: measured.
FROZEN_ATTRIBUTES = frozenset({"data"})

# Results whose length depends on data, by bare name; DATA_LENGTH_WHEN on the terms of BY_ARGUMENTS, with "absent" and
# "tensor" for tests. Source: the tag dynamic_output_shape in native_functions.yaml, without linalg_lstsq, of which only
# a side output is meant, and index, which is a subscript; nms and its kind: torchvision/ops/boxes.py.
DATA_LENGTH = frozenset(
    _words(
        "nonzero argwhere masked_select unique unique_consecutive unique_dim bincount nms batched_nms"
        " remove_small_boxes"
    )
)
DATA_LENGTH_WHEN: dict[str, tuple[Test, ...]] = {
    "where": (("absent", 0, "input"),),
    "repeat_interleave": (
        ("tensor", 0, "repeats"),
        ("absent", KEYWORD_ONLY, "output_size"),
    ),
    "one_hot": (("absent", 0, "num_classes"),),
}

# Results that are tensors of truth values, by bare name. Source: the dtype rules of comparison and logical operators in
# aten/src/ATen/native/BinaryOps.cpp and UnaryOps.cpp.
MASKS = frozenset(
    """eq ne lt le gt ge greater less greater_equal less_equal not_equal isnan isinf isfinite isclose isin isneginf
    isposinf logical_and logical_or logical_not logical_xor signbit bool""".split()
)


# Sizes
# -----
# Which questions about a size tracing follows, and which hand Python a plain int without a warning. Source: measured.
SIZE_METHODS = frozenset({"size", "numel", "nelement"})
RANK_METHODS = frozenset({"dim", "ndimension", "dense_dim", "sparse_dim"})
BAKED_SIZES = frozenset(
    {
        "torch.numel",
        "torch.Size.numel",
        "torch.Tensor.stride",
        "torch.Tensor.storage_offset",
        "torch.Tensor.nbytes",
        "torch.Tensor.is_same_size",
        "torch.is_same_size",
    }
)


# Arguments that tracing bakes
# ----------------------------
# A traced size given there becomes the number it was: the trace is wrong at another size, or fails. Three tables by the
# form in which the size arrives: in any form, only as a bare number (a list or tuple is followed), only in a list or
# tuple (a bare number is followed). Source: measured.
_SPACES = ("torch", "torch.nn.functional")
_CONVOLUTION: tuple[Argument, ...] = (
    (3, "stride"),
    (4, "padding"),
    (5, "dilation"),
    (6, "groups"),
)
_TRANSPOSED: tuple[Argument, ...] = (
    (3, "stride"),
    (4, "padding"),
    (5, "output_padding"),
    (6, "groups"),
    (7, "dilation"),
)
_AVERAGE: tuple[Argument, ...] = ((1, "kernel_size"), (2, "stride"), (3, "padding"))
_SPLITS = ("tensor_split", "hsplit", "vsplit", "dsplit")

BAKED_ARGUMENTS: dict[str, tuple[Argument, ...]] = {
    **dict.fromkeys([f"{space}.conv{n}d" for space in _SPACES for n in (1, 2, 3)], _CONVOLUTION),
    **dict.fromkeys(
        [f"{space}.conv_transpose{n}d" for space in _SPACES for n in (1, 2, 3)],
        _TRANSPOSED,
    ),
    **dict.fromkeys(("torch.chunk", "torch.unsafe_chunk"), ((1, "chunks"),)),
    **dict.fromkeys(("torch.Tensor.chunk", "torch.Tensor.unsafe_chunk"), ((0, "chunks"),)),
    "torch.cdist": ((2, "p"),),
    "torch.tensordot": ((2, "dims"),),
    "torch.nn.functional.layer_norm": ((4, "eps"),),
    "torch.nn.functional.multi_head_attention_forward": ((4, "num_heads"),),
    "torch.nn.functional.pad": ((3, "value"),),
    "torch.nn.functional.scaled_dot_product_attention": ((KEYWORD_ONLY, "scale"),),
}

BAKED_NUMBERS: dict[str, tuple[Argument, ...]] = {
    **dict.fromkeys([f"torch.nn.functional.avg_pool{n}d" for n in (1, 2, 3)], _AVERAGE),
    **dict.fromkeys(
        [f"{space}.max_pool{n}d" for space in _SPACES for n in (1, 2, 3)],
        (*_AVERAGE, (4, "dilation")),
    ),
    **dict.fromkeys(
        [f"{space}.adaptive_{kind}_pool1d" for space in _SPACES for kind in ("avg", "max")],
        ((1, "output_size"),),
    ),
    **dict.fromkeys([f"torch.{name}" for name in _SPLITS], ((1, "sections"),)),
    **dict.fromkeys([f"torch.Tensor.{name}" for name in _SPLITS], ((0, "sections"),)),
    **dict.fromkeys(("torch.mean", "torch.sum"), ((1, "dim"),)),
    **dict.fromkeys(("torch.Tensor.mean", "torch.Tensor.sum"), ((0, "dim"),)),
    "torch.avg_pool1d": _AVERAGE,
    "torch.nn.AvgPool2d": ((0, "kernel_size"),),
    "torch.nn.functional.fractional_max_pool2d": ((2, "output_size"),),
    "torch.nn.functional.lp_pool1d": ((2, "kernel_size"), (3, "stride")),
    "torch.roll": ((1, "shifts"),),
    "torch.split": ((1, "split_size_or_sections"),),
    "torch.Tensor.roll": ((0, "shifts"),),
    "torch.Tensor.split": ((0, "split_size"),),
}

BAKED_LISTS: dict[str, tuple[Argument, ...]] = {
    **dict.fromkeys([f"torch.{kind}Tensor" for kind in ("", "Float", "Int", "Long")], ((0, "data"),)),
    "torch.tensor": ((0, "data"),),
    "torch.as_tensor": ((0, "data"),),
    "torch.asarray": ((0, "obj"),),
    "torch.Tensor.new_tensor": ((0, "data"),),
}


# Python calls
# ------------
# A size given to these becomes a plain number without a warning, or makes tracing itself raise. Source: measured.
SILENT_CALLS = frozenset(
    _words("range hash bin chr operator.index math.gcd math.isqrt math.comb math.factorial numpy.zeros isinstance")
)
REFUSED_CALLS = frozenset(_words("round divmod math.trunc int.bit_length torch.sym_max torch.sym_min"))


# Guards
# ------
# Bare names of calls that ask how the model is being captured, and their answer under torch.jit.trace. Source: tried
# with torch 2.13 inside a trace; transformers/utils/import_utils.py, torchvision/__init__.py; timm's is_exportable and
# is_scriptable (timm/layers/config.py) are false unless the user sets them.
GUARDS: dict[str, bool] = {
    **dict.fromkeys(("is_tracing", "is_jit_tracing", "_is_tracing", "_get_tracing_state"), True),
    **dict.fromkeys(
        (
            "is_scripting",
            "is_compiling",
            "is_dynamo_compiling",
            "is_torch_compiling",
            "is_torchdynamo_compiling",
            "is_torchdynamo_exporting",
            "is_exporting",
            "is_exportable",
            "is_scriptable",
            "is_in_onnx_export",
            "is_torch_fx_proxy",
            "is_fx_symbolic_tracing",
            "has_torch_function",
            "has_torch_function_unary",
            "has_torch_function_variadic",
        ),
        False,
    ),
}


# What rules watch
# ----------------
# Calls that put a constant into a trace, draw numbers, or speak with the world outside the model. Source: the families
# TSL13x and TSL14x (docs/how-it-works.md); docs/measurements/baked-arguments.md for the copiers.
FACTORIES = frozenset(
    f"torch.{name}"
    for name in (
        "zeros ones full empty arange range linspace logspace eye tensor as_tensor asarray from_numpy rand"
        " randn randint randperm normal tril_indices triu_indices hann_window hamming_window bartlett_window"
        " blackman_window kaiser_window complex polar cartesian_prod scalar_tensor sparse_coo_tensor"
        " sparse_csr_tensor FloatTensor DoubleTensor HalfTensor LongTensor IntTensor ShortTensor CharTensor ByteTensor"
        " BoolTensor Tensor empty_strided fft.fftfreq fft.rfftfreq"
        " nn.Transformer.generate_square_subsequent_mask"
    ).split()
)
COPIERS = frozenset(
    f"torch.{name}"
    for name in (
        "tensor as_tensor asarray FloatTensor DoubleTensor HalfTensor LongTensor IntTensor ShortTensor CharTensor"
        " ByteTensor BoolTensor Tensor"
    ).split()
)
RANDOM = frozenset(
    f"torch.{name}"
    for name in (
        "rand randn randint randperm normal rand_like randn_like randint_like bernoulli multinomial poisson dropout"
        " nn.functional.dropout nn.functional.dropout1d nn.functional.dropout2d nn.functional.dropout3d"
        " nn.functional.alpha_dropout nn.functional.feature_alpha_dropout nn.functional.gumbel_softmax"
        " nn.functional.rrelu nn.functional.fractional_max_pool2d"
    ).split()
)
RECURRENT = frozenset(
    {"torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN", "torch.nn.LSTMCell", "torch.nn.GRUCell", "torch.nn.RNNCell"}
)
WATCHED = (
    FACTORIES
    | RANDOM
    | RECURRENT
    | {f"torch.{name}" for name in "finfo iinfo zeros_like ones_like full_like empty_like".split()}
)
WATCHED_METHODS = frozenset(
    """to type_as cuda cpu xpu type new_tensor new_zeros new_ones new_full new_empty bernoulli bernoulli_ normal_
    uniform_ random_ exponential_ multinomial""".split()
)
WATCHED_ELSEWHERE = frozenset(
    """builtins.print builtins.open builtins.input os.getenv os.environ.get os.getpid os.listdir
    os.path.getmtime time.time time.time_ns time.perf_counter time.perf_counter_ns time.monotonic
    time.monotonic_ns time.process_time datetime.datetime.now datetime.datetime.utcnow datetime.date.today uuid.uuid1
    uuid.uuid4 numpy.load numpy.loadtxt numpy.fromfile torch.load torch.cuda.synchronize""".split()
)
WATCHED_MODULES = ("random.", "secrets.", "numpy.random.", "logging.")

# Methods whose plain result tells of a tensor's metadata, and of which; strides and offsets are baked as numbers too.
# Source: measured, docs/measurements/baked-arguments.md.
LAYOUT_METHODS = frozenset({"stride", "storage_offset"})
METADATA_ATTRIBUTES: dict[str, int] = {
    **dict.fromkeys(("requires_grad", "is_leaf", "retains_grad", "grad_fn"), GRAD),
    **dict.fromkeys(("is_sparse", "is_sparse_csr", "is_mkldnn", "is_nested"), LAYOUT),
    "is_quantized": DTYPE,
}
METADATA_FUNCTIONS: dict[str, int] = {
    **dict.fromkeys(("torch.is_floating_point", "torch.is_complex"), DTYPE),
    "torch.is_grad_enabled": GRAD,
}
METADATA_METHODS: dict[str, int] = {
    **dict.fromkeys(("dim", "ndimension", "dense_dim", "sparse_dim"), RANK),
    **dict.fromkeys(("is_floating_point", "is_complex", "is_signed", "element_size", "type"), DTYPE),
    **dict.fromkeys(("get_device", "is_pinned"), DEVICE),
    **dict.fromkeys(("is_contiguous", "stride", "storage_offset", "is_coalesced"), LAYOUT),
}

"""What NNC, the fuser of TorchScript, has code for, by operator: tables, and what looks as if it could be fused.

Needs nothing. It will never ask torch: whether a *call* is fused depends on its types too, and the fuser says that.

Sources, read at torch 2.13 and tried there by passing typed graphs through the fuser: the elementwise set of
torch/csrc/jit/runtime/symbolic_shape_registry_util.cpp; `supported_non_eltwise_set`, `supported_misc_set` and
`supported_reduction_set` of torch/csrc/jit/passes/tensorexpr_fuser.cpp.
"""

from __future__ import annotations

ELEMENTWISE = frozenset(
    """add sub mul div eq ne ge gt le lt pow clamp to type_as isnan lgamma log10 log log2 log1p exp erf erfc fmod
    remainder cos sin tan acos asin atan atan2 cosh sinh tanh hardtanh hardsigmoid hardswish hardshrink sqrt rsqrt abs
    floor ceil round trunc threshold sigmoid relu leaky_relu softplus mish elu relu6 gelu silu neg reciprocal expm1 frac
    __and__ __or__ __xor__ __lshift__ __rshift__ where lerp addcmul min max _autocast_to_reduced_precision
    _autocast_to_full_precision""".split()
)
REDUCTIONS = frozenset("sum softmax log_softmax".split())
# What changes nothing on its way out of training, and is another operator in training.
DROPOUTS = frozenset("dropout feature_dropout alpha_dropout dropout_ feature_dropout_ alpha_dropout_".split())
# How a number leaves a tensor.
READS = frozenset("aten::item aten::Int aten::Float aten::ScalarImplicit aten::FloatImplicit aten::IntImplicit".split())


def base_of(kind: str) -> str:
    """The operator without its namespace and without the mark of writing in place: `relu` for `aten::relu_`."""
    name = kind.partition("::")[2]
    return name if name.endswith("__") else name.removesuffix("_")


def writes(kind: str) -> bool:
    """Whether an operator is the form in place of one that is fused: `aten::relu_`."""
    name = kind.partition("::")[2]
    return name.endswith("_") and not name.endswith("__") and base_of(kind) in ELEMENTWISE


def could_be_fused(kind: str) -> bool:
    """Whether the fuser has code for an operator that works element by element, as it is."""
    return kind.startswith("aten::") and not writes(kind) and kind.partition("::")[2] in ELEMENTWISE


def looks_fusible(kind: str) -> bool:
    """Whether a reader expects an operator to be fused: it is elementwise, or would be taken with an option."""
    if not kind.startswith("aten::"):
        return False
    return base_of(kind) in ELEMENTWISE | REDUCTIONS | {"batch_norm"} | DROPOUTS

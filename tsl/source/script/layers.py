"""Layers of torch.nn as the compiler calls them, and those that it cannot compile.

What they take and return is their `forward` in torch 2.13; what cannot be compiled was tried, each as the only
layer of a module.
"""

from __future__ import annotations

import _ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tsl.source.classes import Class
from tsl.source.names import Names
from tsl.source.refs import Layer
from tsl.source.script.forms import unconditional
from tsl.source.script.table import call as matched
from tsl.source.script.table import read_schema
from tsl.source.script.types import TENSOR, UNKNOWN, Type, is_a, is_known, is_optional, told
from tsl.source.tree import assigned, walk

if TYPE_CHECKING:
    from tsl.source.script.calls import Given
    from tsl.source.script.statements import Emitter

SINGLE = frozenset(
    """Linear Conv1d Conv2d Conv3d BatchNorm1d BatchNorm2d BatchNorm3d LayerNorm GroupNorm ReLU ReLU6 GELU SiLU Sigmoid
    Tanh Softmax LogSoftmax Dropout Dropout2d AvgPool2d AdaptiveAvgPool2d AdaptiveAvgPool1d Embedding Flatten
    Hardswish Hardsigmoid Identity ELU LeakyReLU PReLU InstanceNorm2d Mish Softplus PixelShuffle ReflectionPad2d
    ZeroPad2d Upsample AvgPool1d InstanceNorm1d InstanceNorm3d""".split()
)
PAIR = "Tuple[Tensor, Tensor]"
FORWARDS = {
    "LSTM": f"Tensor input, Optional[{PAIR}] hx=None) -> Tuple[Tensor, {PAIR}]",
    "GRU": f"Tensor input, Tensor? hx=None) -> {PAIR}",
    "RNN": f"Tensor input, Tensor? hx=None) -> {PAIR}",
    "LSTMCell": f"Tensor input, Optional[{PAIR}] hx=None) -> {PAIR}",
    "GRUCell": "Tensor input, Tensor? hx=None) -> Tensor",
    "RNNCell": "Tensor input, Tensor? hx=None) -> Tensor",
    "Bilinear": "Tensor input1, Tensor input2) -> Tensor",
    "CosineSimilarity": "Tensor x1, Tensor x2) -> Tensor",
    "PairwiseDistance": "Tensor x1, Tensor x2) -> Tensor",
    "EmbeddingBag": "Tensor input, Tensor? offsets=None, Tensor? per_sample_weights=None) -> Tensor",
    "MultiheadAttention": "Tensor query, Tensor key, Tensor value, Tensor? key_padding_mask=None, "
    "bool need_weights=True, Tensor? attn_mask=None, bool average_attn_weights=True, bool is_causal=False) "
    "-> Tuple[Tensor, Optional[Tensor]]",
    **dict.fromkeys(
        "MSELoss L1Loss CrossEntropyLoss NLLLoss BCELoss BCEWithLogitsLoss KLDivLoss SmoothL1Loss HuberLoss".split(),
        "Tensor input, Tensor target) -> Tensor",
    ),
    **dict.fromkeys(
        "ConvTranspose1d ConvTranspose2d ConvTranspose3d".split(), "Tensor input, int[]? output_size=None) -> Tensor"
    ),
}
RECURRENT = frozenset({"LSTM", "GRU", "RNN"})  # these take a PackedSequence as well
REFUSED = frozenset(
    """AdaptiveLogSoftmaxWithLoss SyncBatchNorm GaussianNLLLoss LazyLinear LazyConv1d LazyConv2d LazyConv3d
    LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d
    MaxUnpool1d MaxUnpool2d MaxUnpool3d TripletMarginWithDistanceLoss DataParallel utils.weight_norm
    utils.spectral_norm utils.parametrizations.spectral_norm utils.parametrizations.orthogonal""".split()
)


def call(emitter: Emitter, node: _ast.Call, layer: Layer, given: Given) -> Type:
    """What a call of a layer gives; tells arguments that it does not take."""
    name = layer.path.rpartition(".")[2]
    if name in FORWARDS and layer.path.count(".") == 2:
        return _typed(emitter, node, name, given)
    if name not in SINGLE:
        return UNKNOWN
    if given.certain and given.places:
        _one_tensor(emitter, node, name, given)
    return TENSOR


def _typed(emitter: Emitter, node: _ast.Call, name: str, given: Given) -> Type:
    first = given.places[0] if given.places else UNKNOWN
    if not given.certain or (name in RECURRENT and first != TENSOR):
        return UNKNOWN
    schema = read_schema(f"forward({FORWARDS[name]}")
    if matched([schema], given.places, given.named).refused:
        named = [f"{key}: {told(kind)}" for key, kind in given.named.items()]
        kinds = ", ".join([*map(told, given.places), *named])
        return emitter.refuse(node, "argument", f"`{name}` does not take ({kinds})")
    return schema.returns


def _one_tensor(emitter: Emitter, node: _ast.Call, name: str, given: Given) -> None:
    kind = given.places[0]
    text = f"`{emitter.module.file.segment(node.func)}` takes a Tensor and is given {told(kind)}"
    if is_optional(kind) and kind[1] == TENSOR:
        emitter.refuse(node, "optional", text)
    elif kind in ("int", "float", "str", "bool") or (is_known(kind) and (is_a(kind, "List") or is_a(kind, "Tuple"))):
        emitter.refuse(node, "argument", text)
    elif len(given.places) + len(given.named) > 1:
        emitter.refuse(node, "signature", f"`{name}` takes one argument")


def refused(cls: Class) -> Iterator[tuple[Class, Any, str]]:
    """Layers that a constructor keeps and the compiler cannot compile: the class, the call, its path."""
    for ancestor in cls.ancestors():
        method = ancestor.methods.get("__init__")
        if method is not None and "remove_" not in ancestor.module.file.text:
            found = ancestor.module.once(_refused, method)
            yield from ((ancestor, node, path) for node, path in found)


def _refused(method: Any, names: Names) -> tuple[tuple[Any, str], ...]:
    stored = [
        value for target, value in assigned(unconditional(method)) if isinstance(target, _ast.Attribute) and value
    ]
    kept = [value for value in stored if not any(isinstance(part, _ast.IfExp | _ast.Dict) for part in walk([value]))]
    calls = [node for node in walk(kept) if isinstance(node, _ast.Call)]
    paths = [(node, names.dotted(node.func) or "") for node in calls]
    return tuple((node, path) for node, path in paths if path.removeprefix("torch.nn.") in REFUSED)

"""Where the results of an operator are, by the domain of `device`: the rules of the operators that differ from the
rest.

Definitions:
1. An operator has its tensors on their common device, and makes its results there.
2. One that has an argument `device` makes its results on the device it is given; where that is None it goes by (1), and
   without a tensor to go by it makes them on the CPU (the default device, unless a program sets another).
3. FREE arguments may be on any device: what is copied from, what only a size or a device is asked of, the numbers that
   an operator reads on the CPU anyway. HOST arguments have to be on the CPU.
4. Indices may be on the CPU; on another device they have to be where the indexed tensor is.
5. The result of an operator in LIKE is where the argument named there is.
6. What is put at an index is moved to where it is put if it has no dimensions, wherever it is
   (aten/src/ATen/native/TensorAdvancedIndexing.cpp, `_index_put_impl_`).

Sources: facts of FakeTensor and of CUDA collected in the tables' comments. It will never know a deployment.
"""

from __future__ import annotations

from collections.abc import Mapping

from tsl.ir import device
from tsl.ir.abstract import Constant, On, Tensor
from tsl.ir.device import ANYWHERE, CPU, NOWHERE
from tsl.ir.operator import Call
from tsl.record import Record

# (3) By operator, the arguments that may be anywhere. `lengths` and `batch_sizes`: torch/nn/utils/rnn.py keeps them on
# the CPU. `indices`: (4).
FREE: Mapping[str, frozenset[str]] = {
    "aten::to": frozenset({"other", "self"}),
    "aten::copy": frozenset({"src"}),
    "aten::type_as": frozenset({"other", "self"}),
    "aten::expand_as": frozenset({"other"}),
    "aten::view_as": frozenset({"other"}),
    "aten::reshape_as": frozenset({"other"}),
    "aten::resize_as": frozenset({"the_template"}),
    "aten::is_same_size": frozenset({"other"}),
    "aten::sum_to_size": frozenset({"other"}),
    "aten::index": frozenset({"indices"}),
    "aten::index_put": frozenset({"indices"}),
    "aten::_index_put_impl": frozenset({"indices"}),
    "aten::_unsafe_index": frozenset({"indices"}),
    "aten::_pack_padded_sequence": frozenset({"lengths"}),
    "aten::_pad_packed_sequence": frozenset({"batch_sizes"}),
    "aten::tensor_split": frozenset({"tensor_indices_or_sections"}),
    "aten::_ctc_loss": frozenset({"input_lengths", "target_lengths"}),
    "aten::ctc_loss": frozenset({"input_lengths", "target_lengths"}),
    **{f"aten::{name}": frozenset({"batch_sizes"}) for name in ("lstm", "gru", "rnn_tanh", "rnn_relu")},
    "aten::set": frozenset({"self"}),
    "aten::set_data": frozenset({"new_data"}),
    "aten::tensor": frozenset({"data"}),
    "aten::as_tensor": frozenset({"data"}),
}

# (3) `'lengths' argument should be a 1D CPU int64 tensor` (aten/src/ATen/native/PackedSequence.cpp); `tensor_split
# expected tensor_indices_or_sections to be on cpu` (aten/src/ATen/native/TensorShape.cpp).
ON_HOST: Mapping[str, str] = {
    "aten::_pack_padded_sequence": "lengths",
    "aten::tensor_split": "tensor_indices_or_sections",
}

# (5)
LIKE: Mapping[str, str] = {"aten::type_as": "other", "aten::set": "source"}
INDEXING = frozenset({"aten::index", "aten::index_put", "aten::_index_put_impl", "aten::_unsafe_index"})
PUTTING = INDEXING - {"aten::index", "aten::_unsafe_index"}

# What makes a tensor on the CPU whatever it is given.
HOST_MADE = frozenset({"aten::scalar_tensor", "aten::_shape_as_tensor"})
NAMED: Mapping[str, str] = {"aten::cpu": "cpu", "aten::cuda": "cuda:0", "aten::xpu": "xpu:0"}


class Placed(Record):
    """Where results are, and the origins of what decides it; `literal` where the call itself does, `default` where
    nothing did and it is the CPU. `conflict` holds two places of arguments, with the tensors there.
    """

    device: str
    origin: tuple[int, ...] = ()
    literal: bool = False
    default: bool = False
    conflict: tuple[tuple[int, Tensor], ...] = ()
    words: str = ""


def placed(call: Call, tensors: list[tuple[int, Tensor]]) -> Placed:
    """Where the results of a call are, given the tensors among its arguments."""
    operator = call.operator
    kind = f"{operator.namespace}::{operator.name}"
    if kind in NAMED:
        return Placed(NAMED[kind], literal=True)
    if any(tensor.device == NOWHERE for _, tensor in tensors):
        return Placed(NOWHERE)
    asked = _asked(call)
    conflict = _special(call, kind)
    if conflict is not None:
        return conflict
    held = _held(call, kind, tensors)
    if len(held) == 1:
        only = held[0][1]
        found = Placed(only.device, only.origin)
    else:
        found = _common(held, call)
    if found.conflict or asked is None:
        return _like(call, kind, found) if not found.conflict else found
    return asked


def _asked(call: Call) -> Placed | None:
    """(2)"""
    place = call.operator.places.get("device")
    if place is None or place >= len(call.values):
        return None
    value = call.values[place]
    if type(value) is On:
        return Placed(value.device, value.origin, value.is_literal)
    if type(value) is Constant:
        text = value.value if value.kind == "str" else None
        return None if text is None else Placed(device.normal(text), literal=True)
    return Placed(ANYWHERE)


def _held(call: Call, kind: str, tensors: list[tuple[int, Tensor]]) -> list[tuple[int, Tensor]]:
    free = FREE.get(kind)
    if free is None:
        return tensors
    arguments = call.operator.schema.arguments
    held = [pair for pair in tensors if arguments[pair[0]].name not in free]
    if kind in PUTTING:  # (6)
        held = [(place, tensor) for place, tensor in held if arguments[place].name != "values" or tensor.shape]
    return held


def _common(held: list[tuple[int, Tensor]], call: Call) -> Placed:
    """(1)"""
    if not held:
        return Placed(ANYWHERE) if call.operator.tensors else Placed(CPU, default=True)
    found, decides, conflict = device.common([(tensor.device, tensor.shape) for _, tensor in held])
    if conflict is not None:
        return Placed(NOWHERE, conflict=(held[conflict[0]], held[conflict[1]]))
    return Placed(found, held[decides][1].origin if decides >= 0 else ())


def _like(call: Call, kind: str, found: Placed) -> Placed:
    """(5)"""
    if kind in HOST_MADE:
        return Placed(CPU, default=True)
    name = LIKE.get(kind) or ("other" if kind == "aten::to" and "other" in call.operator.places else None)
    if kind == "aten::to" and name is None:
        name = "self"
    if kind in {"aten::tensor", "aten::as_tensor"}:
        source = call.tensor("data")
        return Placed(source.device, source.origin) if source else Placed(CPU, default=True)
    if name is None:
        return found
    like = call.tensor(name)
    return Placed(like.device, like.origin) if like else Placed(ANYWHERE)


def _special(call: Call, kind: str) -> Placed | None:
    """(3), (4): the conflicts that no common device shows."""
    host = ON_HOST.get(kind)
    if host is not None:
        read = call.tensor(host)
        if read is not None and read.device not in (CPU, ANYWHERE, NOWHERE):
            alone = ((call.operator.places[host], read),)
            return Placed(NOWHERE, conflict=alone, words=f"{host} has to be on the CPU")
    if kind in INDEXING:
        source, place = call.tensor(0), call.operator.places.get("indices", -1)
        if source is None or source.device in (ANYWHERE, NOWHERE) or place < 0:
            return None
        for index in _indices(call):
            if index.device not in (CPU, ANYWHERE, NOWHERE, source.device):
                pair = ((0, source), (place, index))
                return Placed(NOWHERE, conflict=pair, words="indices are on the CPU or with what they index")
    return None


def _indices(call: Call) -> list[Tensor]:
    found: list[Tensor] = []
    value = call.at("indices")
    for part in getattr(value, "parts", ()):
        if type(part) is Tensor:
            found.append(part)
    return found

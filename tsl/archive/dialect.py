"""What the writers of pickles are known to write: opcodes and globals, one dialect for each writer.

TORCHSCRIPT is what torch's C++ pickler writes, and of names what its unpickler takes (pickler.cpp and unpickler.cpp
in torch/csrc/jit/serialization). TORCH_SAVE is what `torch.load(weights_only=True)` takes, in protocol 2
(torch/_weights_only_unpickler.py). Needs `values` for the names of dtypes. It will never hold a module or an object
that one of these names stands for.
"""

from __future__ import annotations

import re

from tsl.archive.values import DTYPES
from tsl.record import Record

_OF_AN_ARCHIVE = re.compile(r"__torch__(\.[^\W\d]\w*)+\Z")  # its own classes, by qualified name


class Dialect(Record):
    """A writer's pickles: the protocol, the opcodes (their bytes) and the dotted globals; `own_classes` says whether
    the names of an archive's own classes are among them, `sources` that persistent ids may hold a class's source.
    """

    title: str
    protocol: int
    opcodes: frozenset[int]
    globals: frozenset[str]
    own_classes: bool
    sources: bool = False

    def knows(self, name: str) -> bool:
        """Whether a dotted global is one this writer asks for."""
        return name in self.globals or (self.own_classes and _OF_AN_ARCHIVE.match(name) is not None)


_STORAGES = frozenset(f"torch.{name}Storage" for name in DTYPES)
_SCHEMES = frozenset(f"torch.per_{of}" for of in ("tensor_affine", "channel_affine", "tensor_symmetric",
                                                  "channel_symmetric", "channel_affine_float_qparams"))  # fmt: skip

TORCHSCRIPT = Dialect(
    "TorchScript",
    2,
    frozenset(b"\x80.c()]}qrhjNKMJ\x8aGX\x88\x89t\x85\x86\x87ue\x81bRQ"),
    _STORAGES
    | _SCHEMES
    | frozenset(
        "torch.device builtins.complex collections.OrderedDict torch.distributed.rpc.rref"
        " torch._utils._rebuild_tensor_v2 torch._utils._rebuild_qtensor torch._utils._rebuild_parameter"
        " torch._utils._rebuild_sparse_tensor torch._tensor._rebuild_from_type_v2 torch.Tensor"
        " torch.jit._pickle.build_intlist torch.jit._pickle.build_doublelist torch.jit._pickle.build_boollist"
        " torch.jit._pickle.build_tensorlist torch.jit._pickle.build_tensor_from_id"
        " torch.jit._pickle.restore_type_tag".split()
    ),
    True,
)

_BITS = (
    "bits8",
    "bits16",
    "bits1x8",
    "bits2x4",
    "bits4x2",
    *(f"{sign}int{n}" for sign in ("", "u") for n in range(1, 8)),
)
_DTYPES = frozenset(f"torch.{name}" for name in {*DTYPES.values(), *_BITS})
_TENSORS = frozenset(
    f"torch.{where}{kind}"
    for where in ("", "cuda.", "sparse.", "cuda.sparse.")
    for kind in "BFloat16Tensor BoolTensor ByteTensor CharTensor DoubleTensor FloatTensor HalfTensor"
    " IntTensor LongTensor ShortTensor".split()
) | {name.replace("torch.", "torch.cuda.") for name in _STORAGES}

TORCH_SAVE = Dialect(
    "torch.save",
    2,
    TORCHSCRIPT.opcodes | frozenset(b"asUT"),  # one item at a time, and the strings of Python 2
    _STORAGES
    | _SCHEMES
    | _DTYPES
    | _TENSORS
    | frozenset(
        "torch.device torch.Size torch.Tensor torch.nn.parameter.Parameter"
        " torch.storage.UntypedStorage torch.storage.TypedStorage"
        " torch.serialization._get_layout torch._tensor._rebuild_from_type_v2"
        " torch._utils._rebuild_tensor torch._utils._rebuild_tensor_v2 torch._utils._rebuild_tensor_v3"
        " torch._utils._rebuild_parameter torch._utils._rebuild_parameter_with_state torch._utils._rebuild_qtensor"
        " torch._utils._rebuild_sparse_tensor torch._utils._rebuild_meta_tensor_no_storage"
        " torch._utils._rebuild_nested_tensor torch._utils._rebuild_wrapper_subclass"
        " torch._utils._rebuild_device_tensor_from_numpy torch._utils._rebuild_device_tensor_from_cpu_tensor"
        " collections.OrderedDict collections.Counter builtins.complex builtins.set builtins.bytearray"
        " _codecs.encode __builtin__.complex __builtin__.set __builtin__.bytearray".split()
    ),
    False,
)

TORCH_SAVE_LEGACY = TORCH_SAVE._replace(title="torch.save before 1.6", sources=True)

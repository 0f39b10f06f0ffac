"""What scripts/torch_tables.py must be told: where to look, how types are named, and what torch's files leave open.

It needs nothing and holds only tables. It will never contain a fact about tracing that is not a return code: those are
in tsl/source/torch_hand.py.
"""

from __future__ import annotations

UNKNOWN = "?"

# Namespace and the files below torch/ that name its functions, in rising order of trust.
SOURCES = (
    ("torch", "_C/__init__.pyi"),
    ("torch", "_C/_VariableFunctions.pyi"),
    ("torch", "random.py"),
    ("torch", "__init__.py"),
    ("torch", "functional.py"),
    ("torch.nn.functional", "nn/functional.pyi"),
    ("torch.nn.functional", "nn/functional.py"),
    ("torch.linalg", "linalg/__init__.py"),
    ("torch.fft", "fft/__init__.py"),
    ("torch.special", "special/__init__.py"),
    ("torch.sparse", "sparse/__init__.py"),
    ("torch.signal.windows", "signal/windows/windows.py"),
    ("torch.nn.init", "nn/init.py"),
    ("torch.nn.utils", "nn/utils/convert_parameters.py"),
    ("torch.nn.utils", "nn/utils/clip_grad.py"),
    ("torch.nn.utils.rnn", "nn/utils/rnn.py"),
    ("torch.cuda", "cuda/__init__.py"),
    ("torch.compiler", "compiler/__init__.py"),
    ("torch.onnx", "onnx/__init__.py"),
)

# The last part of a type's name in annotations and in native_functions.yaml.
TYPES = {
    **dict.fromkeys(("Tensor", "Parameter", "Self", "S"), "T"),
    **dict.fromkeys(("int", "_int", "SymInt"), "i"),
    **dict.fromkeys(("float", "_float", "SymFloat"), "f"),
    **dict.fromkeys(("bool", "_bool", "SymBool", "_TypeIs", "_TypeGuard"), "b"),
    **dict.fromkeys(("Number", "Scalar", "complex", "_complex"), "n"),
    **dict.fromkeys(("str", "_str"), "s"),
    **dict.fromkeys(("Size", "_size"), "S"),
    **dict.fromkeys(("dtype", "_dtype", "DType", "ScalarType"), "d"),
    **dict.fromkeys(("device", "_device", "Device"), "v"),
    **dict.fromkeys(("layout", "_layout", "memory_format"), "l"),
    "None": "N",
    "_ASMoutput": "(TT)",
}
SEQUENCES = frozenset({"list", "List", "Sequence"})

# Names with a leading underscore that model code does call.
PRIVATE = frozenset({"_assert", "_shape_as_tensor", "_weight_norm", "_check", "_softmax", "_log_softmax"})

# What the files do not say, read from the bodies and docstrings there (torch/functional.py, torch/_tensor.py,
# torch/nn/modules); and where "int" is a size that tracing follows (z), a rank (r) or torch.Size (S), as measured in
# docs/measurements/baked-arguments.md.
UNIQUE = "(TTT)|(TT)|T"
CORRECTIONS = {
    "torch": {
        "_assert": "N",
        "_check": "N",
        "_shape_as_tensor": "T",
        "atleast_1d": "T|[T]",
        "atleast_2d": "T|[T]",
        "atleast_3d": "T|[T]",
        "block_diag": "T",
        "broadcast_shapes": "S",
        "broadcast_tensors": "[T]",
        "cdist": "T",
        "chain_matmul": "T",
        "from_dlpack": "T",
        "lobpcg": "(TT)",
        "lu": "(TTT)|(TT)",
        "norm": "T",
        "pca_lowrank": "(TTT)",
        "svd_lowrank": "(TTT)",
        "sym_float": "f",
        "sym_int": "i",
        "sym_not": "b",
        "tensordot": "T",
        "unique": UNIQUE,
        "unique_consecutive": UNIQUE,
    },
    "torch.nn.functional": {"upsample": "T", "upsample_bilinear": "T", "upsample_nearest": "T"},
    "torch.jit": {"is_scripting": "b", "is_tracing": "b"},
    "torch.cuda": {"is_bf16_supported": "b", "is_initialized": "b"},
}
METHOD_CORRECTIONS = {
    "backward": "N",
    "cdouble": "T",
    "cfloat": "T",
    "dim": "r",
    "dim_order": "[i]",
    "eig": UNKNOWN,
    "is_shared": "b",
    "istft": "T",
    "lstsq": UNKNOWN,
    "lu": "(TTT)|(TT)",
    "ndimension": "r",
    "nelement": "z",
    "norm": "T",
    "numel": "z",
    "resize": "T",
    "resize_as": "T",
    "share_memory_": "T",
    "size": "S|z",
    "solve": UNKNOWN,
    "split": "[T]",
    "stft": "T",
    "storage_offset": "i",
    "symeig": UNKNOWN,
    "to_sparse_coo": "T",
    "unflatten": "T",
    "unique": UNIQUE,
    "unique_consecutive": UNIQUE,
}
ATTRIBUTE_CORRECTIONS = {"is_xla": "b", "ndim": "r", "shape": "S"}
MODULE_CORRECTIONS = {
    **{f"{kind}MaxPool{n}d": "(TT)|T" for kind in ("", "Adaptive") for n in (1, 2, 3)},
    "FractionalMaxPool2d": "(TT)|T",
    "FractionalMaxPool3d": "(TT)|T",
    "GRU": "(TT)",
    "LSTM": "(T(TT))",
    "RNN": "(TT)",
    "Module": UNKNOWN,
    "ModuleDict": "module-dict",
    "ModuleList": "module-list",
    "ParameterDict": "parameter-dict",
    "ParameterList": "parameter-list",
    "Sequential": "sequential",
}

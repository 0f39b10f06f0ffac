"""What the code of an archive calls: operators, the libraries that bring them, devices it names; and its methods.

1. Operators are counted by the places that call them, read from the text; for a lite archive without code, by its
   bytecode.
2. A namespace that is not of C++ PyTorch itself (OWN) comes from a library that a program has to load before the
   archive, and so does a custom class.
3. A device literal is a `torch.device("...")`: the code keeps it whatever device the model is moved to.

Needs the code and the bytecode of an archive. It will never look an operator up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tsl.archive.archive import Archive
from tsl.archive.code import Class, CodeFile, file_text
from tsl.archive.code import Method as Function
from tsl.archive.inspection.facts import DeviceLiteral, Library, Method, Operator, Parameter
from tsl.archive.inspection.tree import plain

# Namespaces that the C++ library of PyTorch 2.13.0 registers (torch._C._dispatch_get_all_op_names() and
# _jit_get_all_schemas(), without those that torch's Python files register), and of its custom classes.
OWN = frozenset(
    "aten prim quantized _quantized static_runtime c10d _c10d_functional onednn mkldnn mkldnn_prepacked mkl sparse"
    " quantization profiler prepacked xnnpack".split()
)
OWN_CLASSES = frozenset("quantized xnnpack mkldnn rnn sparse c10d dist_rpc profiler nnapi vulkan metal".split())

# What is known to bring a namespace: the library a C++ program links or loads, as its project builds it.
LIBRARIES: Mapping[str, str] = {
    "torchvision": "libtorchvision",
    "torchaudio": "libtorchaudio",
    "torchtext": "libtorchtext",
    "torch_scatter": "libtorchscatter",
    "torch_sparse": "libtorchsparse",
    "torch_cluster": "libtorchcluster",
    "torch_spline_conv": "libtorchsplineconv",
    "pyg": "libpyg",
    "fbgemm": "fbgemm_gpu",
    "tensorrt": "libtorchtrt",
    "torch_ipex": "intel-ext-pt",
}

# A string that is not closed ends with its line: to look for its end again from each quote in it would never end.
_DEVICE = re.compile(rb"\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?|\btorch\.device\([\"']([^\"'\\\n]*)[\"']")
_CUSTOM = re.compile(rb"\b__torch__\.torch\.classes\.(\w+)\.")
NO_OPERATORS = frozenset({"aten::device"})  # a type that the code calls by the same form


def operators_of(archive: Archive) -> tuple[Operator, ...]:
    """The operators by name (1)."""
    found = dict(archive.code.operators)
    if not found and archive.bytecode is not None:
        for function in archive.bytecode.functions:
            for one in function.operators:
                found[one.name] = found.get(one.name, 0) + 1
    return tuple(Operator(name, calls) for name, calls in sorted(found.items()) if name not in NO_OPERATORS)


def libraries_of(archive: Archive, operators: Sequence[Operator]) -> tuple[Library, ...]:
    """The namespaces that a library has to bring (2), each with the library where it is known."""
    spaces = {one.namespace for one in operators} - OWN
    classes = {found[1].decode() for _, data in _texts(archive) for found in _CUSTOM.finditer(data)} - OWN_CLASSES
    return tuple(Library(space, LIBRARIES.get(space, "")) for space in sorted(spaces | classes))


def devices_of(archive: Archive) -> tuple[DeviceLiteral, ...]:
    """The device literals (3), by member and line."""
    found = []
    for name, data in _texts(archive):
        for match in _DEVICE.finditer(data) if b"torch.device(" in data else ():
            if match[1] is not None:
                line = data.count(b"\n", 0, match.start()) + 1
                found.append(DeviceLiteral(match[1].decode("utf-8", "backslashreplace"), name, line))
    return tuple(found)


def _texts(archive: Archive) -> Iterator[tuple[str, bytes]]:
    return ((name, archive.code.read(name) or b"") for name in archive.code.members)


def methods_of(archive: Archive) -> tuple[Method, ...]:
    """The methods of the outermost module in the order of its class, those for pickling left out."""
    owner = archive.code.find(archive.module.type)
    if not isinstance(owner, Class):
        return ()
    return tuple(_method(method) for name, method in owner.methods.items() if not name.startswith("__"))


def _method(method: Function) -> Method:
    node, file = method.node, method.file
    given = node.args.args
    defaults: list[Any] = [None] * (len(given) - len(node.args.defaults)) + list(node.args.defaults)
    taken = [
        Parameter(one.arg, _type(file, one.annotation), file_text(file, default) if default else "")
        for one, default in zip(given, defaults, strict=False)
    ]
    return Method(method.name, tuple(taken[1:]), _type(file, node.returns))


def _type(file: CodeFile, annotation: Any) -> str:
    return plain(file_text(file, annotation)) if annotation is not None else "Any"


class Roles:
    """What the classes of an archive say of the tensors they hold: parameter, buffer or attribute."""

    def __init__(self, archive: Archive) -> None:
        self._code = archive.code
        self._known: dict[str, Mapping[str, str]] = {}

    def of(self, type: str, name: str) -> str:
        """The role of an attribute of a class."""
        if type not in self._known:
            found = self._code.find(type)
            roles: dict[str, str] = {}
            if isinstance(found, Class):
                roles = {**dict.fromkeys(found.buffers, "buffer"), **dict.fromkeys(found.parameters, "parameter")}
            self._known[type] = roles
        return self._known[type].get(name, "attribute")

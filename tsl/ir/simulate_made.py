"""The operators that only TorchScript has and that make tensors: of numbers, and where a copy goes.

`KERNELS` has a function for each of them, of the kernels, the operator, the types of its arguments' values and the
values. What is made of known numbers carries them along. Needs torch, in a process that may crash. It will never know a
run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from tsl.ir.dtype import CODES
from tsl.ir.graph import Node
from tsl.ir.operator import Operator
from tsl.ir.simulate_kernels import SMALL, Kernels, Unable

_OF_KIND = {"int": torch.int64, "float": torch.float32, "bool": torch.bool, "complex": torch.complex64}


def _given(operator: Operator, given: Sequence[Any], name: str, default: Any = None) -> Any:
    place = operator.places.get(name)
    return default if place is None or place >= len(given) or given[place] is None else given[place]


def _dtype(code: Any) -> torch.dtype | None:
    return None if code is None else getattr(torch, CODES[code])


def _of_numbers(kernels: Kernels, node: Node, operator: Operator, given: Sequence[Any]) -> Any:
    """`aten::tensor`, `aten::as_tensor`, `aten::scalar_tensor`: a tensor of numbers."""
    data = given[0]
    dtype, device = _dtype(_given(operator, given, "dtype")), str(_given(operator, given, "device", "cpu"))
    if isinstance(data, torch.Tensor):
        return kernels.run(lambda: data.to(device=data.device if device == "cpu" else device, dtype=dtype), [data])
    if operator.name == "scalar_tensor" and dtype is None:
        dtype = torch.float32
    return _made(kernels, data, dtype, node.inputs[0].type, device)


def _made(kernels: Kernels, data: Any, dtype: torch.dtype | None, type_: Any, device: str) -> Any:
    shape, kind = _shape(data), type_
    while kind.kind in ("List", "Tuple") and kind.arguments:
        kind = kind.arguments[0]
    try:
        real = torch.tensor(data, dtype=dtype or _OF_KIND.get(kind.kind))
    except (RuntimeError, TypeError, ValueError):  # of numbers that the data decides
        dtype = dtype or _OF_KIND.get(kind.kind, torch.float32)
        return kernels.fake(shape, str(dtype).removeprefix("torch."), device)
    kernels.waited = device != "cpu"
    if real.numel() > SMALL:
        return kernels.fake(shape, str(real.dtype).removeprefix("torch."), device)
    return kernels.holding(real, device)


def _shape(data: Any) -> list[int]:
    shape = []
    while type(data) in (list, tuple):
        shape.append(len(data))
        data = data[0] if data else None
    return shape


def _of_number(kernels: Kernels, node: Node, operator: Operator, given: Sequence[Any]) -> Any:
    """`prim::NumToTensor`: a number on the CPU, a float as float64."""
    kernels.waited = False
    kinds = {"float": torch.float64, "int": torch.int64, "bool": torch.bool, "complex": torch.complex128}
    kind = node.inputs[0].type.kind
    if kind not in kinds:
        kind = type(given[0]).__name__.removeprefix("Sym").lower()
    if kind not in kinds:
        raise Unable(f"a tensor of a {kind}")
    return _made(kernels, given[0], kinds[kind], node.inputs[0].type, "cpu")


def _to(kernels: Kernels, node: Node, operator: Operator, given: Sequence[Any]) -> Any:
    """`aten::to` with a device, a dtype or both."""
    device, dtype = _given(operator, given, "device"), _dtype(_given(operator, given, "dtype"))
    options = {"non_blocking": bool(_given(operator, given, "non_blocking", False))}
    options["copy"] = bool(_given(operator, given, "copy", False))
    return kernels.run(lambda: given[0].to(device=device or given[0].device, dtype=dtype, **options), given[:1])


def _onto(device: str) -> Kernel:
    """`aten::cpu`, `aten::cuda`"""
    return lambda kernels, node, operator, given: kernels.run(lambda: given[0].to(device), given[:1])


def of(kind: str, operator: Operator | None) -> Kernel | None:
    """The function of a node's operator; None where it is one of torch's own."""
    if kind == "aten::to" and operator and operator.overload.startswith("prim"):
        return _to if "other" not in operator.places else None
    return KERNELS.get(kind)


Kernel = Callable[[Kernels, Node, Any, Sequence[Any]], Any]

KERNELS: Mapping[str, Kernel] = {
    "aten::tensor": _of_numbers,
    "aten::as_tensor": _of_numbers,
    "aten::scalar_tensor": _of_numbers,
    "prim::NumToTensor": _of_number,
    "aten::cpu": _onto("cpu"),
    "aten::cuda": _onto("cuda:0"),
}

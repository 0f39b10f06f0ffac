"""What a pickle makes of its names, as data: tensors' descriptions, devices, lists with a type, objects of the archive.

`call`, `make`, `build`, `append`, `set_items` and `persistent` are what REDUCE, NEWOBJ, BUILD, APPENDS, SETITEMS and
BINPERSID do. What they are given is checked down to each number, since a program may give anything to anything; what
does not fit becomes an Unresolved that holds it. Needs `machine` and `values`. It will never look up a name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tsl.archive.machine import Machine
from tsl.archive.values import DTYPES, ITEM_BYTES, Device, EnumMember, Object, Storage, Tensor, Typed, Unresolved

_SCALARS = frozenset((str, int, float, bool, complex, bytes, type(None)))
_LARGEST = 2**63
_MOST_DIMENSIONS = 64  # more than torch's own kernels take (c10: kDimVectorStaticSize is 5, TensorIterator's limit 64)

Builder = Callable[[tuple[Any, ...]], Any]


class _Misfit(Exception):
    """The arguments are not what the builder takes; `name` and `message` make the problem, where it is one."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name, self.message = name, message


def call(machine: Machine, function: Any, arguments: Any) -> Any:
    """What a call of something with a tuple of arguments stands for."""
    if type(function) is not Unresolved:
        return Unresolved("call", (function, arguments), None)
    given = arguments if type(arguments) is tuple else (arguments,)
    if function.arguments or function.state is not None:
        return Unresolved("call", (function, *given), None)
    if function.name.startswith("__torch__."):
        return EnumMember(function.name, given[0] if len(given) == 1 else given)
    builder = BUILDERS.get(function.name)
    if builder is not None:
        try:
            return builder(given)
        except _Misfit as misfit:
            machine.problem(misfit.name, machine.here, misfit.message)
    return Unresolved(function.name, given, None)


def make(machine: Machine, kind: Any, arguments: Any) -> Any:
    """A new object of a class, still without attributes."""
    if type(kind) is not Unresolved or kind.arguments or kind.state is not None:
        return Unresolved("new", (kind, arguments), None)
    if kind.name == "collections.OrderedDict" and arguments == ():
        return {}
    return Object(kind.name, {}, arguments or None)


def build(machine: Machine, target: Any, state: Any) -> Any:
    """A target that is given its state: attributes where that is a dictionary of them."""
    if type(target) is Object:
        if type(state) is not dict:
            return Object(target.type, target.attributes, state)
        for name, value in state.items():
            if type(name) is str:
                target.attributes[name] = value
            else:
                machine.once("attribute", "attribute", "names an attribute by something that is no string")
        return target
    if type(target) is Unresolved:
        return Unresolved(target.name, target.arguments, state)
    return target  # a dictionary's or a tensor's own Python attributes, which no program sees


def append(machine: Machine, items: list[Any]) -> None:
    """Extends the container on top of the stack."""
    target = machine.stack[-1]
    if type(target) is list:
        target.extend(items)
    else:
        machine.stack[-1] = Unresolved("extend", (target, *items))


def set_items(machine: Machine, items: list[Any]) -> None:
    """Puts keys and values, in turn, into the dictionary on top of the stack."""
    target = machine.stack[-1]
    if type(target) is not dict:
        machine.stack[-1] = Unresolved("set items", (target, *items))
        return
    for key, value in zip(items[::2], items[1::2], strict=False):
        if type(key) in _SCALARS or _is_flat(key):
            target[key] = value
        else:
            machine.once("key", "key", "has a dictionary key that is no number, string, tensor or tuple of them")
    if len(items) % 2:
        machine.once("key", "odd", "has a dictionary key without a value")


def _is_flat(key: Any) -> bool:
    """Whether hashing a key is cheap: a program can nest tuples so that it is not."""
    if type(key) in (Device, Storage):
        return True
    if type(key) is Tensor:
        return not key.quantizer
    return type(key) is tuple and len(key) < 100 and all(type(part) in _SCALARS for part in key)


def persistent(machine: Machine, given: Any) -> Any:
    """The storage that a persistent id speaks of: ('storage', class, key, device, elements, ...)."""
    if type(given) is tuple and len(given) in (5, 6) and given[0] == "storage":
        _, kind, key, device, size = given[:5]
        name = kind.name if type(kind) is Unresolved else ""
        dtype = DTYPES.get(name.rpartition(".")[2].removesuffix("Storage"))
        if dtype and type(key) is str and type(device) is str and _is_size(size):
            return Storage(dtype, key, device, size)
    if type(given) is tuple and len(given) == 4 and given[0] == "module" and machine.dialect.sources:
        return given[1]  # a class, with the path and the text of its source
    machine.once("persistent-id", "persistent-id", "has a persistent id that speaks of no storage")
    return Unresolved("persistent id", (given,), None)


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value < _LARGEST


def _sizes(value: Any, of: str) -> tuple[int, ...]:
    if type(value) is tuple and len(value) <= _MOST_DIMENSIONS and all(map(_is_size, value)):
        return value
    raise _Misfit("tensor", f"describes a tensor whose {of} is no tuple of sizes")


def _tensor(
    storage: Any, offset: Any, shape: Any, stride: Any, grad: bool, quantizer: tuple[Any, ...] = (), dtype: str = ""
) -> Tensor:
    """The description of a tensor. Raises _Misfit where it is none, or would reach beyond its storage."""
    if type(storage) is not Storage:
        raise _Misfit("tensor", "describes a tensor without a storage")
    shape, stride = _sizes(shape, "shape"), _sizes(stride, "stride")
    if not _is_size(offset) or len(shape) != len(stride):
        raise _Misfit("tensor", "describes a tensor that could not be")
    found = Tensor(
        dtype or storage.dtype, shape, stride, offset, storage.device, storage.key, storage.size, grad, quantizer
    )
    ratio = ITEM_BYTES.get(found.dtype, 1) / ITEM_BYTES.get(storage.dtype, 1)
    if _reach(found) * ratio > storage.size * _PACKED.get(found.dtype, 1):
        raise _Misfit("tensor-bounds", f"describes a tensor that reaches beyond its storage {storage.key}")
    return found


_PACKED: Mapping[str, int] = {"quint4x2": 2, "quint2x4": 4}  # elements in a byte


def _reach(tensor: Tensor) -> int:
    """How many elements its storage must have."""
    if 0 in tensor.shape:
        return tensor.offset
    last = sum((size - 1) * step for size, step in zip(tensor.shape, tensor.stride, strict=True))
    return tensor.offset + last + 1


def _take(given: tuple[Any, ...], least: int, most: int) -> tuple[Any, ...]:
    """The arguments, filled up with None. Raises _Misfit where there are too few or too many."""
    if not least <= len(given) <= most:
        raise _Misfit("tensor", f"describes a tensor with {len(given)} arguments")
    return given + (None,) * (most - len(given))


def _tensor_v2(given: tuple[Any, ...]) -> Tensor:
    storage, offset, shape, stride, grad, *_ = _take(given, 4, 7)
    return _tensor(storage, offset, shape, stride, bool(grad))


def _tensor_v3(given: tuple[Any, ...]) -> Tensor:
    storage, offset, shape, stride, grad, _, dtype, _ = _take(given, 7, 8)
    name = dtype.name.removeprefix("torch.") if type(dtype) is Unresolved else ""
    if name not in ITEM_BYTES:
        raise _Misfit("tensor", "describes a tensor of no dtype of torch")
    return _tensor(storage, offset, shape, stride, bool(grad), (), name)


def _quantized(given: tuple[Any, ...]) -> Tensor:
    storage, offset, shape, stride, quantizer, grad, _, _ = _take(given, 5, 8)
    if type(quantizer) is not tuple or not quantizer or type(quantizer[0]) is not Unresolved:
        raise _Misfit("tensor", "describes a quantized tensor without its scheme")
    scheme = quantizer[0].name.removeprefix("torch.")
    return _tensor(storage, offset, shape, stride, bool(grad), (scheme, *quantizer[1:]))


def _meta(given: tuple[Any, ...]) -> Tensor:
    dtype, shape, stride, grad = _take(given, 4, 4)
    name = dtype.name.removeprefix("torch.") if type(dtype) is Unresolved else ""
    if name not in ITEM_BYTES:
        raise _Misfit("tensor", "describes a tensor of no dtype of torch")
    return Tensor(name, _sizes(shape, "shape"), _sizes(stride, "stride"), 0, "meta", "", 0, bool(grad))


def _parameter(given: tuple[Any, ...]) -> Tensor:
    data, grad, *_ = _take(given, 2, 4)
    if type(data) is not Tensor:
        raise _Misfit("tensor", "makes a parameter of something that is no tensor")
    return data._replace(requires_grad=bool(grad))


def _from_type(given: tuple[Any, ...]) -> Any:
    """A tensor of a class: (function that makes the tensor, class, its arguments, attributes)."""
    function, _, arguments, _ = _take(given, 4, 4)
    builder = BUILDERS.get(function.name) if type(function) is Unresolved else None
    if builder in (_tensor_v2, _tensor_v3, _quantized, _meta) and type(arguments) is tuple:
        return builder(arguments)
    raise _Misfit("tensor", "describes a tensor by something that makes none")


def _one(kind: type, made: Callable[[Any], Any]) -> Builder:
    """A builder that takes one argument of a type."""

    def builder(given: tuple[Any, ...]) -> Any:
        if len(given) == 1 and type(given[0]) is kind:
            return made(given[0])
        raise _Misfit("stack", f"gives something else where one {kind.__name__} must be")

    return builder


def _complex(given: tuple[Any, ...]) -> complex:
    if len(given) == 2 and all(type(part) in (int, float) for part in given):
        return complex(*(float(part) for part in given))
    raise _Misfit("stack", "makes a complex number of something that is no two numbers")


def _typed(given: tuple[Any, ...]) -> Typed:
    if len(given) == 2 and type(given[0]) in (list, dict) and type(given[1]) is str:
        return Typed(given[0], given[1])
    raise _Misfit("stack", "gives a type to something that is no list or dictionary")


def _ordered(given: tuple[Any, ...]) -> dict[Any, Any]:
    if given in ((), ([],)):
        return {}
    raise _Misfit("stack", "fills an OrderedDict by a call")


def _encoded(given: tuple[Any, ...]) -> bytes:
    if given and type(given[0]) is str and given[1:] in ((), ("latin1",)):
        return given[0].encode("latin1", "replace")
    raise _Misfit("stack", "encodes something that is no text")


BUILDERS: Mapping[str, Builder] = {
    "torch._utils._rebuild_tensor": _tensor_v2,
    "torch._utils._rebuild_tensor_v2": _tensor_v2,
    "torch._utils._rebuild_tensor_v3": _tensor_v3,
    "torch._utils._rebuild_qtensor": _quantized,
    "torch._utils._rebuild_meta_tensor_no_storage": _meta,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "torch.device": _one(str, Device),
    "torch.Size": _one(list, tuple),
    "torch.jit._pickle.build_intlist": _one(list, lambda items: items),
    "torch.jit._pickle.build_doublelist": _one(list, lambda items: items),
    "torch.jit._pickle.build_boollist": _one(list, lambda items: items),
    "torch.jit._pickle.build_tensorlist": _one(list, lambda items: items),
    "torch.jit._pickle.restore_type_tag": _typed,
    "builtins.complex": _complex,
    "__builtin__.complex": _complex,
    "collections.OrderedDict": _ordered,
    "_codecs.encode": _encoded,
}

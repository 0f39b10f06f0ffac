"""Tensors without data on devices that need not be there, and what torch's own kernels say when they are joined.

Definitions:
1. A *fake* tensor (torch._subclasses.fake_tensor) has a device, a dtype and a shape, and no numbers. Torch's own meta
   kernels compute with it, and refuse what they would refuse of real ones.
2. A small fake whose numbers are known (a constant, a size as a tensor, what is computed from them) carries them
   along, until something is written to the memory it shares.
3. What fakes let pass and devices do not is refused here: a convolution with weights on another device, and an index on
   another device into a tensor that is not there (torch 2.13; both raise with real tensors), also where it is an
   embedding's (torch 2.4, of indices in more than one dimension; 2.7 and 2.13 refuse it by themselves).
4. Where the installed torch has no kernel for a device it fakes, or asks the driver of a GPU that is not there (one
   that is built for CUDA: seen in 2.4 and 2.7), the call is made with fakes on the CPU, and what it makes is put where
   its arguments are. cuDNN is left out: it would be asked for recurrent layers, and compares no devices.
5. A call *fails* where torch refuses it as it would on the device, and is *unable* where only the fake cannot: an
   answer that depends on data, an operator that has no meta kernel.
6. A call *waits* where the CPU would have to wait for the device: a number or a size is read out of a tensor there, or
   one is copied from the device to the CPU, or to it.

Needs torch, in a process that may crash. It will never know a graph.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from torch.utils._python_dispatch import TorchDispatchMode

SMALL = 64  # elements of a tensor whose numbers are carried along (2)

DEVICE, OTHER = "device", "other"

# (3)
CONVOLUTIONS = frozenset({"aten::convolution", "aten::_convolution", "aten::convolution_overrideable"})
INDEXING = frozenset({"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"})
EMBEDDING = "aten::embedding"

# "two different devices" is what fakes say in torch 2.4 and 2.7; 2.13 has an error of its own for it.
_OF_DEVICES = re.compile(
    r"same device|to be on|device between|(?:on|two) different devices|is on (?:cpu|cuda|xpu|mps)", re.I
)
_NOT_LINKED = re.compile(
    r"not linked with support|NYI: named tensors|Cannot access data pointer|no data allocated"
    r"|found no NVIDIA driver|CUDA driver version is insufficient|no CUDA-capable device",
    re.I,
)
_LIMITS = re.compile(
    r"INTERNAL ASSERT|symbolic sizes|data.dependent|meta tensor|not implemented|fake ?tensor|is not currently", re.I
)
_UNABLE = (NotImplementedError, AssertionError, TypeError, AttributeError, KeyError)


class Failed(Exception):
    """A call that torch refuses (5): the domain, and why in one line."""

    def __init__(self, domain: str, message: str) -> None:
        super().__init__(message)
        self.domain, self.message = domain, message


class Unable(Exception):
    """A call that only fakes cannot do (5)."""


class _Clash(RuntimeError):
    """What (3) refuses."""


class _Watch(TorchDispatchMode):  # type: ignore[misc]
    """Sees what torch's kernels call each other with (3, 6)."""

    def __init__(self) -> None:
        super().__init__()
        self.waited = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        refused = _refused(func.name().partition(".")[0], args)
        if refused:
            raise _Clash(refused)
        self.waited = self.waited or waits(func, args, kwargs)
        return func(*args, **kwargs)


def _refused(kind: str, args: Sequence[Any]) -> str:
    """(3)"""
    if kind in CONVOLUTIONS:
        given, *rest = [each for each in args[:3] if isinstance(each, torch.Tensor)]
        odd = next((each for each in rest if each.device != given.device), None)
        return f"the input is on {given.device} and the weights are on {odd.device}" if odd is not None else ""
    if kind in INDEXING:
        held, indices = args[0].device, [each for each in args[1] if each is not None]
        odd = next((each.device for each in indices if each.device.type != "cpu" and each.device != held), None)
        return f"the indices are on {odd} and what they index is on {held}" if odd is not None else ""
    if kind == EMBEDDING and args[0].device != args[1].device:
        return f"the indices are on {args[1].device} and the weight is on {args[0].device}"
    return ""


def waits(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """(6)"""
    source = args[0] if args and isinstance(args[0], torch.Tensor) else None
    kind = func.name().partition(".")[0]
    if source is None:
        return False
    if kind in ("aten::_to_copy", "aten::copy_"):
        target = args[1].device if kind == "aten::copy_" else kwargs.get("device") or source.device
        is_asked = kwargs.get("non_blocking") or (kind == "aten::copy_" and len(args) > 2 and args[2])
        return (source.device.type == "cpu") != (torch.device(target).type == "cpu") and not is_asked
    if source.device.type == "cpu":
        return False
    if kind == "aten::index":
        return any(each is not None and each.dtype in (torch.bool, torch.uint8) for each in args[1])
    return torch.Tag.data_dependent_output in func.tags or torch.Tag.dynamic_output_shape in func.tags


class Kernels:
    """Makes fakes and calls operators on them (1-6). `waited` says whether the last call waits."""

    def __init__(self) -> None:
        logging.getLogger("torch._subclasses.fake_tensor").setLevel(logging.CRITICAL)
        logging.getLogger("torch.fx.experimental.symbolic_shapes").setLevel(logging.CRITICAL)
        symbols = ShapeEnv(allow_dynamic_output_shape_ops=True, allow_scalar_outputs=True)
        self.mode = FakeTensorMode(shape_env=symbols, static_shapes=True, allow_non_fake_inputs=False)
        self._watch = _Watch()
        self._writes: dict[int, int] = {}
        self.waited = False

    def fake(self, shape: Sequence[int], dtype: str, device: str, stride: Sequence[int] | None = None) -> Any:
        """A fake (1). Raises Unable for a dtype that the installed torch does not have."""
        kind = getattr(torch, dtype, None)
        if not isinstance(kind, torch.dtype):
            raise Unable(f"no tensor of {dtype}")
        try:
            strides = _contiguous(shape) if stride is None else tuple(stride)
            meta = torch.empty_strided(tuple(shape), strides, dtype=kind, device="meta")
        except (RuntimeError, TypeError) as error:
            raise Unable(str(error)) from None
        return FakeTensor(self.mode, meta, torch.device(device))

    def holding(self, real: torch.Tensor, device: str) -> Any:
        """A fake that carries the numbers of a small real tensor (2)."""
        if device == "cpu":
            made = self.mode.fake_tensor_converter.from_real_tensor(self.mode, real, make_constant=True)
        else:
            made = self.fake(real.shape, str(real.dtype).removeprefix("torch."), device, real.stride())
        self._carry(made, real)
        return made

    def numbers(self, tensor: Any) -> torch.Tensor | None:
        """The numbers that a fake carries (2)."""
        held = getattr(tensor, "tsl_numbers", None)
        if held is None or self._writes.get(_memory(tensor), 0) != held[1]:
            return None
        real: torch.Tensor = held[0]
        return real

    def _carry(self, tensor: Any, real: torch.Tensor) -> None:
        tensor.tsl_numbers = (real, self._writes.get(_memory(tensor), 0))

    def forget(self, values: Sequence[Any]) -> None:
        """Forgets the numbers of tensors that are, or may be, written to (2)."""
        for tensor in tensors_in(values):
            self._writes[_memory(tensor)] = self._writes.get(_memory(tensor), 0) + 1

    def number(self, tensor: Any) -> Any:
        """The number a tensor of one element holds: a plain one where it is known, else a symbolic one.

        Raises Failed and Unable.
        """
        self.waited = tensor.device.type != "cpu"
        known = self.numbers(tensor)
        if known is not None and known.numel() == 1:
            return known.item()
        return self._made(lambda: tensor.item(), [tensor])

    def call(self, overload: Any, args: Sequence[Any]) -> Any:
        """What an operator makes. Raises Failed and Unable (5)."""
        tensors = list(tensors_in(args))
        self.waited = False
        made = self._made(lambda: invoke(overload, args), tensors, overload, args)
        for place, argument in enumerate(overload._schema.arguments):
            if place < len(args) and argument.alias_info is not None and argument.alias_info.is_write:
                self.forget([args[place]])
                tensors = [None]  # its numbers are another's now
        self._compute(overload, args, tensors, made)
        return made

    def run(self, compute: Callable[[], Any], tensors: Sequence[Any]) -> Any:
        """What a function makes of fakes. Raises Failed and Unable (5)."""
        self.waited = False
        return self._made(compute, tensors)

    def _made(self, compute: Callable[[], Any], tensors: Sequence[Any], overload: Any = None, args: Any = ()) -> Any:
        self._watch.waited = False
        try:
            return self._under_modes(compute)
        except _Clash as error:
            raise Failed(DEVICE, str(error)) from None
        except _UNABLE as error:
            raise Unable(f"{type(error).__name__}: {error}") from None
        except (RuntimeError, IndexError, ValueError) as error:
            if overload is not None and _NOT_LINKED.search(str(error)):
                return self._on_cpu(overload, args, tensors)
            raise self._refusal(error, overload, args) from None
        finally:
            self.waited = self.waited or self._watch.waited

    def _under_modes(self, compute: Callable[[], Any]) -> Any:
        with torch.no_grad(), torch.backends.cudnn.flags(enabled=False), self.mode, self._watch:
            return compute()

    def _refusal(self, error: Exception, overload: Any, args: Sequence[Any]) -> Exception:
        """Whether torch refuses a call or the fake does (5): what fails for fakes on the CPU as well is refused."""
        text = first_line(error)
        if "DeviceMismatch" in type(error).__name__ or _OF_DEVICES.search(text):
            return Failed(DEVICE, text)
        is_own = type(error).__module__.startswith(("torch._subclasses", "torch.fx", "torch._dynamo"))
        if is_own or overload is None or _LIMITS.search(text) or _NOT_LINKED.search(text):
            return Unable(f"{type(error).__name__}: {text}")
        moved = self._moved(args, "cpu")  # outside of the modes, under which a fake would be made of a fake
        try:
            self._under_modes(lambda: invoke(overload, moved))
        except (RuntimeError, IndexError, ValueError) as again:
            if first_line(again) == text:
                return Failed(OTHER, text)
        except _UNABLE:
            pass  # then it is not known what of torch's the error is
        return Unable(f"{type(error).__name__}: {text}")

    def _on_cpu(self, overload: Any, args: Sequence[Any], tensors: Sequence[Any]) -> Any:
        """(4)"""
        away = [each.device for each in tensors if each.device.type != "cpu"]
        asked = [each for each in args if isinstance(each, torch.device)]
        moved = self._moved(args, "cpu")
        try:
            made = self._under_modes(lambda: invoke(overload, moved))
        except (RuntimeError, IndexError, ValueError, *_UNABLE) as error:
            raise Unable(first_line(error)) from None
        if overload._schema.is_mutable:
            return args[0]
        return self._moved([made], str([*asked, *away, "cpu"][0]))[0]

    def _moved(self, values: Sequence[Any], device: str) -> list[Any]:
        """Values whose tensors are fakes on another device."""

        def moved(value: Any) -> Any:
            if isinstance(value, FakeTensor):
                meta = torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="meta")
                return FakeTensor(self.mode, meta, torch.device(device))
            if isinstance(value, torch.device):
                return torch.device(device)
            return type(value)(map(moved, value)) if type(value) in (list, tuple) else value

        return list(map(moved, values))

    def _compute(self, overload: Any, args: Sequence[Any], tensors: Sequence[Any], made: Any) -> None:
        """Computes the numbers of a small result whose arguments are known (2)."""
        if not isinstance(made, FakeTensor) or not is_small(made) or not _is_certain(overload):
            return
        known = [None if each is None else self.numbers(each) for each in tensors]
        if any(each is None for each in known):
            return
        rest = iter(known)
        try:
            with torch.no_grad():
                real = invoke(overload, _with(args, rest))
        except (RuntimeError, IndexError, ValueError, *_UNABLE):
            return  # it is a fake all the same
        if real.shape == made.shape and real.dtype == made.dtype:
            self._carry(made, real)


def invoke(overload: Any, args: Sequence[Any]) -> Any:
    """Calls an operator with its arguments in the order of its schema."""
    arguments = overload._schema.arguments
    named = {argument.name: value for argument, value in zip(arguments, args, strict=False) if argument.kwarg_only}
    return overload(*args[: len(args) - len(named)], **named)


def _is_certain(overload: Any) -> bool:
    name = overload._schema.name
    return torch.Tag.nondeterministic_seeded not in overload.tags and "empty" not in name and "::resize" not in name


def _with(args: Sequence[Any], tensors: Iterator[Any]) -> list[Any]:
    """Arguments with other tensors, on the CPU."""

    def put(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return next(tensors)
        if isinstance(value, torch.device):
            return torch.device("cpu")
        return type(value)(map(put, value)) if type(value) in (list, tuple) else value

    return list(map(put, args))


def tensors_in(values: Any) -> Iterator[Any]:
    """The tensors in values, and in lists and tuples of them, in order."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif type(value) in (list, tuple):
            yield from tensors_in(value)


def is_small(tensor: Any) -> bool:
    """Whether it has few elements, whatever data decides (2)."""
    return all(type(size) is int for size in tensor.shape) and tensor.numel() <= SMALL


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _memory(tensor: Any) -> int:
    key: int = tensor.untyped_storage()._cdata
    return key


def _contiguous(shape: Sequence[int]) -> tuple[int, ...]:
    strides: list[int] = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))

"""Watching a model that runs or is traced: what Python takes out of tensors, and which lines it comes by.

A watch can give Python something else instead. Needs torch; for the child process. It will never judge what it saw.

1. An *event* is a call of torch from the user's code: at which place, of which function, with which result.
2. Its *key* is place, function and how many such there were before: the same event in two runs has the same key.
3. A *decision* is an event whose result holds no tensor: a number, a truth, a list, a text, an array. So is the length
   of a tuple of tensors, such as `unbind` returns. What Python does next may depend on it, and the trace cannot tell.
4. While tracing, a size is a tensor. Its way into Python is an event then: int(), range(), a test. A size of what the
   trace does not follow, such as `x.data`, is a plain number that only looks like one that is traced.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from tsl.entry.place import Place
from tsl.entry.places import is_users, running
from tsl.record import Record

# Their results are different in every run, or are no news to the program.
_IGNORED = frozenset({"__hash__", "data_ptr", "untyped_storage", "storage", "_typed_storage", "grad_fn", "_version"})
_SIZES = frozenset({"size", "shape"})
_WORDS: Mapping[str, str] = {
    "__bool__": "the truth of a tensor",
    "__int__": "int() of a tensor",
    "__float__": "float() of a tensor",
    "__complex__": "complex() of a tensor",
    "__index__": "a tensor as a number, such as range() takes",
    "__format__": "a tensor formatted into text",
    "__len__": "len() of a tensor",
    "__array__": "a tensor as an array",
    "__contains__": "`in` a tensor",
    **{name: f".{name}()" for name in ("item", "tolist", "numpy", "dim", "stride", "is_contiguous", "is_nonzero")},
    **{name: f"torch.{name}()" for name in ("equal", "allclose")},
}


class Key(Record):
    """What tells an event from others of a run (2)."""

    place: Place
    call: str
    turn: int


class Event(Record):
    """A call of torch from the user's code and its result."""

    key: Key
    result: Any

    @property
    def decides(self) -> bool:
        """Whether Python learned something that a trace cannot tell (3)."""
        return not isinstance(self.result, torch.Tensor) and self.result is not None

    @property
    def learned(self) -> Any:
        """What Python learned: the plain value, or how many tensors there were."""
        return len(self.result) if self.is_length else self.result

    @property
    def is_length(self) -> bool:
        """Whether what Python learned is how many tensors there were."""
        return _holds_tensors(self.result)


class Watch(TorchFunctionMode):  # type: ignore[misc]
    """Notes the events of what runs while it is entered; those of the keys in `forced` give the forced value instead.

    With `keeps` it notes those that return tensors as well.
    """

    def __init__(self, home: str, forced: Mapping[Key, Any] | None = None, *, keeps: bool = False) -> None:
        super().__init__()
        self.events: list[Event] = []
        self._home, self._forced, self._keeps = home, dict(forced or {}), keeps
        self._turns: dict[tuple[Place, str], int] = {}

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """What the function returns, or what it is forced to return."""
        result = function(*args, **(kwargs or {}))
        call = _name(function)
        if call in _IGNORED or result is NotImplemented:
            return result
        plain = _plain_if_untracked(result) if call in _SIZES else result
        if (isinstance(plain, torch.Tensor) and not self._keeps) or _is_traced_size(plain):
            return result
        place = running(1, self._home)
        if place is None:
            return result
        turn = self._turns[place, call] = self._turns.get((place, call), -1) + 1
        key = Key(place, call, turn)
        self.events.append(Event(key, plain))
        return _forced(plain, self._forced[key]) if key in self._forced else result

    @property
    def decisions(self) -> dict[Key, Event]:
        """The decisions by their keys, in order."""
        return {event.key: event for event in self.events if event.decides}


class Steps:
    """Notes the lines of the user's code in the order in which they run while it is entered, up to a bound.

    Garbage is not collected meanwhile: what libraries do on such an occasion would come in between.
    """

    MOST = 200_000

    def __init__(self) -> None:
        self.lines: list[Place] = []
        self._before: Any = None
        self._collects = False

    def __enter__(self) -> Steps:
        self._before, self._collects = sys.gettrace(), gc.isenabled()
        gc.disable()
        sys.settrace(self._entered)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)
        if self._collects:
            gc.enable()

    def _entered(self, frame: FrameType, event: str, value: Any) -> Any:
        return self._ran if is_users(frame.f_code.co_filename) else None

    def _ran(self, frame: FrameType, event: str, value: Any) -> Any:
        if event == "line" and len(self.lines) < self.MOST:
            self.lines.append(Place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        return self._ran


def worded(call: str) -> str:
    """A function of torch as people speak of what it gives Python."""
    return _WORDS.get(call, f"`.{call}`" if call in _ATTRIBUTES else f"{call}()")


_ATTRIBUTES = frozenset({"shape", "dtype", "device", "layout", "ndim", "requires_grad", "is_cuda", "is_sparse"})


def _name(function: Callable[..., Any]) -> str:
    """`__bool__`, `unbind`, `dtype`: the last part of what a function is called."""
    owner = getattr(function, "__self__", None)
    accessor = getattr(function, "__name__", "")
    if accessor in {"__get__", "__set__"} and owner is not None:
        attribute = str(getattr(owner, "__name__", "attribute"))
        return f"{attribute} =" if accessor == "__set__" else attribute
    return str(getattr(function, "__name__", type(function).__name__))


def _is_traced_size(result: Any) -> bool:
    """Whether a result is a torch.Size whose numbers are traced (4)."""
    return isinstance(result, torch.Size) and any(isinstance(one, torch.Tensor) for one in result)


def _plain_if_untracked(result: Any) -> Any:
    """Sizes of a tensor that the trace does not follow as the plain numbers they are (4), other results as they are."""
    sizes = result if isinstance(result, torch.Size) else (result,)
    if not torch.jit.is_tracing() or not any(isinstance(one, torch.Tensor) and _is_untracked(one) for one in sizes):
        return result
    return torch.Size(map(int, result)) if isinstance(result, torch.Size) else int(result)


def _is_untracked(size: torch.Tensor) -> bool:
    """Whether what a size was taken of stands in the graph as a constant."""
    node = torch._C._get_value_trace(size).node()
    while node.kind() in {"prim::NumToTensor", "aten::size"}:
        node = next(iter(node.inputs())).node()
    return bool(node.kind() == "prim::Constant")


def _holds_tensors(result: Any) -> bool:
    return isinstance(result, (tuple, list)) and any(isinstance(one, torch.Tensor) for one in result)


def _forced(result: Any, value: Any) -> Any:
    """The value in the place of a result; of a tuple of tensors as many as the value says."""
    if not _holds_tensors(result):
        return value
    return type(result)([*result, *[result[-1]] * (value - len(result))][:value]) if type(result) is tuple else result

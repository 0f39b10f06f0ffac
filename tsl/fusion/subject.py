"""The model under test as one archive in memory, of which every question gets a copy of its own.

Needs torch; for the child process. It will never judge anything.

1. torch keeps what it learned of a model with its compiled class, so a second look at the same object would see what
   the first one left. A copy that is loaded from the archive starts anew.
2. An argument that the model declares as a number is given as one, whatever the tensor that stands for it.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import torch

from tsl.entry.inputs import Inputs

_NUMBERS = {"IntType": int, "FloatType": float, "BoolType": bool, "NumberType": float}


class Subject:
    """A captured model and its inputs, on a device. `gradients` leaves them on, as in training."""

    def __init__(self, model: Any, inputs: Inputs, device: str, gradients: bool) -> None:
        buffer = io.BytesIO()
        torch.jit.save(model, buffer)
        self._data = buffer.getvalue()
        self.device, self.gradients = device, gradients
        self.inputs = with_numbers(model, self._moved(inputs))

    def fresh(self) -> Any:
        """A copy that has never run (1)."""
        return torch.jit.load(io.BytesIO(self._data), map_location=self.device)

    def on_cpu(self) -> Any:
        """A copy as it was saved."""
        return torch.jit.load(io.BytesIO(self._data), map_location="cpu")

    def call(self, model: Any, inputs: Inputs | None = None) -> Any:
        """What a copy returns for inputs, which are copied first, as it may write into them."""
        given = copied(self.inputs if inputs is None else with_numbers(model, self._moved(inputs)))
        torch.manual_seed(0)
        with torch.set_grad_enabled(self.gradients):
            return given.called(model)

    def _moved(self, inputs: Inputs) -> Inputs:
        return inputs.holding([tensor.to(self.device) for _, tensor in inputs.leaves()])


def copied(inputs: Inputs) -> Inputs:
    """The same arguments with copies of the tensors, which keep their strides."""
    return inputs.holding([tensor.detach().clone() for _, tensor in inputs.leaves()])


def with_numbers(model: Any, inputs: Inputs) -> Inputs:
    """The inputs with numbers where the model declares them (2)."""
    schema = getattr(getattr(model, "forward", model), "schema", None)
    if schema is None:
        return inputs
    declared = [one for one in schema.arguments if one.name != "self"]
    kinds = {one.name: one.type.kind() for one in declared}
    args = tuple(_number(value, kinds.get(one.name, "")) for value, one in zip(inputs.args, declared, strict=False))
    kwargs = {name: _number(value, kinds.get(name, "")) for name, value in inputs.kwargs.items()}
    return inputs._replace(args=(*args, *inputs.args[len(args) :]), kwargs=kwargs)


def _number(value: Any, kind: str) -> Any:
    make: Callable[[Any], Any] | None = _NUMBERS.get(kind)
    if make is None or not isinstance(value, torch.Tensor) or value.numel() != 1:
        return value
    return make(value.item())

"""A model that is run, eager or traced, each time as if for the first time.

Needs torch; for the child process. It will never judge an answer.

1. Every run begins with the same random numbers, the same buffers and the same Python state: a run works on a copy of
   the model that shares its parameters, and a traced module gets its buffers back.
2. A model that cannot be copied is run itself, with its buffers put back; Python state that it keeps then stays.
3. For another dtype or device, what was traced is run as a function of its inputs and parameters, and these are
   converted: literals and constants of the graph stay what they are, as they do in a module that is moved.
"""

from __future__ import annotations

import copy
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

from tsl.entry.inputs import Inputs
from tsl.record import Record
from tsl.verify.perturb import PLAIN, Setting

# What a user's forward may raise and the search survives; `exit()` in it is no reason to end.
RAISED = (Exception, SystemExit)
Watcher = AbstractContextManager[Any]


class Answer(Record):
    """What a run came to: a value, or what was raised."""

    value: Any = None
    error: BaseException | None = None


class Traced(Record):
    """A traced module, and the places torch warned about while it was made."""

    module: Any
    warned: frozenset[tuple[str, int]] = frozenset()


def run_graphs_as_they_are() -> None:
    """Turns off what torch does to a graph after it has seen it run, for this process: every run is a first one."""
    torch._C._jit_set_profiling_mode(False)


class Subject:
    """The model under test."""

    def __init__(self, model: Callable[..., Any]) -> None:
        self.model, self._strict = model, True
        self.is_module = isinstance(model, torch.nn.Module)
        if isinstance(model, torch.nn.Module):
            model.eval()
            self._buffers = {name: one.clone() for name, one in model.named_buffers()}
        self._trouble = self._cannot_copy() if self.is_module else ""

    def limits(self, traced: Traced) -> tuple[frozenset[str], str]:
        """The kinds of perturbation it does not allow, and what to tell about them where they matter.

        A function has no mode and no state of its own; what cannot be copied, or lowered, cannot be moved.
        """
        if not self.is_module:
            return frozenset({"mode", "state"}), ""
        if self._trouble:
            kinds = frozenset({"state", "dtype", "device"})
            return kinds, f"the model cannot be copied ({self._trouble}): state, dtype and device are not tried"
        try:
            lowered(traced.module)
        except RuntimeError:
            return frozenset({"dtype", "device"}), "the graph holds what is no tensor: dtype and device are not tried"
        return frozenset(), ""

    def eager(self, inputs: Inputs, setting: Setting = PLAIN, watching: Watcher | None = None) -> Answer:
        """The model's own answer, which something may watch it find."""
        return answer(self.fresh(setting), inputs, setting, watching)

    def traced(self, traced: Traced, inputs: Inputs, setting: Setting = PLAIN) -> Answer:
        """The answer of what was traced, under the same conditions."""
        if setting.moves:
            return answer(lowered(traced.module, setting), inputs, setting)
        if self.is_module:
            _restore(traced.module, self._buffers)
        return answer(traced.module, inputs, setting)

    def trace(self, inputs: Inputs, setting: Setting = PLAIN, watching: Watcher | None = None) -> Traced:
        """The traced model, made while something watches. Raises what the model or torch raises."""
        model = self.fresh(setting)
        with torch.no_grad(), _warnings_heard() as heard:
            for _ in range(setting.calls - 1):
                _seed(setting.seed)
                _moved(inputs, setting).called(model)
            _seed(setting.seed)
            given = _moved(inputs, setting)
            with watching or nullcontext():
                module = self._trace(model, given)
        return Traced(module, frozenset((one.filename, one.lineno) for one in heard if _is_tracers(one)))

    def fresh(self, setting: Setting) -> Any:
        """The model as it was made, in the mode, dtype and on the device of a setting (1)."""
        model = self.model
        if not isinstance(model, torch.nn.Module):
            return model
        if not self._trouble:
            shared = {} if setting.moves else {id(one): one for one in model.parameters()}
            model = copy.deepcopy(model, shared)
        else:
            _restore(model, self._buffers)
        model.train(setting.mode == "train")
        if setting.dtype is not None:
            model.to(setting.dtype)
        return model.to(setting.device) if setting.device else model

    def _trace(self, model: Any, inputs: Inputs) -> Any:
        """torch.jit.trace as an exporter calls it; not strict from then on where it refuses a list or dict."""
        given = {"example_kwarg_inputs": dict(inputs.kwargs)} if inputs.kwargs else {"example_inputs": inputs.args}
        try:
            return torch.jit.trace(model, check_trace=False, strict=self._strict, **given)
        except RuntimeError as error:
            if not self._strict or "strict=False" not in str(error):
                raise
            self._strict = False
            return torch.jit.trace(model, check_trace=False, strict=False, **given)

    def _cannot_copy(self) -> str:
        try:
            copy.deepcopy(self.model, {id(one): one for one in self.model.parameters()})  # type: ignore[attr-defined]
        except RAISED as error:
            return type(error).__name__
        return ""


def lowered(module: Any, setting: Setting = PLAIN) -> Callable[..., Any]:
    """A traced module as a function of its inputs alone, its parameters and buffers converted to a setting (3)."""
    if isinstance(module, torch.jit.ScriptFunction):
        function: Callable[..., Any] = module
        return function
    graph, weights = torch._C._jit_pass_lower_graph(module.inlined_graph, module._c)
    return as_function(graph, [_converted(one, setting) for one in weights])


def as_function(graph: Any, weights: Sequence[Any]) -> Callable[..., Any]:
    """A graph whose last inputs are weights as a function of the others."""
    function = torch._C._create_function_from_graph("forward", graph)

    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, *kwargs.values(), *weights)

    return call


def _converted(tensor: Any, setting: Setting) -> Any:
    if not isinstance(tensor, torch.Tensor):
        return tensor
    tensor = tensor.detach()
    if setting.dtype is not None and tensor.is_floating_point():
        tensor = tensor.to(setting.dtype)
    return tensor.to(setting.device) if setting.device else tensor


def _moved(inputs: Inputs, setting: Setting) -> Inputs:
    """Copies of the inputs, on the device of a setting."""
    if not setting.device:
        return inputs.copied()
    return inputs.holding([tensor.to(setting.device) for _, tensor in inputs.leaves()])


def answer(model: Callable[..., Any], inputs: Inputs, setting: Setting, watching: Watcher | None = None) -> Answer:
    """What something callable answers to copies of the inputs at the last of the calls that a setting asks for."""
    try:
        with torch.no_grad(), _warnings_heard():
            for _ in range(setting.calls - 1):
                _seed(setting.seed)
                _moved(inputs, setting).called(model)
            _seed(setting.seed)
            given = _moved(inputs, setting)
            with watching or nullcontext():
                return Answer(given.called(model))
    except RAISED as error:
        return Answer(error=error)


def _restore(module: Any, saved: Mapping[str, torch.Tensor]) -> None:
    """Puts back what buffers held; one that was replaced, or is of another size by now, is left."""
    with torch.no_grad():
        for name, one in module.named_buffers():
            if name in saved and saved[name].shape == one.shape and saved[name].device == one.device:
                one.copy_(saved[name])


def _seed(seed: int) -> None:
    """The same random numbers for torch, Python, and NumPy where the user's code loaded it."""
    torch.manual_seed(seed)
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(numpy, "random"):
        numpy.random.seed(seed)


@contextmanager
def _warnings_heard() -> Iterator[list[warnings.WarningMessage]]:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        yield heard


def _is_tracers(heard: warnings.WarningMessage) -> bool:
    return issubclass(heard.category, torch.jit.TracerWarning)

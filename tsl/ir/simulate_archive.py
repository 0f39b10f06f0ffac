"""An archive on fakes: its module tree under a deployment, the inputs of its methods, and their runs.

Definitions:
1. A tensor of the archive is a fake where the deployment puts it (`tsl.ir.deploy`), of its dtype, shape and strides. A
   small one carries its numbers, which are read as bytes and never unpickled.
2. The inputs of a method are those that are described, else those that were recorded when it was traced. They are on
   the device of the deployment, whatever the way of deploying.
3. A dimension of a described input that is no number is *guessed*: what is found of its shapes is not sure.

Needs an archive, and torch in a process that may crash. It will never load one with torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from tsl.archive import values as saved
from tsl.archive.archive import Archive
from tsl.entry.spec import Dim, InputSpec
from tsl.ir.deploy import Deploy
from tsl.ir.deployed import Deployed, tree_of
from tsl.ir.device import normal
from tsl.ir.graph import Graph, Value
from tsl.ir.inline import InlineError
from tsl.ir.lower import LowerError
from tsl.ir.simulate_kernels import SMALL, Kernels, Unable
from tsl.ir.simulate_run import Enough, Raised, Runner
from tsl.ir.simulate_state import UNKNOWN, Thing

NUMBERS = frozenset({"int", "float", "bool", "number"})  # of which a SPEC has no value
GUESS = 8  # what a dimension is that may be any number (3)


class Model:
    """An archive's module on fakes, for one run: a run may write to it."""

    def __init__(self, archive: Archive, deployed: Deployed) -> None:
        self._archive, self._deployed, self.deploy = archive, deployed, deployed.deploy
        self.kernels = Kernels()
        self._tree = tree_of(archive)
        self._objects: dict[int, Thing] = {}
        self._tensors: dict[int, Any] = {}

    def runner(self) -> Runner:
        """What runs its methods."""
        return _Archived(self)

    def function(self, name: str) -> Graph | None:
        """The graph of a function of the archive."""
        try:
            return self._deployed.program.functions.get(name)
        except LowerError:
            return None

    def whole(self) -> Any:
        """The module itself (1)."""
        return self.value(self._archive.module, "data", False)

    def value(self, found: Any, folder: str, registered: bool) -> Any:
        """A saved value (1)."""
        if isinstance(found, saved.Tensor):
            return self.tensor(found, folder, registered)
        if isinstance(found, saved.Object):
            return self._thing(found, folder)
        if isinstance(found, saved.Typed):
            return self.value(found.value, folder, registered)
        if isinstance(found, saved.Device):
            return torch.device(normal(found.text))
        if type(found) in (list, tuple):
            return type(found)(self.value(part, folder, False) for part in found)
        if type(found) is dict:
            return {key: self.value(part, folder, False) for key, part in found.items()}
        return found if found is None or isinstance(found, bool | int | float | complex | str) else UNKNOWN

    def _thing(self, found: saved.Object, folder: str) -> Thing:
        if id(found) not in self._objects:
            made = self._objects[id(found)] = Thing(found.type, {})
            for name, value in found.attributes.items():
                registered = bool(self._tree.registered(found.type, name))
                made.attributes[name] = self.value(value, folder, registered)
        return self._objects[id(found)]

    def tensor(self, found: saved.Tensor, folder: str, registered: bool) -> Any:
        """A saved tensor where the deployment puts it, the same fake each time (1)."""
        if id(found) not in self._tensors:
            registered = registered or id(found) in self._tree.shared()
            self._tensors[id(found)] = self.fake(found, folder, self.deploy.moved(found.device, registered))
        return self._tensors[id(found)]

    def fake(self, found: saved.Tensor, folder: str, device: str) -> Any:
        """A fake of a saved tensor on a device; UNKNOWN where there is none like it."""
        try:
            if found.elements <= SMALL:
                real = _numbers(self._archive, found, folder)
                if real is not None:
                    return self.kernels.holding(real, device)
            return self.kernels.fake(found.shape, found.dtype, device, found.stride or None)
        except Unable:
            return UNKNOWN

    def inputs(
        self, method: str, graph: Graph, described: Sequence[InputSpec], recorded: Sequence[Any] | None = None
    ) -> list[Any] | None:
        """The inputs of a method (2), or those of a recording; None where they are not known."""
        takes = [value for value in graph.inputs if value.type.kind != "Class"]
        owner = [self.whole()] if len(takes) < len(graph.inputs) else []
        if described and method == "forward":
            return owner + _described(self, described, takes)
        recorded = self._archive.traced_inputs.get(method, ()) if recorded is None else recorded
        if len(recorded) < len(takes) or (not recorded and takes):
            return None
        return owner + [self._recorded(each) for each in recorded[: len(takes)]]

    def _recorded(self, found: Any) -> Any:
        if isinstance(found, saved.Tensor):
            return self.fake(found, "traced_inputs", self.deploy.device)
        if isinstance(found, saved.Typed):
            return self._recorded(found.value)
        if type(found) in (list, tuple):
            return type(found)(map(self._recorded, found))
        if type(found) is dict:
            return {key: self._recorded(part) for key, part in found.items()}
        return self.value(found, "traced_inputs", False)


class _Archived(Runner):
    """A run of an archive: tensor constants are read from it."""

    def __init__(self, model: Model) -> None:
        super().__init__(model.deploy, model.kernels, model.function)
        self._model = model

    def tensor(self, found: saved.Tensor, device: str) -> Any:
        """A tensor constant."""
        return self._model.fake(found, "constants", device)


def _numbers(archive: Archive, found: saved.Tensor, folder: str) -> torch.Tensor | None:
    """The numbers of a small tensor (1); None where they cannot be had."""
    dtype = getattr(torch, found.dtype, None)
    if not isinstance(dtype, torch.dtype) or found.quantizer or archive.byteorder == "big":
        return None
    data = archive.read(f"{folder}/{found.storage}")
    if not data or len(data) % dtype.itemsize:
        return None
    held = torch.frombuffer(bytearray(data), dtype=dtype)
    try:
        return held.as_strided(found.shape, found.stride, found.offset).clone()
    except RuntimeError:  # it is larger than its memory
        return None


def _described(model: Model, inputs: Sequence[InputSpec], takes: Sequence[Value]) -> list[Any]:
    """The inputs that are described; what takes no tensor, or is not described, is UNKNOWN."""
    by_name: Mapping[str, InputSpec] = {each.name: each for each in inputs if each.name}
    unnamed = iter([each for each in inputs if not each.name])
    told = [by_name.get(value.name.partition(".")[0]) or next(unnamed, None) for value in takes]
    pairs = zip(told, takes, strict=True)
    return [UNKNOWN if each is None or value.type.kind in NUMBERS else _fake(model, each) for each, value in pairs]


def _fake(model: Model, told: InputSpec) -> Any:
    try:
        return model.kernels.fake([_size(dim) for dim in told.dims], told.dtype, model.deploy.device)
    except Unable:
        return UNKNOWN


def _size(dim: Dim) -> int:
    """(3)"""
    low = 1 if dim.low is None else dim.low
    return max(low, GUESS) if dim.high is None else min(max(low, GUESS), max(dim.high, low))


def is_guessed(inputs: Sequence[InputSpec]) -> bool:
    """Whether a dimension is guessed (3)."""
    return any(dim.free or dim.low is None for each in inputs for dim in each.dims)


def methods(archive: Archive, deploy: Deploy) -> Iterator[tuple[str, Deployed, Graph | None]]:
    """The methods of an archive with their graphs, as the static engine reads them; None for one that it cannot."""
    deployed = Deployed(archive, deploy)
    for method in deployed.methods:
        try:
            yield method, deployed, deployed.graph(method)
        except (InlineError, LowerError, KeyError):
            yield method, deployed, None


def run(
    archive: Archive,
    deployed: Deployed,
    method: str,
    graph: Graph,
    described: Sequence[InputSpec],
    recorded: Sequence[Any] | None = None,
) -> tuple[Runner | None, str]:
    """The run of a method, and why it did not come to its end; no run where its inputs are not known.

    `recorded` are inputs to take for those that the archive recorded.
    """
    model = Model(archive, deployed)
    inputs = model.inputs(method, graph, described, recorded)
    if inputs is None:
        return None, "its inputs are not known"
    runner = model.runner()
    try:
        runner.run(graph, inputs)
    except Raised:
        return runner, "the model raises an error"
    except Enough:
        return runner, f"it ran {runner.executed} nodes"
    except RecursionError:
        return runner, "its code nests too deeply"
    return runner, ""

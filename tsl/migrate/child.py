"""The child process of a proof.

    request on standard input -> import -> make -> torch.export -> save, load, run -> one JSON object to the parent

Definitions:
1. A model is *proved* where torch.export takes it, the package is saved and read again, and what was read returns what
   the model returns, within TOLERANCE of the largest number.
2. Sizes that a SPEC declares free are dynamic in the export; otherwise all are those of the example.

Needs torch. It will never change the user's model.
"""

from __future__ import annotations

import inspect
import os
import tempfile
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tsl.entry.channel import Channel, import_torch, serve

if TYPE_CHECKING:
    from tsl.entry.inputs import Axis, Example, Inputs
    from tsl.entry.make import Made

TOLERANCE = 1e-4


def main() -> None:
    """Serves one request and ends the process."""
    serve("--prove", _serve)


def _serve(request: Mapping[str, Any], channel: Channel) -> None:
    channel.send(stage="importing torch")
    import_torch("--prove")
    from tsl.entry.make import asked_for

    made = asked_for(request, channel)
    warnings.simplefilter("ignore")
    channel.send(proof=_proof(request, made, channel))


def _proof(request: Mapping[str, Any], made: Made, channel: Channel) -> dict[str, Any]:
    from tsl.entry.example import example

    channel.send(stage="running the model on its example inputs")
    found = example(request["inputs"], request["entry"], made, lambda inputs: _refusal(made, inputs))
    files, homes = _made_of(made.model, request["path"])
    proof: dict[str, Any] = {"passed": True, "files": files, "homes": homes, "inputs": ", ".join(found.inputs.shown())}
    proof |= {"message": "", "path": "", "line": 0, "dynamic": "", "difference": None}
    axes = found.axes if _declares(request["inputs"]) else ()
    proof["dynamic"] = ", ".join(axis.text for axis in axes)
    channel.send(stage="exporting the model")
    try:
        proof["difference"] = _exported(made.model, found, axes, channel)
    except (Exception, SystemExit) as error:
        proof |= {"passed": False, **_told(error)}
        return proof
    if proof["difference"] is not None and not proof["difference"] <= TOLERANCE:
        proof |= {"passed": False, "message": f"returns other numbers: they differ by up to {proof['difference']:.3g}"}
    return proof


def _refusal(made: Made, inputs: Inputs) -> BaseException | None:
    import torch

    try:
        with torch.no_grad():
            inputs.copied().called(made.model)
    except (Exception, SystemExit) as error:
        return error
    return None


def _exported(model: Any, example: Example, axes: tuple[Axis, ...], channel: Channel) -> float | None:
    """The largest difference between the model and what was exported, saved and read again (1)."""
    import torch

    inputs = example.inputs
    with torch.no_grad():
        program = torch.export.export(
            model, inputs.args, dict(inputs.kwargs), dynamic_shapes=_dynamic(inputs, axes) if axes else None
        )
        channel.send(stage="saving and reading what was exported")
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "model.pt2")
            torch.export.save(program, path)
            read = torch.export.load(path).module()
        torch.manual_seed(0)
        expected = inputs.copied().called(model)
        torch.manual_seed(0)
        return _difference(expected, inputs.copied().called(read))


def _dynamic(inputs: Inputs, axes: tuple[Axis, ...]) -> dict[str, Any]:
    """`dynamic_shapes` for the sizes that were declared (2), by input."""
    import torch

    names = [name for name, _ in inputs.leaves()]
    found: dict[str, dict[int, Any]] = {name: {} for name in names}
    for number, axis in enumerate(axes):
        name = axis.text if axis.text.isidentifier() else f"size_{number}"
        dim = torch.export.Dim(name, min=axis.low, max=axis.high)
        for leaf, place in axis.members:
            found[names[leaf]][place] = dim
    return found


def _declares(inputs: list[str]) -> bool:
    from tsl.entry.spec import parse

    return any(dim.free for text in inputs for one in parse(text) for dim in one.dims)


def _difference(one: Any, other: Any) -> float | None:
    import torch
    from torch.utils._pytree import tree_leaves

    pairs = [
        (a, b)
        for a, b in zip(tree_leaves(one), tree_leaves(other), strict=True)
        if isinstance(a, torch.Tensor) and a.numel() and not a.is_complex()
    ]
    sizes = [(a.double() - b.double()).abs().max() / a.double().abs().max().clamp(min=1) for a, b in pairs]
    return max((float(size) for size in sizes), default=None)


def _made_of(model: Any, path: str) -> tuple[list[str], list[str]]:
    """The files of the classes of a model, the entry's own first, and the names of those classes."""
    classes = {type(part) for part in model.modules()}
    own = {cls for cls in classes if not cls.__module__.startswith("torch.")}
    files = {os.path.abspath(inspect.getsourcefile(cls) or path) for cls in own}
    return [path, *sorted(files - {path})], sorted({cls.__qualname__ for cls in own})


def _told(error: BaseException) -> dict[str, Any]:
    """The error in one line, and the innermost place of it that is the user's."""
    from tsl.entry.places import is_users, trace_of
    from tsl.entry.unable import one_line

    places = [place for place in trace_of(error) if is_users(place.path)]
    last = places[-1] if places else None
    return {"message": one_line(error), "path": last.path if last else "", "line": last.line if last else 0}

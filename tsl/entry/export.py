"""The child process of an export.

    request on standard input -> import -> make -> script, trace -> save -> one JSON object a line to the parent

Needs torch, and says so where it is missing. The model is captured in the mode and on the device its entry left it.
What torch refuses is told with the user's stack; it will never be judged here.

1. A model is scripted before it is traced, for tracing runs it, and running may change it.
2. What calls Python cannot be saved: each such call is told, and what it did is saved in its place where that is known.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tsl.entry.channel import Channel, import_torch, serve
from tsl.entry.sample import told

if TYPE_CHECKING:
    from tsl.entry.inputs import Inputs
    from tsl.entry.make import Made


def main() -> None:
    """Serves one request and ends the process."""
    serve("--entry", _serve)


def _serve(request: Mapping[str, Any], channel: Channel) -> None:
    channel.send(stage="importing torch")
    import_torch("--entry")
    from tsl.entry.make import asked_for

    made = asked_for(request, channel)
    warnings.simplefilter("ignore")
    channel.send(inputs=_described(request, made))
    for capture in _captures(request, made):
        _export(capture, request, made, channel)
    channel.send(done=True)


def _captures(request: Mapping[str, Any], made: Made) -> Sequence[str]:
    """What is to be done, in the order in which it is done (1)."""
    if request["captures"]:
        return sorted(request["captures"])
    return ["trace" if request["inputs"] or made.inputs is not None else "script"]


def _described(request: Mapping[str, Any], made: Made) -> list[str]:
    """The inputs that are asked for, or that the entry gives, as SPECs; none where they are no plain tensors."""
    from tsl.entry.inputs import described, example_of
    from tsl.entry.spec import parse

    if request["inputs"] or made.inputs is None:
        return list(request["inputs"])
    given = example_of(made.inputs, made.others).inputs
    leaves = [tensor for _, tensor in given.leaves()]
    if given.kwargs or len(leaves) != len(given.args):
        return []
    specs = [described(tensor) for tensor in leaves]
    try:
        return [" ".join(specs)] if parse(" ".join(specs)) else []
    except ValueError:  # of a dtype that a SPEC has no word for
        return []


def _export(capture: str, request: Mapping[str, Any], made: Made, channel: Channel) -> None:
    """Captures the model and saves it, or tells why that cannot be."""
    captured: Callable[[], Any] = _scripting(made) if capture == "script" else _tracing(request, made, channel)
    path = os.path.join(request["directory"], f"{capture}.pt")
    from tsl.entry.refused import reason, stack

    channel.send(stage={"trace": "tracing the model", "script": "scripting the model"}[capture])
    step = capture
    try:
        module = captured()
        step = "save"
        if not _can_be_saved(module, channel):
            return
        _save(module, path)
    except (Exception, SystemExit) as error:
        channel.send(refused=[step, reason(error, step), list(map(list, stack(error)))])
    else:
        channel.send(archive=[capture, path, _told(made.inputs if not request["inputs"] else None)])


def _told(inputs: Inputs | None) -> list[list[Any]]:
    """The example that the entry gives; nothing where --input takes its place, which the parent has read."""
    return told(inputs.args, inputs.kwargs, inputs.names) if inputs is not None else []


def _scripting(made: Made) -> Callable[[], Any]:
    import torch

    return lambda: torch.jit.script(made.model)


def _tracing(request: Mapping[str, Any], made: Made, channel: Channel) -> Callable[[], Any]:
    """A trace of the model on its example inputs. Raises Unable where it has none."""
    import torch

    from tsl.entry.capture import trace
    from tsl.entry.example import example

    def refusal(inputs: Any) -> BaseException | None:
        try:
            with torch.no_grad():
                inputs.copied().called(made.model)
        except (Exception, SystemExit) as error:
            return error
        return None

    channel.send(stage="running the model on its example inputs")
    found = example(request["inputs"], request["entry"], made, refusal)

    def traced() -> Any:
        torch.manual_seed(0)
        with torch.no_grad():
            return trace(made.model, found.inputs)[0]

    return traced


def _can_be_saved(module: Any, channel: Channel) -> bool:
    """Tells of every call of Python, and whether a model can be saved without them (2)."""
    from tsl.entry.python_calls import PythonCalls
    from tsl.entry.refused import users_places

    calls = PythonCalls(module)
    for name, text in calls.found:
        channel.send(calls_python=[name, list(map(list, users_places(text)))])
    if calls.found and calls.can_be_opened:
        calls.open()
    return calls.can_be_opened


def _save(module: Any, path: str) -> None:
    import torch

    torch.jit.save(module, path)

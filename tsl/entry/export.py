"""The child process of an export.

    request on standard input -> import -> make -> script, trace -> save -> one JSON object a line to the parent

Needs torch, and says so where it is missing. The model is captured in the mode and on the device its entry left it.
What torch refuses is told with the user's stack; it will never be judged here.

1. A model is scripted before it is traced, for tracing runs it, and running may change it.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tsl.entry.channel import Channel, import_torch, serve
from tsl.entry.place import Place
from tsl.entry.sample import told

if TYPE_CHECKING:
    from tsl.entry.inputs import Inputs
    from tsl.entry.make import Made

_COMPILED = re.compile(r'^\s*File "(.+)", line (\d+)', re.M)
_TRACED = re.compile(r"^(.+)\((\d+)\): (\S+)$", re.M)


def main() -> None:
    """Serves one request and ends the process."""
    serve("--entry", _serve)


def _serve(request: Mapping[str, Any], channel: Channel) -> None:
    channel.send(stage="importing torch")
    import_torch("--entry")
    from tsl.entry.make import load, make

    channel.send(stage="importing the file")
    sys.argv = [request["path"]]
    module = load(request["path"], request["sources"])
    channel.send(stage="making the model")
    made = make(module, request["entry"], has_inputs=bool(request["inputs"]), path=request["path"])
    warnings.simplefilter("ignore")
    for capture in _captures(request, made):
        _export(capture, request, made, channel)
    channel.send(done=True)


def _captures(request: Mapping[str, Any], made: Made) -> Sequence[str]:
    """What is to be done, in the order in which it is done (1)."""
    if request["captures"]:
        return sorted(request["captures"])
    return ["trace" if request["inputs"] or made.inputs is not None else "script"]


def _export(capture: str, request: Mapping[str, Any], made: Made, channel: Channel) -> None:
    """Captures the model and saves it, or tells why that cannot be."""
    captured: Callable[[], Any] = _scripting(made) if capture == "script" else _tracing(request, made, channel)
    path = os.path.join(request["directory"], f"{capture}.pt")
    channel.send(stage={"trace": "tracing the model", "script": "scripting the model"}[capture])
    step = capture
    try:
        module = captured()
        step = "save"
        _save(module, path)
    except (Exception, SystemExit) as error:
        channel.send(refused=[step, _reason(error, step), list(map(list, _stack(error)))])
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


def _save(module: Any, path: str) -> None:
    import torch

    torch.jit.save(module, path)


def _reason(error: BaseException, step: str) -> str:
    """Why, in one line: the compiler says it before the first place, saving in its first sentence."""
    from tsl.entry.unable import cut, one_line

    told, place, _ = str(error).partition('  File "')
    if place and told.strip():
        return cut(f"{type(error).__name__}: {' '.join(told.split()).removesuffix(':')}")
    return one_line(error).partition(". ")[0] if step == "save" else one_line(error)


def _stack(error: BaseException) -> Iterator[Place]:
    """The user's code in an error, innermost first: what its text names, else where it was raised."""
    from tsl.entry.places import is_users, trace_of

    text = str(error)
    told = [Place(path, int(line), "") for path, line in _COMPILED.findall(text)]
    told += [Place(path, int(line), name) for path, line, name in _TRACED.findall(text)]
    raised = list(trace_of(error))[::-1]
    return (place for place in [*told, *raised] if is_users(place.path))

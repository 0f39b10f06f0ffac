"""The captured model that is looked at: an entry of the user's file, traced or scripted, or an archive.

Needs torch; for the child process, which runs the user's code here. It will never warm a model up.

1. `auto` traces a module, because it has inputs, and takes what is in TorchScript already as it is.
2. An archive is loaded by torch, which runs no code of it, and is then run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from tsl.entry.unable import Unable, one_line

if TYPE_CHECKING:
    from tsl.entry.channel import Channel
    from tsl.entry.inputs import Example, Inputs

SCRIPTED = (torch.jit.ScriptModule, torch.jit.ScriptFunction)


def captured(request: Mapping[str, Any], channel: Channel) -> tuple[Any, Example]:
    """The model in TorchScript and its inputs. Raises Unable where one of them cannot be had."""
    model, example = _made(request, channel)
    if isinstance(model, SCRIPTED):
        return model, example
    capture = "trace" if request["capture"] == "auto" else request["capture"]
    channel.send(stage={"trace": "tracing the model", "script": "scripting the model"}[capture])
    channel.send(capture=capture)
    try:
        return _captured(model, example, capture, request["gradients"]), example
    except (Exception, SystemExit) as error:
        raise Unable(request["shown"], f"torch.jit.{capture} refuses the model: {one_line(error)}") from error


def _captured(model: Any, example: Example, capture: str, gradients: bool) -> Any:
    from tsl.entry.capture import trace

    if capture == "script":
        return torch.jit.script(model)
    torch.manual_seed(0)
    with torch.set_grad_enabled(gradients):
        return trace(model, example.inputs)[0]


def _made(request: Mapping[str, Any], channel: Channel) -> tuple[Any, Example]:
    from tsl.entry.example import example
    from tsl.entry.make import Made, asked_for

    if request["entry"]:
        made = asked_for(request, channel, scripted=True)
    else:
        channel.send(stage="loading the archive")
        made = Made(_archive(request), None, ())
    channel.send(stage="running the model on its example inputs")
    if not request["entry"] and not request["inputs"]:
        raise Unable("--input", f"is needed: an archive has no inputs; {_takes(made.model)}")
    return made.model, example(request["inputs"], request["entry"], made, lambda inputs: _refusal(made.model, inputs))


def _archive(request: Mapping[str, Any]) -> Any:
    try:
        return torch.jit.load(request["path"], map_location="cpu")
    except Exception as error:
        raise Unable(request["shown"], f"torch cannot load it: {one_line(error)}") from error


def _takes(model: Any) -> str:
    declared = [one for one in model.forward.schema.arguments if one.name != "self"]
    return f"forward takes {', '.join(one.name for one in declared)}"


def _refusal(model: Any, inputs: Inputs) -> BaseException | None:
    from tsl.fusion.subject import copied, with_numbers

    try:
        with torch.no_grad():
            copied(with_numbers(model, inputs)).called(model)
    except (Exception, SystemExit) as error:
        return error
    return None

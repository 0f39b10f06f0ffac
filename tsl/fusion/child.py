"""The child process of a look at fusion.

    request on standard input -> load -> capture -> predict, or warm up -> explain -> try other sizes, freezing, the
    unfused run, the profiler -> one JSON object a line to the parent

Needs torch, and says so where it is missing. It will never decide what a plan means for the user.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tsl.entry.channel import Channel, import_torch, serve
from tsl.entry.unable import Unable, one_line
from tsl.ir.fused import form_of

if TYPE_CHECKING:
    from tsl.entry.inputs import Example
    from tsl.fusion.subject import Subject

DEVICES = ("cpu", "cuda")


def main() -> None:
    """Serves one request and ends the process."""
    serve("fusion", _serve)


def _serve(request: Mapping[str, Any], channel: Channel) -> None:
    channel.send(stage="importing torch")
    import_torch("fusion")
    warnings.simplefilter("ignore")
    from tsl.fusion.switches import switch_on

    device = request["device"]
    _must_be_there(device, request["predict"])
    switch_on(device)
    channel.send(versions=_versions(device))
    subject, example, sites = _loaded(request, channel)
    channel.send(inputs=list(example.inputs.shown()))
    if request["predict"]:
        _predict(subject, sites, channel)
    else:
        _run(request, subject, example, sites, channel)
    channel.send(done=True)


def _must_be_there(device: str, predict: bool) -> None:
    import torch

    if device == "cuda" and not predict and not torch.cuda.is_available():
        message = "is not on this machine, or not in this torch; --predict says what is foretold for it without one"
        raise Unable("--device cuda", message)


def _versions(device: str) -> list[list[str]]:
    import torch

    from tsl.fusion.switches import has_llvm

    told = [["torch", torch.__version__], ["fuser", "NNC"]]
    if device == "cuda" and torch.cuda.is_available():
        return [*told, ["cuda", str(torch.version.cuda)], ["gpu", torch.cuda.get_device_name()]]
    return [*told, ["llvm", "yes" if has_llvm() else "no"]]


def _loaded(request: Mapping[str, Any], channel: Channel) -> tuple[Subject, Example, Any]:
    """The captured model, its inputs, and where its nodes come from. Raises Unable."""
    from tsl.fusion.capture import captured
    from tsl.fusion.sites import Sites
    from tsl.fusion.subject import Subject

    if request["entry"]:
        sys.argv = [request["path"]]
    model, example = captured(request, channel)
    home = request["path"] if request["entry"] else ""
    sites = Sites(model, home)
    device = "cpu" if request["predict"] else request["device"]
    try:
        subject = Subject(model, example.inputs, device, request["gradients"])
    except RuntimeError as error:
        raise Unable(request["shown"], f"cannot be saved, and is looked at as an archive: {one_line(error)}") from error
    return subject, example, sites


def _predict(subject: Subject, sites: Any, channel: Channel) -> None:
    from tsl.fusion.predict import predicted

    for device in DEVICES:
        channel.send(stage=f"typing the graph for {device}")
        channel.send(prediction=form_of(predicted(subject, sites, device)))


def _run(request: Mapping[str, Any], subject: Subject, example: Example, sites: Any, channel: Channel) -> None:
    from tsl.fusion.explain import explained
    from tsl.fusion.kernels import compared, evidence
    from tsl.fusion.warm import on_shapes, other_sizes, warmed

    channel.send(stage="calling the model until its plan stands")
    warm = _or_unable(lambda: warmed(subject, subject.fresh(), most=request["runs"]), request)
    plan = explained(warm.graph, warm.sections, sites, warm.profiled)
    channel.send(plan=form_of(plan._replace(runs=warm.runs)))
    if not warm.stands:
        channel.send(note=f"after {warm.runs} calls the plan was still another at each; give more --runs")
    channel.send(stage="comparing with the unfused run")
    channel.send(numerics=form_of(tuple(compared(subject, warm.runs + 1))))
    channel.send(kernels=form_of(evidence(subject, warm.model)))
    if request["device"] != "cpu":
        _on_gpu(subject, warm.model, channel)
    channel.send(stage="freezing the model")
    _freeze(subject, channel)
    channel.send(stage="calling the model with other sizes")
    try:
        for shape in on_shapes(subject, warm, other_sizes(example, _open(request, example)), request["runs"]):
            channel.send(shape=form_of(shape))
    except Exception as error:
        channel.send(note=f"the model does not run on every size that was asked for: {one_line(error)}")


def _on_gpu(subject: Subject, model: Any, channel: Channel) -> None:
    from tsl.fusion.cuda import deployed, waits

    channel.send(stage="counting where a call waits for the GPU")
    channel.send(waits=waits(subject, model))
    channel.send(stage="moving the model to the GPU in other ways")
    for one in deployed(subject):
        channel.send(deployed=form_of(one))


def _open(request: Mapping[str, Any], example: Example) -> Sequence[Any]:
    """The axes that the SPECs leave open; none where the entry gave the inputs."""
    from tsl.entry.spec import parse

    specs = parse(" ".join(request["inputs"])) if request["inputs"] else ()
    return example.axes if any(dim.free for one in specs for dim in one.dims) else ()


def _or_unable(call: Any, request: Mapping[str, Any]) -> Any:
    try:
        return call()
    except Exception as error:
        raise Unable(request["shown"], f"raises when it runs: {one_line(error)}") from error


def _freeze(subject: Subject, channel: Channel) -> None:
    from tsl.fusion.variants import variants

    for variant in variants(subject):
        channel.send(variant=form_of(variant))

"""A look at fusion from outside: what its child process is asked for, and a report of what it tells.

Needs no torch. It will never import the user's file or load an archive.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tsl.entry.process import EXPIRED, converse
from tsl.ir.fused import (
    Deployed,
    Node,
    Output,
    Plan,
    Prediction,
    Report,
    Shape,
    Variant,
    read_kernels,
    read_plan,
)
from tsl.outcome import Failure
from tsl.project import shown
from tsl.record import Record

TIMEOUT = 300.0


class Request(Record):
    """What a look is asked for: a Python file and the entry in it, or an archive and no entry.

    `inputs` are SPECs, `sources` where imports begin, `runs` the most calls until the plan stands; `gradients` leaves
    them on; `predict` asks for what is foretold, and for no run.
    """

    path: str
    entry: str
    inputs: tuple[str, ...] = ()
    device: str = "cpu"
    capture: str = "auto"
    runs: int = 8
    gradients: bool = False
    predict: bool = False
    timeout: float = TIMEOUT
    sources: tuple[str, ...] = ()


def look(request: Request) -> Report:
    """What a child process finds; all that it told where it had to be ended."""
    path = shown(request.path)
    heard = _Heard(Report(path, request.entry, request.device))
    form = dict(zip(request._fields, request, strict=True)) | {"path": os.path.abspath(request.path), "shown": path}
    ending = converse("tsl.fusion.child", form, request.timeout, heard.take)
    if ending == EXPIRED:
        heard.fail(Failure("--timeout", f"{request.timeout:g} s were over while {heard.stage}; give more"))
    elif ending:
        heard.fail(Failure(path, f"ended its process with {ending} while {heard.stage}"))
    return heard.report


class _Heard:
    """What was heard from a process so far, and what it is busy with."""

    def __init__(self, report: Report) -> None:
        self.report, self.stage = report, "starting Python"

    def fail(self, failure: Failure) -> None:
        """Ends in a failure."""
        self.report = self.report._replace(failure=failure)

    def take(self, event: Mapping[str, Any]) -> bool:
        """Adds what an event tells; whether it is the last."""
        report = self.report
        match event:
            case {"stage": stage}:
                self.stage = stage
            case {"capture": capture}:
                self.report = report._replace(capture=capture)
            case {"inputs": inputs}:
                self.report = report._replace(inputs=tuple(inputs))
            case {"versions": versions}:
                self.report = report._replace(versions=tuple((name, version) for name, version in versions))
            case {"failed": [subject, message]}:
                self.fail(Failure(subject, message))
                return True
            case {"done": _}:
                return True
            case _:
                self.report = _with(report, event)
        return False


def _with(report: Report, event: Mapping[str, Any]) -> Report:
    """A report with one more finding of the run."""
    match event:
        case {"plan": form}:
            return report._replace(plan=_here(read_plan(form)))
        case {"prediction": form}:
            plan = _here(read_plan(form["plan"]))
            found = Prediction(form["device"], plan, form["stopped"])
            return report._replace(predictions=(*report.predictions, found))
        case {"numerics": forms}:
            return report._replace(numerics=tuple(Output(**form) for form in forms))
        case {"kernels": form}:
            return report._replace(kernels=read_kernels(form))
        case {"waits": number}:
            return report._replace(waits=number)
        case {"deployed": form}:
            return report._replace(deployed=(*report.deployed, Deployed(**form)))
        case {"variant": form}:
            return report._replace(variants=(*report.variants, Variant(**form)))
        case {"shape": form}:
            found_shape = Shape(**form | {"inputs": tuple(form["inputs"])})
            return report._replace(shapes=(*report.shapes, found_shape))
        case {"note": text}:
            return report._replace(notes=(*report.notes, text))
    return report


def _here(plan: Plan) -> Plan:
    """A plan with paths as users of this process know them."""
    groups = tuple(group._replace(nodes=tuple(map(_near, group.nodes))) for group in plan.groups)
    rest = tuple(one._replace(node=_near(one.node), origin=one.origin and _near(one.origin)) for one in plan.rest)
    return plan._replace(groups=groups, rest=rest, splits=tuple(map(_near, plan.splits)))


def _near(node: Node) -> Node:
    """A node with its path from the working directory where it lies below it, else as it was recorded."""
    here = os.path.join(os.getcwd(), "")
    return node._replace(path=shown(node.path)) if node.path.startswith(here) else node

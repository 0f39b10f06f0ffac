"""An export from outside: what a child process is asked for, and what came of it.

Needs no torch. It will never import the user's file, or read what was exported.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tsl.entry.place import Place
from tsl.entry.process import EXPIRED, converse
from tsl.entry.sample import Argument, heard
from tsl.outcome import Failure
from tsl.project import shown
from tsl.record import Record

TIMEOUT = 60.0


class Request(Record):
    """What an export is asked for.

    `captures` are `trace`, `script` or both; without any a model is traced where there are inputs, and scripted where
    there are none. `inputs` are SPECs, `sources` where imports begin.
    """

    path: str
    entry: str
    captures: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    timeout: float = TIMEOUT
    sources: tuple[str, ...] = ()


class Refusal(Record):
    """That torch would not `trace`, `script` or `save` a model: why, in one line, and the user's stack from inside."""

    step: str
    message: str
    stack: tuple[Place, ...] = ()


class PythonCall(Record):
    """A call of Python that what torch captured holds: what it calls, and the user's stack from inside."""

    name: str
    stack: tuple[Place, ...] = ()


class Captured(Record):
    """What one capture was saved as: its path, and the example arguments that the entry gave with the model."""

    capture: str
    path: str
    example: tuple[Argument, ...] = ()


class Export(Record):
    """What came of it: a file for each capture, why there is none, or why nothing could be done at all.

    `inputs` are SPECs of what the entry gives a model that was scripted, which records none. A model that calls Python
    cannot be saved; a file that is there all the same has what the calls did in their place.
    """

    archives: tuple[Captured, ...] = ()
    inputs: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    python_calls: tuple[PythonCall, ...] = ()
    failure: Failure | None = None


def export(request: Request, directory: str) -> Export:
    """What a child process exports into a directory; what it had told where it had to be ended."""
    heard = _Heard()
    form = dict(zip(request._fields, request, strict=True))
    form |= {"path": os.path.abspath(request.path), "directory": os.path.abspath(directory)}
    ending = converse("tsl.entry.export", form, request.timeout, heard.take)
    if ending == EXPIRED:
        failure = Failure("--timeout", f"{request.timeout:g} s were over while {heard.stage}; give more")
        return heard.export._replace(failure=failure)
    if ending:
        message = f"ended its process with {ending} while {heard.stage}"
        return heard.export._replace(failure=Failure(shown(request.path), message))
    return heard.export


class _Heard:
    """What was heard from a process so far, and what it is busy with."""

    def __init__(self) -> None:
        self.export, self.stage = Export(), "starting Python"

    def take(self, event: Mapping[str, Any]) -> bool:
        """Adds what an event tells; whether it is the last."""
        export = self.export
        match event:
            case {"stage": stage}:
                self.stage = stage
            case {"archive": [capture, path, example]}:
                captured = Captured(capture, path, heard(example))
                self.export = export._replace(archives=(*export.archives, captured))
            case {"inputs": inputs}:
                self.export = export._replace(inputs=tuple(inputs))
            case {"refused": [step, message, stack]}:
                refusal = Refusal(step, message, tuple(Place(*frame) for frame in stack))
                self.export = export._replace(refusals=(*export.refusals, refusal))
            case {"calls_python": [name, stack]}:
                call = PythonCall(name, tuple(Place(*frame) for frame in stack))
                self.export = export._replace(python_calls=(*export.python_calls, call))
            case {"failed": [subject, message]}:
                self.export = export._replace(failure=Failure(subject, message))
                return True
            case {"done": _}:
                return True
        return False

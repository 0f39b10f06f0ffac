"""A compilation from outside: what a child process is asked for, and what it tells of torch.jit.script.

Needs no torch. It will never import the user's file, or know what tsl says of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tsl.entry.place import Place
from tsl.entry.process import EXPIRED, converse
from tsl.outcome import Failure
from tsl.project import shown
from tsl.record import Record


class Request(Record):
    """What a compilation is asked for; `sources` are where imports begin, `timeout` counts seconds."""

    path: str
    entry: str
    timeout: float = 60.0
    sources: tuple[str, ...] = ()


class Refused(Record):
    """That the compiler refuses a part of the model: which, why in one line, and the user's stack from inside."""

    part: str
    message: str
    stack: tuple[Place, ...] = ()


class Compilation(Record):
    """What came of it.

    `model` is the class or function that was compiled, `home` the file that defines it; `parts` counts what was
    compiled, the whole model and, where that is refused, what it is made of. `reached` are lines, as path and number,
    of which the compiler made something. `failure` says why it could not be done, or not to its end.
    """

    path: str
    entry: str
    model: str = ""
    home: str = ""
    parts: int = 0
    refused: tuple[Refused, ...] = ()
    reached: frozenset[tuple[str, int]] = frozenset()
    failure: Failure | None = None

    @property
    def started(self) -> bool:
        """Whether anything was compiled."""
        return bool(self.parts)

    @property
    def exit_code(self) -> int:
        """0 where the model compiles, 1 where it is refused, 2 where that could not be found out."""
        return 2 if self.failure else int(bool(self.refused))


def compiled(request: Request) -> Compilation:
    """What a child process finds; what it had told where it had to be ended."""
    heard = _Heard(Compilation(shown(request.path), request.entry))
    form = dict(zip(request._fields, request, strict=True)) | {"path": os.path.abspath(request.path)}
    ending = converse("tsl.verify.compile_child", form, request.timeout, heard.take)
    if ending == EXPIRED:
        heard.fail("--timeout", f"{request.timeout:g} s were over while {heard.stage}; give more")
    elif ending:
        heard.fail(heard.told.path, f"ended its process with {ending} while {heard.stage}")
    return heard.told


class _Heard:
    """What was heard from a process so far, and what it is busy with."""

    def __init__(self, told: Compilation) -> None:
        self.told, self.stage = told, "starting Python"

    def take(self, event: Mapping[str, Any]) -> bool:
        """Adds what an event tells; whether it is the last."""
        told = self.told
        match event:
            case {"stage": stage}:
                self.stage = stage
            case {"model": [name, home]}:
                self.told = told._replace(model=name, home=shown(home) if home else "")
            case {"compiled": _}:
                self.told = told._replace(parts=told.parts + 1)
            case {"refused": [part, message, stack]}:
                places = tuple(Place(shown(path), line, name) for path, line, name in stack)
                self.told = told._replace(refused=(*told.refused, Refused(part, message, places)))
            case {"reached": lines}:
                self.told = told._replace(reached=frozenset((shown(path), line) for path, line in lines))
            case {"failed": [subject, message]}:
                self.fail(subject, message)
                return True
            case {"done": _}:
                return True
        return False

    def fail(self, subject: str, message: str) -> None:
        """Ends in a failure."""
        self.told = self.told._replace(failure=Failure(subject, message))

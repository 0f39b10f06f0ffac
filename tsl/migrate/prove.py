"""Proof from outside: an entry's model is put through torch.export in a child process, and what came of it is told.

Needs no torch. It will never import the user's file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tsl.entry.process import EXPIRED, converse
from tsl.migrate.ledger import Proof
from tsl.outcome import Failure
from tsl.project import shown
from tsl.record import Record

TIMEOUT = 120.0


class Request(Record):
    """What is to be proved: the file and the name in it that makes the model, SPECs of inputs, seconds, where imports
    begin."""

    path: str
    entry: str
    inputs: tuple[str, ...] = ()
    timeout: float = TIMEOUT
    sources: tuple[str, ...] = ()


def prove(request: Request) -> tuple[Proof | None, Failure | None]:
    """What torch.export makes of it, or why it could not be tried."""
    heard = _Heard(f"{shown(request.path)}:{request.entry}")
    form = dict(zip(request._fields, request, strict=True)) | {"path": os.path.abspath(request.path)}
    ending = converse("tsl.migrate.child", form, request.timeout, heard.take)
    if ending == EXPIRED:
        return None, Failure("--timeout", f"{request.timeout:g} s were over while {heard.stage}; give more")
    if ending:
        return None, Failure(shown(request.path), f"ended its process with {ending} while {heard.stage}")
    return heard.proof, heard.failure


class _Heard:
    """What was heard from a process so far."""

    def __init__(self, entry: str) -> None:
        self.entry, self.stage = entry, "starting Python"
        self.proof: Proof | None = None
        self.failure: Failure | None = None

    def take(self, event: Mapping[str, Any]) -> bool:
        """Adds what an event tells; whether it is the last."""
        match event:
            case {"stage": stage}:
                self.stage = stage
            case {"proof": form}:
                form = {**form, "files": tuple(map(shown, form["files"])), "homes": tuple(form["homes"])}
                form["path"] = shown(form["path"]) if form["path"] else ""
                self.proof = Proof(entry=self.entry, **form)
                return True
            case {"failed": [subject, message]}:
                self.failure = Failure(subject, message)
                return True
        return False

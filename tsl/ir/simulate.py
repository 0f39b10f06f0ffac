"""A simulation from outside: what a child process with torch is asked for, and what it tells of a model.

    the path of an archive, a deployment, inputs -> a child process that runs its methods on fakes -> Simulation

A fake tensor has a device, a dtype and a shape and no numbers; the kernels that refuse it are torch's own, and no such
device need be there. The child reads the archive as data, as this process does: torch neither loads nor unpickles it.
But it runs what the archive's code says, operator by operator, so whoever calls this has the user's word for it.

Needs no torch in this process. It will never know a rule.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from tsl.entry.process import EXPIRED, converse
from tsl.outcome import Failure
from tsl.project import shown
from tsl.record import Record

TIMEOUT = 120.0  # seconds for torch to be imported and all methods to be run

Key = tuple[str, int]  # a node: the name of its graph, its place in the graph's walk


class Refused(Record):
    """An operator that torch refused: its node, the domain (device, other), why in one line, and whether it is sure
    (see `tsl.ir.simulate_run`).
    """

    key: Key
    domain: str
    message: str
    sure: bool


class Run(Record):
    """A run of a method on fakes.

    `refused` and `waits` are what was found, the latter by node with whether it is sure; `through` are the nodes that
    ran; `unable` counts by kind the nodes that fakes cannot do. `ending` says why it did not come to its end, and
    `guessed` that a size of an input was chosen.
    """

    method: str
    executed: int
    refused: tuple[Refused, ...] = ()
    waits: Mapping[Key, bool] = {}
    through: frozenset[Key] = frozenset()
    unable: Mapping[str, int] = {}
    ending: str = ""
    guessed: bool = False


class Simulation(Record):
    """What came of it: a run of each method whose inputs are known, the others with why not, and why it ended early."""

    runs: tuple[Run, ...] = ()
    left_out: Mapping[str, str] = {}
    failure: Failure | None = None


def simulate(
    path: str, device: str, mode: str, inputs: Sequence[str] = (), command: str = "--trust", timeout: float = TIMEOUT
) -> Simulation:
    """The simulation of an archive's methods under a deployment. `inputs` are SPECs of what forward is given, where
    those that were recorded are not meant; `command` is the option that the user's word was given with.
    """
    heard = _Heard()
    form: dict[str, Any] = {"path": os.path.abspath(path), "device": device, "mode": mode, "inputs": list(inputs)}
    form |= {"command": command, "timeout": timeout}
    ending = converse("tsl.ir.simulate_child", form, timeout, heard.take)
    if not ending:
        return heard.simulation
    if ending == EXPIRED:
        failure = Failure(shown(path), f"is not simulated to its end: {timeout:g} s were over while {heard.stage}")
    else:
        failure = Failure(shown(path), f"is not simulated: ended its process with {ending} while {heard.stage}")
    return heard.simulation._replace(failure=failure)


class _Heard:
    """What was heard from a process so far, and what it is busy with."""

    def __init__(self) -> None:
        self.simulation, self.stage = Simulation(), "starting Python"

    def take(self, event: Mapping[str, Any]) -> bool:
        """Adds what an event tells; whether it is the last."""
        known = self.simulation
        match event:
            case {"stage": stage}:
                self.stage = stage
            case {"run": run}:
                self.simulation = known._replace(runs=(*known.runs, _run(run)))
            case {"left_out": [method, reason]}:
                self.simulation = known._replace(left_out={**known.left_out, method: reason})
            case {"failed": [subject, message]}:
                self.simulation = known._replace(failure=Failure(subject, message))
                return True
            case {"done": _}:
                return True
        return False


def _run(told: Mapping[str, Any]) -> Run:
    return Run(
        told["method"],
        told["executed"],
        tuple(Refused((name, place), *rest) for name, place, *rest in told["refused"]),
        {(name, place): sure for name, place, sure in told["waits"]},
        frozenset((name, place) for name, place in told["through"]),
        told["unable"],
        told["ending"],
        told["guessed"],
    )

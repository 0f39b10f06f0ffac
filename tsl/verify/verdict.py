"""What a search for divergences comes to, in values that travel from the child process to a report.

Needs no torch, and will never hold a tensor: what a run showed is told here in words and numbers. `form_of` turns any
of it into what JSON holds, the readers make values of that again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tsl.diagnostic import Diagnostic
from tsl.entry.place import Place
from tsl.outcome import Failure, Outcome
from tsl.record import Record

# What is perturbed, in the order in which it is tried. `--skip` takes these words.
KINDS: Mapping[str, str] = {
    "own": "further inputs that the entry gave itself",
    "size": "each dimension, alone and with those that share its size: one more, doubled, 1",
    "data": "the values in the inputs: negated, scaled, zero, of one sign, shuffled, with a NaN",
    "seed": "another seed of the random numbers of torch, NumPy and Python",
    "state": "a second call of the same module",
    "dtype": "float64, float16 and bfloat16 for model and inputs, int32 for indices",
    "device": "model and inputs moved to the device `meta`",
    "mode": "the model in training mode, traced in training mode",
}
EXAMPLE, PAIR, TRACING = "example", "pair", "trace"


class Node(Record):
    """A node of a traced graph."""

    kind: str
    place: Place | None


class Decision(Record):
    """A plain value that Python took out of a tensor: by which call, what the example gave, what it is here."""

    call: str
    example: str
    here: str


class Divergence(Record):
    """A perturbation under which the trace and the model part.

    `place` is the line that decides: of the decision where there is one, else of the node. `node` is the first one in
    which a trace of the perturbed input is another. `warned` tells whether torch warned at that line while tracing.
    `times` counts the perturbations that led here.
    """

    kind: str
    perturbation: str
    difference: str
    place: Place | None = None
    node: Node | None = None
    decision: Decision | None = None
    warned: bool = False
    times: int = 1


class LostCheck(Record):
    """A perturbation that the model refuses by a `raise` or `assert` of its own, and the trace does not."""

    perturbation: str
    error: str
    place: Place | None = None


class Counts(Record):
    """How many perturbations were planned and ran, how many of these the model refused or answered unsteadily."""

    planned: int = 0
    ran: int = 0
    refused: int = 0
    unsteady: int = 0


class Verdict(Record):
    """A finished search. `failure` says why it could not be done, or not to its end; `started` whether anything ran."""

    path: str
    entry: str
    inputs: tuple[str, ...] = ()
    divergences: tuple[Divergence, ...] = ()
    lost_checks: tuple[LostCheck, ...] = ()
    counts: Counts = Counts()
    notes: tuple[str, ...] = ()
    failure: Failure | None = None
    started: bool = False

    @property
    def exit_code(self) -> int:
        """0 where no divergence was found, 1 where one was, 2 where the search failed."""
        return 2 if self.failure else int(bool(self.divergences))


class Confirmation(Record):
    """What a search says about the findings of `tsl check`.

    `outcome` holds all of them, the confirmed ones with evidence RUN; `by_divergence` and `by_check` hold, for each
    divergence and each lost check of the verdict, the findings it confirms.
    """

    outcome: Outcome
    by_divergence: tuple[tuple[Diagnostic, ...], ...]
    by_check: tuple[tuple[Diagnostic, ...], ...]

    @property
    def unconfirmed(self) -> tuple[Diagnostic, ...]:
        """The findings that this search did not confirm, in their order."""
        confirmed = {id(found) for group in (*self.by_divergence, *self.by_check) for found in group}
        return tuple(found for found in self.outcome.diagnostics if id(found) not in confirmed)


def form_of(value: Any) -> Any:
    """A value of this module as what JSON holds: records as objects, tuples as lists."""
    if isinstance(value, tuple):
        fields = getattr(value, "_fields", None)
        if fields is None:
            return [form_of(item) for item in value]
        return {field: form_of(item) for field, item in zip(fields, value, strict=True)}
    return value


def read_divergence(form: Mapping[str, Any]) -> Divergence:
    """The divergence in what `form_of` made of one."""
    node, decision = form["node"], form["decision"]
    return Divergence(
        form["kind"],
        form["perturbation"],
        form["difference"],
        _read_place(form["place"]),
        Node(node["kind"], _read_place(node["place"])) if node else None,
        Decision(**decision) if decision else None,
        form["warned"],
        form["times"],
    )


def read_lost_check(form: Mapping[str, Any]) -> LostCheck:
    """The lost check in what `form_of` made of one."""
    return LostCheck(form["perturbation"], form["error"], _read_place(form["place"]))


def _read_place(form: Mapping[str, Any] | None) -> Place | None:
    return Place(**form) if form else None

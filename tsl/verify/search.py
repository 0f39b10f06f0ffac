"""The search: eager against traced, one perturbation after the other, and the cause of each divergence.

Needs torch; for the child process. It tells what it finds when it finds it, so that nothing is lost where the process
has to be ended. It will never print.

1. A perturbation that the model itself refuses was not legal, and says nothing.
2. Where it refuses by a `raise` or `assert` of the user's code and the trace does not, the check is *lost*. That is
   told apart, for no legal input has a wrong result because of it.
3. On inputs that the entry gave itself a refusal is a divergence: who writes them down wants to know.
4. An answer that differs when the model itself is asked again is not compared.
5. Nor is one on another device or in another dtype where torch lacks a kernel, or a trace made there goes wrong as
   well: nothing was baked in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Any

import torch

from tsl.entry.inputs import Example
from tsl.entry.place import Place
from tsl.entry.places import is_check, of_error
from tsl.entry.unable import Unable, one_line
from tsl.record import Record
from tsl.verify.compare import difference
from tsl.verify.locate import Cause, Scene, locate
from tsl.verify.perturb import Perturbation, Setting, Trial, pairs, schedule
from tsl.verify.runs import RAISED, Answer, Subject, Traced
from tsl.verify.verdict import TRACING, Counts, Divergence, LostCheck

# Of the time limit, what may be used before the search ends by itself and says how far it came.
SHARE = 0.85
AGAIN = 2  # times the model is asked again before it is believed


class Clock:
    """The time left of a limit, judged by what the longest step so far has taken."""

    def __init__(self, began: float, limit: float) -> None:
        self._end, self._last, self._longest = began + SHARE * limit, time.monotonic(), 0.0

    def on_time(self) -> bool:
        """Whether another step will most likely end in time."""
        now = time.monotonic()
        self._longest, self._last = max(self._longest, now - self._last), now
        return now + self._longest < self._end


class Plan(Record):
    """What is searched: the entry and the file it is in, how many perturbations at most, of which kinds none."""

    entry: str
    home: str
    trials: int
    skipped: frozenset[str]


class Search:
    """A search. `tell` is handed what happens: a word for it, and the value that tells more.

    The `inputs` to trace with, once the model ran on them; `trying` a perturbation's text; a `suspect` divergence whose
    cause is not known yet, and then the `divergence` if it is none that was told before; a `lost` check.
    """

    def __init__(
        self,
        subject: Subject,
        example: Example,
        plan: Plan,
        clock: Clock,
        tell: Callable[[str, Any], None],
    ) -> None:
        self._subject, self._example, self._plan, self._clock, self._tell = subject, example, plan, clock, tell
        self._traced: dict[str, Traced | None] = {}
        self._legal: dict[str, list[Perturbation]] = {"size": [], "data": []}
        self._lost: set[Place | None] = set()
        self.times: dict[object, int] = {}
        self.notes: list[str] = []
        self.counts = Counts()

    def run(self) -> None:
        """Tries everything on the schedule. Raises Unable where the example cannot be run, or torch cannot trace."""
        with torch.no_grad():
            if self._begin():
                self._search()

    def _search(self) -> None:
        skipped = self._plan.skipped | self._impossible()
        planned = list(islice(schedule(self._example, self._plan.entry, skipped), self._plan.trials))
        self._count(planned=len(planned))
        for perturbation in chain(planned, self._pairs(self._plan.trials - len(planned))):
            if not self._clock.on_time():
                return
            self._tell("trying", perturbation.text)
            self._count(ran=1)
            try:
                trial = perturbation.of(self._example.inputs)
            except RuntimeError:
                self._count(refused=1)
                continue
            if self._agrees_on(trial) and perturbation.kind in self._legal:
                self._legal[perturbation.kind].append(perturbation)

    def _begin(self) -> bool:
        """Runs and traces the example, and says whether there is something to compare."""
        ran = self._subject.eager(self._example.inputs)
        if ran.error is not None:
            place = of_error(ran.error, self._plan.home)
            where = f" (line {place.line})" if place and place.path == self._plan.home else ""
            raise Unable("--entry", f"the model raises on its example inputs: {one_line(ran.error)}{where}")
        self._tell("inputs", self._example.inputs.shown())
        try:
            self._traced["eval"] = self._subject.trace(self._example.inputs)
        except RAISED as error:
            place = of_error(error, self._plan.home)
            if place is None:  # not the user's code: torch takes inputs or outputs of some kinds only
                raise Unable("torch.jit.trace", f"cannot trace the model: {one_line(error)}") from error
            self._count(planned=1, ran=1)
            self._note(Divergence(TRACING, "the example inputs", f"tracing raises {one_line(error)}", place))
            return False
        return True

    def _impossible(self) -> frozenset[str]:
        """The kinds of perturbation this model does not allow, and a note where that is a loss."""
        traced = self._traced["eval"]
        assert traced is not None
        kinds, note = self._subject.limits(traced)
        self.notes += filter(None, [note])
        return kinds

    def _pairs(self, most: int) -> Iterator[Perturbation]:
        """A legal perturbation of size and one of data at once, for as many as there is room."""
        size, data = self._legal["size"], self._legal["data"]
        for perturbation in islice(pairs(size, data), max(most, 0)):
            self._count(planned=1)
            yield perturbation

    def _agrees_on(self, trial: Trial) -> bool:
        """Whether a trial is legal and model and trace agree on it; what they do not agree on is told."""
        eager = self._subject.eager(trial.inputs, trial.setting)
        counts = trial.kind == "own" or eager.error is None or is_check(eager.error)
        traced = self._traced_in(trial.setting.mode) if counts else None
        if traced is None:
            self._count(refused=1)
            return False
        there = self._subject.traced(traced, trial.inputs, trial.setting)
        if eager.error is not None:
            self._count(refused=1)
            if there.error is None:
                self._accepted(trial, eager.error)
            return False
        told = _told(eager, there)
        if told:
            self._diverged(trial, eager, there, told)
        return not told

    def _traced_in(self, mode: str) -> Traced | None:
        """What was traced in a mode, None where it cannot be."""
        if mode not in self._traced:
            try:
                self._traced[mode] = self._subject.trace(self._example.inputs, Setting(mode=mode))
            except RAISED:
                self._traced[mode] = None
        return self._traced[mode]

    def _accepted(self, trial: Trial, error: BaseException) -> None:
        """The trace takes what the model refuses (2, 3)."""
        place = of_error(error, self._plan.home)
        if trial.kind == "own":
            told = f"eager raises {one_line(error)}, the trace does not"
            self._note(Divergence(trial.kind, trial.text, told, place))
        elif place not in self._lost:
            self._lost.add(place)
            self._tell("lost", LostCheck(trial.text, one_line(error), place))

    def _diverged(self, trial: Trial, eager: Answer, there: Answer, told: str) -> None:
        """A divergence, if the model stands by its answer (4, 5); its cause, if there is time."""
        again = (self._subject.eager(trial.inputs, trial.setting) for _ in range(AGAIN))
        if any(other.error is not None or difference(eager.value, other.value) for other in again):
            self._count(unsteady=1)
            return
        if trial.setting.moves and not self._can_run_there(trial, eager, there):
            self._count(refused=1)
            return
        found = Divergence(trial.kind, trial.text, told)
        self._tell("suspect", found)
        cause = Cause()
        if self._clock.on_time():
            inputs, home = self._example.inputs, self._plan.home
            cause = locate(Scene(self._subject, inputs, trial, eager, there, home, self._clock.on_time))
        place, node, decision = cause
        warned = self._is_warned(place)
        self._note(found._replace(place=place, node=node, decision=decision, warned=warned))

    def _can_run_there(self, trial: Trial, eager: Answer, there: Answer) -> bool:
        """Whether a trace made in the setting of a perturbation gives the model's answer (5)."""
        if isinstance(there.error, NotImplementedError):
            return False
        try:
            traced = self._subject.trace(trial.inputs, trial.setting)
        except RAISED:
            return False
        return not _told(eager, self._subject.traced(traced, trial.inputs, trial.setting))

    def _note(self, found: Divergence) -> None:
        """Tells a divergence, once for each place; where the place is unknown once for each kind."""
        key = found.place or found.kind
        self.times[key] = self.times.get(key, 0) + 1
        if self.times[key] == 1:
            self._tell("divergence", found)

    def _is_warned(self, place: Place | None) -> bool:
        """Whether torch warned at a place while the example was traced."""
        warned = [traced.warned for traced in self._traced.values() if traced]
        return place is not None and any((place.path, place.line) in places for places in warned)

    def _count(self, **more: int) -> None:
        now = dict(zip(Counts._fields, self.counts, strict=True))
        self.counts = Counts(**{name: value + more.get(name, 0) for name, value in now.items()})


def _told(eager: Answer, there: Answer) -> str:
    """In what two answers differ, the first of which is a value."""
    if there.error is not None:
        return f"the trace raises {one_line(there.error)}"
    return difference(eager.value, there.value)

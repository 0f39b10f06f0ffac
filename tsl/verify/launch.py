"""A search from outside: what its child process is asked for, and a verdict of what it tells.

Needs no torch. It will never import the user's file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from tsl.entry.place import Place
from tsl.entry.process import EXPIRED, converse
from tsl.outcome import Failure
from tsl.project import shown
from tsl.record import Record
from tsl.verify.verdict import Counts, Divergence, Verdict, read_divergence, read_lost_check


class Request(Record):
    """What a search is asked for. `inputs` are SPECs, `skip` kinds of perturbations, `sources` where imports begin."""

    path: str
    entry: str
    inputs: tuple[str, ...] = ()
    timeout: float = 60.0
    trials: int = 100
    skip: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def search(request: Request) -> Verdict:
    """What a child process finds; all that it told where it had to be ended."""
    heard = _Heard(Verdict(shown(request.path), request.entry))
    form = dict(zip(request._fields, request, strict=True)) | {"path": os.path.abspath(request.path)}
    ending = converse("tsl.verify.child", form, request.timeout, heard.take)
    if ending:
        heard.fail(_expired(request, heard.stage) if ending == EXPIRED else _died(ending, heard))
    return heard.verdict


class _Heard:
    """What was heard from a process so far: a verdict in the making, what it is busy with, and a suspect."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict, self.stage, self.is_over = verdict, "starting Python", False
        self._suspect: Divergence | None = None

    def take(self, event: Mapping[str, Any]) -> bool:
        """Adds what an event tells, a pair of a word and a value and perhaps more that belongs to it; whether it is
        the last."""
        match event:
            case {"stage": stage}:
                self.stage = stage
            case {"inputs": inputs}:
                self.verdict = self.verdict._replace(inputs=tuple(inputs), started=True)
            case {"trying": text}:
                self.stage, self._suspect = f"trying {text}", None
            case {"suspect": form}:
                self._suspect = _divergence(form)
            case {"divergence": form}:
                self._add(_divergence(form))
            case {"lost": form}:
                lost = read_lost_check(form)
                lost = lost._replace(place=_here(lost.place))
                self.verdict = self.verdict._replace(lost_checks=(*self.verdict.lost_checks, lost))
            case {"failed": [subject, message]}:
                self.fail(Failure(subject, message))
            case {"done": counts, "times": times, "notes": notes}:
                self._finish(Counts(**counts), times, tuple(notes))
        return self.is_over

    def fail(self, failure: Failure) -> None:
        """Ends in a failure; a divergence whose cause was being looked for is one all the same."""
        if self._suspect:
            self._add(self._suspect)
        self.verdict, self.is_over = self.verdict._replace(failure=failure), True

    def _add(self, found: Divergence) -> None:
        self._suspect = None
        self.verdict = self.verdict._replace(divergences=(*self.verdict.divergences, found))

    def _finish(self, counts: Counts, times: Sequence[int], notes: tuple[str, ...]) -> None:
        pairs = zip(self.verdict.divergences, times, strict=True)
        found = tuple(one._replace(times=many) for one, many in pairs)
        self.verdict, self.is_over = self.verdict._replace(divergences=found, counts=counts, notes=notes), True


def _divergence(form: Mapping[str, Any]) -> Divergence:
    """A divergence with paths as users of this process know them."""
    found = read_divergence(form)
    node = found.node._replace(place=_here(found.node.place)) if found.node else None
    return found._replace(place=_here(found.place), node=node)


def _here(place: Place | None) -> Place | None:
    return place and place._replace(path=shown(place.path))


def _expired(request: Request, stage: str) -> Failure:
    return Failure("--timeout", f"{request.timeout:g} s were over while {stage}; give more, or fewer --trials")


def _died(how: str, heard: _Heard) -> Failure:
    return Failure(heard.verdict.path, f"ended its process with {how} while {heard.stage}")

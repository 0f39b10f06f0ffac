"""The child process from outside: starting it, reading what it tells, ending it in time.

Needs no torch. It will never import the user's file.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from threading import Event, Timer
from typing import Any

import tsl
from tsl.outcome import Failure
from tsl.project import shown
from tsl.record import Record
from tsl.verify.verdict import Counts, Divergence, Place, Verdict, read_divergence, read_lost_check

# The file's own imports must not meet tsl's directory first: the child takes it from its path again.
_BOOT = "import sys; sys.path[:] = [sys.argv[1], *filter(None, sys.path)]; from tsl.verify.child import main; main()"


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
    process = _start(request)
    expired = Event()

    def expire() -> None:
        expired.set()
        _end(process)

    timer = Timer(request.timeout, expire)
    timer.start()
    heard = _Heard(Verdict(shown(request.path), request.entry))
    try:
        for event in _events(process):
            heard.take(event)
            if heard.is_over:
                return heard.verdict
        status = process.wait()
    finally:
        timer.cancel()
        _end(process)
        if process.stdout is not None:
            process.stdout.close()
    heard.fail(_expired(request, heard.stage) if expired.is_set() else _died(status, heard))
    return heard.verdict


class _Heard:
    """What was heard from a process so far: a verdict in the making, what it is busy with, and a suspect."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict, self.stage, self.is_over = verdict, "starting Python", False
        self._suspect: Divergence | None = None

    def take(self, event: Mapping[str, Any]) -> None:
        """Adds what an event tells, a pair of a word and a value and perhaps more that belongs to it."""
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


def _start(request: Request) -> subprocess.Popen[str]:
    import json

    home = os.path.dirname(os.path.dirname(os.path.abspath(tsl.__file__)))
    process = subprocess.Popen(
        [sys.executable, "-c", _BOOT, home],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if os.environ.get("TSL_DEBUG") else subprocess.DEVNULL,
        env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ},  # threads that spin cost more than small models
        encoding="utf-8",
        start_new_session=True,
    )
    form = dict(zip(request._fields, request, strict=True)) | {"path": os.path.abspath(request.path)}
    try:
        with process.stdin:  # type: ignore[union-attr]
            process.stdin.write(json.dumps(form) + "\n")  # type: ignore[union-attr]
    except BrokenPipeError:
        pass  # it is gone already; its exit status tells
    return process


def _events(process: subprocess.Popen[str]) -> Iterator[Mapping[str, Any]]:
    """What the process tells; a last line that was cut off is left out."""
    import json

    assert process.stdout is not None
    for line in process.stdout:
        try:
            yield json.loads(line)
        except ValueError:
            return


def _divergence(form: Mapping[str, Any]) -> Divergence:
    """A divergence with paths as users of this process know them."""
    found = read_divergence(form)
    node = found.node._replace(place=_here(found.node.place)) if found.node else None
    return found._replace(place=_here(found.place), node=node)


def _here(place: Place | None) -> Place | None:
    return place and place._replace(path=shown(place.path))


def _expired(request: Request, stage: str) -> Failure:
    return Failure("--timeout", f"{request.timeout:g} s were over while {stage}; give more, or fewer --trials")


def _died(status: int, heard: _Heard) -> Failure:
    how = f"exit code {status}"
    if status < 0:
        how = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
    return Failure(heard.verdict.path, f"ended its process with {how} while {heard.stage}")


def _end(process: subprocess.Popen[str]) -> None:
    """Ends a process and all that it started."""
    if process.returncode is not None:
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    except AttributeError:  # Windows has no process groups
        process.kill()
    process.wait()

"""The child process from outside: starting it, hearing what it tells, ending it in time.

Needs no torch. It will never import the user's file, or know what is told.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from threading import Event, Timer
from typing import Any

import tsl

# The file's own imports must not meet tsl's directory first: the child takes it from its path again.
_BOOT = "import sys; sys.path[:] = [sys.argv[1], *filter(None, sys.path)]; from {} import main; main()"
EXPIRED = "expired"


def converse(module: str, form: Mapping[str, Any], timeout: float, hear: Callable[[Mapping[str, Any]], bool]) -> str:
    """Runs the `main` of a module in a child that is handed a form, and hears it until `hear` says that it is over.

    How it ended before that: EXPIRED where its time was over, else in words, as in `exit code 3`; nothing where it was
    over. The child and all that it started are gone when this returns.
    """
    process = _start(module, form)
    expired = Event()

    def expire() -> None:
        expired.set()
        end(process)

    timer = Timer(timeout, expire)
    timer.start()
    try:
        for event in _events(process):
            if hear(event):
                return ""
        status = process.wait()
    finally:
        timer.cancel()
        end(process)
        if process.stdout is not None:
            process.stdout.close()
    return EXPIRED if expired.is_set() else died(status)


def _start(module: str, form: Mapping[str, Any]) -> subprocess.Popen[str]:
    import json

    home = os.path.dirname(os.path.dirname(os.path.abspath(tsl.__file__)))
    process = subprocess.Popen(
        [sys.executable, "-c", _BOOT.format(module), home],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if os.environ.get("TSL_DEBUG") else subprocess.DEVNULL,
        env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ},  # threads that spin cost more than small models
        encoding="utf-8",
        start_new_session=True,
    )
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


def died(status: int) -> str:
    """How a process ended, in words: `exit code 3`, `SIGSEGV`."""
    if status >= 0:
        return f"exit code {status}"
    return signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"


def end(process: subprocess.Popen[Any]) -> None:
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

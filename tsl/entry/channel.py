"""The child process from inside: what it is asked, what it tells, and how it ends.

    request on standard input -> serve -> one JSON object a line on what was standard output

What the user's code prints goes to standard error, what it reads is empty, and when it will not end the parent ends the
process. Needs torch only where it is asked to import it. It will never decide what is done.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from tsl.entry.unable import Unable, one_line

GRACE = 5


class Channel:
    """Lines of JSON to the parent, apart from all that is printed. `began` is when the process did."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self._file = os.fdopen(os.dup(1), "w", encoding="utf-8")
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(2, 1)

    def send(self, **event: Any) -> None:
        """One line, which the parent has when this returns."""
        import json

        self._file.write(json.dumps(event) + "\n")
        self._file.flush()


def serve(command: str, answer: Callable[[Mapping[str, Any], Channel], None]) -> None:
    """Serves one request and ends the process, whatever threads the user's code has left."""
    import json

    request = json.loads(sys.stdin.readline())
    sys.path.pop(0)  # what led here: the directory tsl is in may hold names of the user's
    channel = Channel()
    _end_without_parent(request["timeout"])
    try:
        answer(request, channel)
    except BaseException as error:
        _print_trace()  # first: the parent ends the process when it knows
        channel.send(failed=_failure(error, command))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def import_torch(command: str) -> None:
    """Imports torch. Raises Unable where it cannot be had."""
    try:
        import torch  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise Unable("torch", f"cannot be imported: {one_line(error)}") from error
        message = f"is not installed, and {command} runs the model: pip install 'torchscript-lint[torch]'"
        raise Unable("torch", message) from None
    except (ImportError, OSError) as error:
        raise Unable("torch", f"cannot be imported: {one_line(error)}") from error


def _failure(error: BaseException, command: str) -> tuple[str, str]:
    if isinstance(error, Unable):
        return error.subject, error.message
    return command, f"failed: {one_line(error)}; please report it with what TSL_DEBUG=1 prints"


def _print_trace() -> None:
    import traceback

    traceback.print_exc()


def _end_without_parent(timeout: float) -> None:
    """Ends the process a while after its time, should the parent no longer be there to do it."""
    import faulthandler

    faulthandler.dump_traceback_later(timeout + GRACE, exit=True)

"""The child process: the only place where tsl runs the user's code.

    request on standard input -> import -> make -> search -> one JSON object a line on what was standard output

Needs torch, and says so where it is missing. What the user's code prints goes to standard error, what it reads is
empty, and when it will not end the parent ends the process. It will never decide what a divergence means for the user.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tsl.verify.entry import Made
    from tsl.verify.inputs import Example
    from tsl.verify.runs import Subject

GRACE = 5


class Channel:
    """Lines of JSON to the parent, apart from all that is printed."""

    def __init__(self) -> None:
        self._file = os.fdopen(os.dup(1), "w", encoding="utf-8")
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(2, 1)

    def send(self, **event: Any) -> None:
        """One line, which the parent has when this returns."""
        import json

        self._file.write(json.dumps(event) + "\n")
        self._file.flush()


def main() -> None:
    """Serves one request and ends the process, whatever threads the user's code has left."""
    began = time.monotonic()
    import json

    request = json.loads(sys.stdin.readline())
    sys.path.pop(0)  # what led here: the directory tsl is in may hold names of the user's
    channel = Channel()
    _end_without_parent(request["timeout"])
    try:
        _serve(request, began, channel)
    except BaseException as error:
        _print_trace()  # first: the parent ends the process when it knows
        channel.send(failed=_failure(error))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _serve(request: Mapping[str, Any], began: float, channel: Channel) -> None:
    channel.send(stage="importing torch")
    _import_torch()
    from tsl.verify.entry import load, make
    from tsl.verify.runs import Subject, run_graphs_as_they_are

    run_graphs_as_they_are()
    channel.send(stage="importing the file")
    sys.argv = [request["path"]]
    module = load(request["path"], request["sources"])
    channel.send(stage="making the model")
    made = make(module, request["entry"], has_inputs=bool(request["inputs"]), path=request["path"])
    channel.send(stage="running the model on its example inputs")
    subject = Subject(made.model)
    _search(request, began, channel, subject, _example(request, made, subject))


def _search(request: Mapping[str, Any], began: float, channel: Channel, subject: Subject, example: Example) -> None:
    from tsl.verify.search import Clock, Plan, Search
    from tsl.verify.verdict import form_of

    def tell(word: str, value: Any) -> None:
        channel.send(**{word: form_of(value)})

    channel.send(stage="tracing the model")
    plan = Plan(request["entry"], request["path"], request["trials"], frozenset(request["skip"]))
    search = Search(subject, example, plan, Clock(began, request["timeout"]), tell)
    search.run()
    channel.send(done=form_of(search.counts), times=list(search.times.values()), notes=search.notes)


def _example(request: Mapping[str, Any], made: Made, subject: Subject) -> Example:
    """The inputs to trace with: those of --input, else those of the entry. Raises Unable where there are neither."""
    from tsl.verify.inputs import STARTS, example_of, from_specs, has_open_sizes, parameters
    from tsl.verify.spec import parse
    from tsl.verify.unable import Unable, one_line

    if not request["inputs"]:
        if made.inputs is None:
            names = ", ".join(one.name for one in parameters(made.model))
            takes = f"; forward takes {names}" if names else ""
            raise Unable("--input", f"is needed: {request['entry']} makes a module without inputs{takes}")
        return example_of(made.inputs, made.others)
    try:
        specs = parse(" ".join(request["inputs"]))
    except ValueError as error:  # several that do not go together
        raise Unable("--input", str(error)) from None
    refusals = []
    for start in STARTS if has_open_sizes(specs) else STARTS[:1]:
        example = from_specs(specs, made.model, start)._replace(others=made.others)
        refusal = subject.eager(example.inputs).error
        if refusal is None or not has_open_sizes(specs):
            return example
        refusals.append(f"with {start} {one_line(refusal)}")
    sizes = ", ".join(map(str, STARTS))
    raise Unable("--input", f"the model runs with none of the sizes {sizes}; say one, as in H=96 ({refusals[0]})")


def _import_torch() -> None:
    from tsl.verify.unable import Unable, one_line

    try:
        import torch  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise Unable("torch", f"cannot be imported: {one_line(error)}") from error
        raise Unable(
            "torch", "is not installed, and verify runs the model: pip install 'torchscript-lint[torch]'"
        ) from None
    except (ImportError, OSError) as error:
        raise Unable("torch", f"cannot be imported: {one_line(error)}") from error


def _failure(error: BaseException) -> tuple[str, str]:
    from tsl.verify.unable import Unable, one_line

    if isinstance(error, Unable):
        return error.subject, error.message
    return "verify", f"failed: {one_line(error)}; please report it with what TSL_DEBUG=1 prints"


def _print_trace() -> None:
    import traceback

    traceback.print_exc()


def _end_without_parent(timeout: float) -> None:
    """Ends the process a while after its time, should the parent no longer be there to do it."""
    import faulthandler

    faulthandler.dump_traceback_later(timeout + GRACE, exit=True)

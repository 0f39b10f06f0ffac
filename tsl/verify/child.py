"""The child process of a search.

    request on standard input -> import -> make -> search -> one JSON object a line on what was standard output

Needs torch, and says so where it is missing. It will never decide what a divergence means for the user.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tsl.entry.channel import Channel, import_torch, serve

if TYPE_CHECKING:
    from tsl.entry.inputs import Example
    from tsl.verify.runs import Subject


def main() -> None:
    """Serves one request and ends the process."""
    serve("verify", _serve)


def _serve(request: Mapping[str, Any], channel: Channel) -> None:
    channel.send(stage="importing torch")
    import_torch("verify")
    from tsl.entry.example import example
    from tsl.entry.make import asked_for
    from tsl.verify.runs import Subject, run_graphs_as_they_are

    run_graphs_as_they_are()
    made = asked_for(request, channel)
    channel.send(stage="running the model on its example inputs")
    subject = Subject(made.model)
    found = example(request["inputs"], request["entry"], made, lambda inputs: subject.eager(inputs).error)
    _search(request, channel, subject, found)


def _search(request: Mapping[str, Any], channel: Channel, subject: Subject, example: Example) -> None:
    from tsl.verify.search import Clock, Plan, Search
    from tsl.verify.verdict import form_of

    def tell(word: str, value: Any) -> None:
        channel.send(**{word: form_of(value)})

    channel.send(stage="tracing the model")
    plan = Plan(request["entry"], request["path"], request["trials"], frozenset(request["skip"]))
    search = Search(subject, example, plan, Clock(channel.began, request["timeout"]), tell)
    search.run()
    channel.send(done=form_of(search.counts), times=list(search.times.values()), notes=search.notes)

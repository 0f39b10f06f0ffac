"""The child process of a simulation.

    request on standard input -> read the archive -> run each method on fakes -> one JSON object a line to the parent

Needs torch, and says so where it is missing. It will never judge what it finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tsl.entry.channel import Channel, import_torch, serve

if TYPE_CHECKING:
    from tsl.ir.simulate_run import Runner


def main() -> None:
    """Serves one request and ends the process."""
    serve("--trust", _serve)


def _serve(request: Mapping[str, Any], channel: Channel) -> None:
    channel.send(stage="importing torch")
    import_torch(request["command"])
    import warnings

    import torch

    from tsl.archive.archive import open_archive
    from tsl.entry.spec import parse
    from tsl.ir.deploy import Deploy
    from tsl.ir.simulate_archive import is_guessed, methods, run

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    described = parse(" ".join(request["inputs"])) if request["inputs"] else ()
    channel.send(stage="reading the archive")
    with open_archive(request["path"]) as archive:
        for method, deployed, graph in methods(archive, Deploy(request["device"], request["mode"])):
            channel.send(stage=f"simulating {method}")
            if graph is None:
                channel.send(left_out=[method, "its graph is not read"])
                continue
            runner, ending = run(archive, deployed, method, graph, described)
            if runner is None:
                channel.send(left_out=[method, ending])
                continue
            guessed = method == "forward" and is_guessed(described)
            channel.send(run=_told(method, runner, ending, guessed))
    channel.send(done=True)


def _told(method: str, runner: Runner, ending: str, guessed: bool) -> dict[str, Any]:
    return {
        "method": method,
        "executed": runner.executed,
        "refused": [[*key, *found] for key, found in runner.failures.items()],
        "waits": [[*key, sure] for key, sure in runner.waits.items()],
        "through": sorted(runner.through),
        "unable": dict(runner.unable.most_common()),
        "ending": ending,
        "guessed": guessed,
    }

"""What a simulation adds to the check of an archive: evidence, findings of its own (TSL505), and a line on how it went.

1. There is one where a deployment is asked about and the user has agreed that the archive's code is run on fakes: with
   `--trust`, and of what `--entry` exports.
2. A failure of the simulation is said and costs nothing of what was found without it.

Needs a plan, and facts of graphs. It will never run anything in this process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tsl.ir.facts import GraphFacts
from tsl.rule import Rule, Verdict

if TYPE_CHECKING:
    from tsl.check.plan import Plan
    from tsl.ir.simulate import Run, Simulation

ALONE = "TSL505"
MOST_KINDS = 3


def simulation_of(path: str, data: bytes | None, plan: Plan, inputs: Sequence[str], command: str) -> Simulation | None:
    """The simulation of the archive at a path, or in the bytes that stand for it; None where none is asked for (1)."""
    if plan.deploy is None:
        return None
    from tsl.ir.simulate import simulate

    device, mode = plan.deploy.device, plan.deploy.mode
    if data is None:
        return simulate(path, device, mode, inputs, command)
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="tsl-") as directory:
        copy = os.path.join(directory, "model.pt")
        with open(copy, "wb") as file:
            file.write(data)
        return simulate(copy, device, mode, inputs, command)


def asked_of_simulation(facts: GraphFacts, plan: Plan) -> Iterator[tuple[Rule, Verdict]]:
    """What a simulation refuses and the rules on graphs do not foretell."""
    rule = plan.rule(ALONE)
    for node, refused in facts.foretold.alone():
        where = f"on `{facts.deploy.device}`" if facts.deploy and refused.domain == "device" else "wherever it runs"
        yield rule, Verdict(node, f"`{node.kind}` fails {where}: {refused.message}", rule.severity, ())


def note_of(facts: GraphFacts, simulation: Simulation) -> str:
    """How a simulation went, in a line."""
    if facts.foretold.borne_out is None or not (simulation.runs or simulation.left_out):
        return ""
    counts = facts.foretold.borne_out.counts()
    told = [*map(_ran, simulation.runs), *(f"{method} not: {why}" for method, why in simulation.left_out.items())]
    found = f"foretold and borne out {counts.borne_out}, found by it alone {counts.alone}"
    against = f"foretold and not met by it {counts.contradicted}"
    return f"simulated: {'; '.join(told)}; {found}, {against}; waits borne out {counts.waits_borne_out}"


def _ran(run: Run) -> str:
    told = f"{run.method} {run.executed} nodes"
    if run.unable:
        kinds = sorted(run.unable, key=lambda kind: (-run.unable[kind], kind))[:MOST_KINDS]
        told += f", {sum(run.unable.values())} of them not ({', '.join(kinds)})"
    return f"{told}, up to here: {run.ending}" if run.ending else told

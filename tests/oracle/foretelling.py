"""What the static engine foretells of random graphs, held against simulations of them; needs torch.

Definitions:
1. A graph is deployed in each mode, entered with tensors whose shapes are told or not, and simulated for either value
   of its condition.
2. The verdicts *contradict* each other where a conflict of devices stands at a node that ran and was not refused, where
   a node was refused for a device and the static engine knows all that it takes, and no conflict, and where both know
   the device of a result, and know different ones.

It will never say who is right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from tests.oracle.graphs import graph_of, shorter, text_of
from tsl.archive import values as saved
from tsl.ir.abstract import ANYTHING, Tensor
from tsl.ir.deploy import MODES, Deploy
from tsl.ir.device import ANYWHERE, NOWHERE
from tsl.ir.graph import Graph, Node
from tsl.ir.module_tree import Tree
from tsl.ir.operator import gather
from tsl.ir.simulate_kernels import Kernels
from tsl.ir.simulate_run import Runner
from tsl.ir.simulate_state import Thing
from tsl.ir.solved import Solved, solve

SQUARE, POINT, PAIR = (2, 2), (), (2,)
TAKEN = (("float32", SQUARE), ("float32", SQUARE), ("float32", POINT), ("int64", PAIR))
ATTRIBUTES = {"weight": SQUARE, "table": SQUARE, "scale": POINT}
REGISTERED = {"weight": "parameter"}
BATCH = 500
MOST_TRIED = 300  # graphs, to make one smaller


class Contradiction(NamedTuple):
    """Bytes of a graph, the deployment, and what both say of a node."""

    choices: bytes
    mode: str
    words: str

    @property
    def told(self) -> str:
        """All of it, as text."""
        return f"{text_of(self.choices)}deployed with {self.mode}: {self.words}"


class Tally:
    """What a search has met."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.graphs: set[str] = set()
        self.found: list[Contradiction] = []

    def take(self, choices: bytes) -> None:
        """Judges a graph, unless it was before."""
        text = text_of(choices)
        if text in self.graphs:
            return
        self.graphs.add(text)
        self.counts["graphs"] += 1
        self.found += contradictions(choices, self.counts)


def contradictions(choices: bytes, counts: Counter[str] | None = None) -> list[Contradiction]:
    """What of a graph the two contradict each other in (2)."""
    counts = Counter() if counts is None else counts
    graph, found = graph_of(choices), list[Contradiction]()
    for mode in MODES:
        deploy = Deploy("cuda:0", mode)
        static = [solved(graph, deploy, is_told) for is_told in (True, False)]
        for condition in (True, False):
            runner = simulated(graph, deploy, condition)
            counts["simulated"] += 1
            counts["refused"] += len(runner.failures)
            counts["unable"] += sum(runner.unable.values())
            found += [
                Contradiction(choices, mode, words) for each in static for words in differing(graph, each, runner)
            ]
            counts["foretold"] += sum(1 for each in static[0].conflicts("device"))
    return found


def tree() -> saved.Object:
    """The module: a parameter, and tensors that are not registered."""
    return saved.Object(
        "__torch__.Net",
        {
            name: saved.Tensor("float32", shape, (2, 1)[: len(shape)], 0, "cpu", "0", 4)
            for name, shape in ATTRIBUTES.items()
        },
    )


def solved(graph: Graph, deploy: Deploy, is_told: bool) -> Solved:
    """What the static engine finds."""
    given = [Tensor("", dtype, shape) for dtype, shape in TAKEN]
    module = Tree(tree(), lambda owner, name: REGISTERED.get(name, ""))
    return solve(graph, deploy, module, [*given, ANYTHING] if is_told else None)


def simulated(graph: Graph, deploy: Deploy, condition: bool) -> Runner:
    """What a simulation finds."""
    kernels = Kernels()
    places = {name: deploy.moved("cpu", name in REGISTERED) for name in ATTRIBUTES}
    held = {name: kernels.fake(shape, "float32", places[name]) for name, shape in ATTRIBUTES.items()}
    inputs: list[Any] = [Thing("__torch__.Net", held)]
    inputs += [kernels.fake(shape, dtype, deploy.device) for dtype, shape in TAKEN]
    runner = Runner(deploy, kernels)
    runner.run(graph, [*inputs, condition])
    return runner


def differing(graph: Graph, static: Solved, runner: Runner) -> Iterator[str]:
    """The contradictions of two verdicts (2), in words."""
    keys = {id(node): (graph.name, place) for place, node in enumerate(graph.walk())}
    foretold = {keys[id(conflict.node)] for conflict in static.conflicts()}
    for conflict in static.conflicts("device"):
        key = keys[id(conflict.node)]
        if key in runner.through:
            yield f"{conflict.node.kind} ran, and there is a conflict: {' and '.join(conflict.parts)}"
    for node in graph.walk():
        key = keys[id(node)]
        domain = runner.failures[key][0] if key in runner.failures else ""
        if domain and domain != "device":
            yield f"{node.kind} was refused for no device: {runner.failures[key][1]}"
        for place, output in enumerate(node.outputs):
            known = static.device_of(output) if output.type.kind == "Tensor" else ""
            made = runner.made.get(key, ())
            if domain == "device" and key not in foretold and is_known(node, static):
                yield f"{node.kind} was refused, and no conflict is known: {runner.failures[key][1]}"
            on = str(made[place].device) if place < len(made) and isinstance(made[place], torch.Tensor) else known
            if known and on != known:
                yield f"{node.kind} makes its result on {on}, and it is foretold on {known}"


def is_known(node: Node, static: Solved) -> bool:
    """Whether the static engine knows device and shape of every tensor that a node takes."""
    found: list[tuple[int, Tensor]] = []
    for value in node.inputs:
        gather(static.value_of(value), 0, found)
    return all(each.device not in (ANYWHERE, NOWHERE) and each.shape is not None for _, each in found)


def search(count: int, seed: int = 0) -> Tally:
    """The tally of so many different graphs; the same for the same seed."""
    tally = Tally()
    for batch in range(10 * count // BATCH + 10):
        if tally.counts["graphs"] >= count:
            break
        _batch(tally, min(count - tally.counts["graphs"], BATCH), seed * 1000 + batch)
    return tally


def _batch(tally: Tally, count: int, seed: int) -> None:
    wanted = tally.counts["graphs"] + count

    @seeded(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.binary(min_size=24, max_size=160))
    def take(choices: bytes) -> None:
        if tally.counts["graphs"] < wanted:
            tally.take(choices)

    take()


def minimal(found: Contradiction, most: int = MOST_TRIED) -> Contradiction:
    """The smallest graph found, by trying so many, that shows a contradiction at an operator of the same kind."""
    kind, is_smaller = found.words.partition(" ")[0], True
    while is_smaller and most > 0:
        is_smaller = False
        for choices in shorter(found.choices):
            most -= 1
            if most < 0:
                break
            again = next((one for one in contradictions(choices) if one.words.startswith(kind)), None)
            if again and len(text_of(choices)) < len(text_of(found.choices)):
                found, is_smaller = again, True
                break
    return found

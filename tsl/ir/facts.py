"""What an IR rule is asked with: what a model's methods run, node by node, and what is known of each node there.

Needs graphs by name and what `tsl.ir.reach` finds in them. A rule asks for nodes and reads what is known of them; it
walks no graph. It will never know a rule, a severity or how a finding is shown.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from tsl.archive.code import Class
from tsl.archive.module import objects, tensors
from tsl.ir.deployed import Deployed
from tsl.ir.foretold import WHERE_SAVED, Foretold, of_archive, of_graphs
from tsl.ir.found import Conflict, Running, Wait, of_torch
from tsl.ir.graph import Frame, Graph, Node, Source
from tsl.ir.held import HOST, Held
from tsl.ir.reach import Moves, Reach, Visit
from tsl.ir.solved import ONCE, PER_ITERATION, Solved
from tsl.ir.syncs import Sync, sync_of
from tsl.ir.transfer import device_of, is_literal, transfer
from tsl.record import Record

if TYPE_CHECKING:
    from tsl.archive.archive import Archive
    from tsl.entry.sample import Argument
    from tsl.ir.deploy import Deploy
    from tsl.ir.entry import Described
    from tsl.ir.found import Part
    from tsl.ir.simulate import Simulation

# Where in an archive's code, by the qualified name of a function and an offset in its file.
Lines = Callable[[str, int], "Frame | None"]
# What interprets a model under a deployment, for its example or for every run.
Solve = Callable[["Deploy", bool], "Iterable[Solved]"]
_MANGLED = re.compile(r"___torch_mangle_\d+\.|^__torch__\.")


def plain(qualified: str) -> str:
    """A qualified name of an archive as a user knows it: `net.Net.forward`."""
    return _MANGLED.sub("", qualified)


class NodeFact(Record):
    """A node that a model's methods run, as a place a rule may point at.

    `lines` finds where code of a function is, `others` are further places that a finding speaks of, and `inlined` is
    the source of the very node that a finding is about, which knows its callers. `simulated` is whether a simulation
    bears it out.
    """

    visit: Visit
    lines: Lines
    others: tuple[tuple[NodeFact, str], ...] = ()
    inlined: Source | None = None
    simulated: bool = False

    def beside(self, other: NodeFact, text: str) -> NodeFact:
        """This place together with another one, and what that one has to do with it."""
        return self._replace(others=(*self.others, (other, text)))

    @property
    def kind(self) -> str:
        """`aten::add`, `prim::If`."""
        return self.visit.node.kind

    @property
    def operands(self) -> tuple[Held, ...]:
        """What is known of its inputs (see `tsl.ir.held`)."""
        return self.visit.operands

    @property
    def in_loop(self) -> bool:
        """Whether a loop of the graph runs it again and again."""
        return self.visit.in_loop

    @property
    def function(self) -> str:
        """The method or function it is in: `net.Net.forward`."""
        return plain(self.visit.function)

    @property
    def is_method(self) -> bool:
        """Whether it is in a method, or in what a caller runs, and not in a function that those call."""
        return self.visit.is_method

    @property
    def module(self) -> str:
        """The path of the module it runs for, counted from the model; empty for the model itself."""
        return self.visit.module

    @property
    def where(self) -> str:
        """The function and module in words: `Net.forward of layers.0`."""
        short = ".".join(self.function.split(".")[-2:])
        return f"{short} of {self.module}" if self.module else short

    @property
    def frame(self) -> Frame | None:
        """The recorded place in the user's files."""
        source = self.visit.node.source
        return source.place if source else None

    @property
    def recorded(self) -> tuple[Frame, ...]:
        """The places that were recorded for the node itself, innermost first; none where nothing was."""
        source = self.visit.node.source
        return source.stack if source else ()

    @property
    def stack(self) -> tuple[Frame, ...]:
        """All places that lead to it, innermost first.

        Tracing records those of the callers with each node; of what was scripted they are found from the calls.
        """
        own = self.recorded
        if self.inlined and self.inlined.callers:
            return (*own, *self.inlined.callers)
        caller = NodeFact(self.visit.caller, self.lines) if self.visit.caller else None
        return own + tuple(frame for frame in caller.stack if frame not in own) if caller else own

    @property
    def written(self) -> Frame | None:
        """The place in the archive's own code; None for a graph that was not read from an archive."""
        source = self.visit.node.source
        return self.lines(self.visit.function, source._offset) if source else None

    @property
    def sync(self) -> Sync | None:
        """Why the host waits for the device here, unless it surely does not."""
        node, operands = self.visit.node, self.operands
        return sync_of(node, operands, transfer(node, operands, 0)) if not node.blocks else None

    @property
    def why(self) -> str:
        """Why the host waits, in words; empty where it does not."""
        return self.sync.why if self.sync else ""

    @property
    def device(self) -> str:
        """The device the node makes its tensor on, whatever the model does: `cpu`, `cuda:0`; empty where it follows."""
        node, operands = self.visit.node, self.operands
        return device_of(node, operands) if is_literal(node, operands) else ""

    @property
    def of_torch(self) -> bool:
        """Whether torch's own code runs it, as far as that was recorded."""
        return of_torch(self.visit.node)

    @property
    def met_by(self) -> NodeFact | None:
        """The node that joins what this one put on a fixed device with a tensor that moves with the model."""
        return NodeFact(self.visit.met_by, self.lines) if self.visit.met_by else None

    @property
    def anchor(self) -> str:
        """What identifies the node whatever its line is."""
        return f"{self.function}: {self.kind}"


class GraphFacts:
    """What the methods of a model run. `devices` are those its parameters and buffers were saved on.

    `methods` are the graphs that a caller may run, the likeliest first; `function` finds the graph of a qualified name;
    `moves` says of a class and an attribute whether it moves with the model. `unread` names functions that have no
    graph, with the reason, and grows while the facts are made. `training` is the flag that all modules have.
    `deploy` is the deployment that is asked about, `solve` what interprets the model under one, for an example or for
    every run, and `simulation` what came of running it so; `is_example` is whether there is an example.
    """

    def __init__(
        self,
        methods: Iterable[Graph],
        function: Callable[[str], Graph | None] = lambda name: None,
        moves: Moves = lambda owner, name: True,
        devices: frozenset[str] = frozenset(),
        unread: Mapping[str, str] | None = None,
        lines: Lines = lambda function, offset: None,
        training: bool | None = None,
        deploy: Deploy | None = None,
        solve: Solve | None = None,
        is_example: bool = False,
        simulation: Simulation | None = None,
    ) -> None:
        self._graphs: dict[str, Graph] = {}

        def found(name: str) -> Graph | None:
            graph = function(name)
            if graph is not None:
                self._graphs[graph.name] = graph
            return graph

        self._reach = Reach(found, moves, training)
        graphs = tuple(methods)
        for graph in graphs:
            self._graphs[graph.name] = graph
            self._reach.enter(graph)
        self.deploy, self.simulation = deploy, simulation
        self._solve: Solve = solve or (lambda deploy, by_example: of_graphs(graphs, deploy))
        self._is_example = is_example
        self.devices = devices
        self.unread = unread or {}
        self._lines = lines

    @property
    def is_complete(self) -> bool:
        """Whether all that is reached was read."""
        return self._reach.is_complete

    @property
    def is_on_accelerator(self) -> bool:
        """Whether the model was saved from a device that is not the CPU."""
        return any(device.partition(":")[0] not in {"cpu", "meta"} for device in self.devices)

    def nodes(self, *kinds: str) -> Iterator[NodeFact]:
        """The nodes of these kinds, all of them without kinds, in the order they are first reached."""
        for visit in self._reach.visits:
            if not kinds or visit.node.kind in kinds:
                yield NodeFact(visit, self._lines)

    @property
    def graphs(self) -> tuple[Graph, ...]:
        """The graphs of all methods and functions that are reached."""
        return tuple(self._graphs.values())

    @cached_property
    def foretold(self) -> Foretold:
        """What is foretold under the deployment, or without one of a run where the model was saved."""
        deploy = self.deploy or WHERE_SAVED
        promised = (lambda: self._solve(deploy, False)) if self._is_example else None
        return Foretold(self._solve(deploy, True), self.at, deploy, promised, self.simulation)

    def conflicts(self, domain: str, *causes: str) -> Iterator[Conflict]:
        """Where tensors do not go together in a domain (device, dtype, shape), of devices by these causes.

        Devices are asked about under a deployment only.
        """
        if domain != "device" or self.deploy:
            yield from self.foretold.conflicts(domain, *causes)

    def promotions(self, made: str) -> Iterator[Conflict]:
        """Where a tensor of a wider dtype (float64, float32) that has dimensions makes that dtype of another one."""
        return self.foretold.promotions(made)

    def constant_outputs(self, draws: Iterable[str]) -> Iterator[tuple[NodeFact | Part, str]]:
        """The outputs of a trace that are the same for every input, and which they are; `draws` are the operators that
        draw random numbers."""
        return self.foretold.settled_outputs(frozenset(f"aten::{name}" for name in draws))

    def running(self, *kinds: str) -> Iterator[Running]:
        """The nodes of these kinds that make tensors and may run."""
        return self.foretold.running(frozenset(kinds))

    def waits(self) -> Iterator[Wait]:
        """Where the host waits for the device."""
        if self.deploy:
            yield from self.foretold.waits()
            return
        for fact in self.syncs():
            yield Wait(fact, fact.why, PER_ITERATION if fact.in_loop else ONCE)

    def syncs(self) -> Iterator[NodeFact]:
        """The nodes at which the host waits for the device, or may."""
        return (fact for fact in self.nodes() if fact.sync)

    def splits(self) -> Iterator[NodeFact]:
        """The branches and loops of the user's code between operators that a GPU could run as one kernel.

        They are asked about under a deployment to CUDA only, and what a constant decides is none.
        """
        if not self.deploy or not self.deploy.device.startswith("cuda"):
            return
        from tsl.ir.splits import splits

        split = {id(node) for graph in self.graphs for node in splits(graph)}
        for fact in self.nodes("prim::If", "prim::Loop"):
            if id(fact.visit.node) in split and not fact.of_torch and not fact.operands[0].constant:
                yield fact

    def literals(self) -> Iterator[NodeFact]:
        """The nodes that put a tensor on a device that is written into the graph, but those a conflict tells of."""
        told = self.foretold.told() if self.deploy else frozenset()
        return (fact for fact in self.nodes() if fact.device and id(fact.visit) not in told)

    @cached_property
    def _places(self) -> Mapping[int, Visit]:
        """The nodes that are reached, by themselves and by their places in the code: inlining keeps those."""
        visits = self._reach.visits
        sources = {id(visit.node.source): visit for visit in visits if visit.node.source}
        return sources | {id(visit.node): visit for visit in visits}

    def at(self, node: Node) -> NodeFact:
        """The place of a node of an inlined graph."""
        visit = self._places.get(id(node)) or self._places.get(id(node.source.origin) if node.source else 0)
        if visit is None or visit.node.kind != node.kind:
            visit = Visit(node, (), "", "", False)
        return NodeFact(visit, self._lines, inlined=node.source)


def facts_of(
    archive: Archive,
    deploy: Deploy | None = None,
    inputs: Sequence[Described] = (),
    example: Sequence[Argument] = (),
    simulation: Simulation | None = None,
) -> GraphFacts | None:
    """What the methods of an archive's model run; None where it holds no model that has code.

    `inputs` are what a user gives forward; what is told of them is raised as `tsl.ir.foretold.InputError` at the latest
    when a rule asks for what is foretold. `example` is what an entry gave forward.
    """
    if not archive.module.type or not archive.code.members:
        return None
    from tsl.ir.lower import LowerError, lower

    program, code = lower(archive), archive.code
    unread: dict[str, str] = {}

    def graph(name: str) -> Graph | None:
        try:
            return program.graph(name)
        except KeyError:
            return None
        except LowerError as error:
            unread[name] = str(error)
            return None

    def moves(owner: str, name: str) -> bool:
        found = code.find(owner)
        return isinstance(found, Class) and name in (*found.parameters, *found.buffers)

    def lines(function: str, offset: int) -> Frame | None:
        method = program.find(function)
        if method is None:
            return None
        file = method.file
        line = bisect_right(file.starts, offset)
        return Frame(file.member, line, offset - file.starts[line - 1] + 1)

    flags = {module.attributes.get("training") for _, module in objects(archive.module)} - {None}
    training = flags == {True} if len(flags) == 1 else None
    own = [method for method in program.methods(archive.module) if not method.path]
    names = [method.qualified for method in sorted(own, key=lambda method: method.name != "forward")]
    devices = frozenset(tensor.device for _, tensor in tensors(archive.module))
    methods = filter(None, map(graph, names))

    @lru_cache(maxsize=1)
    def deployed(asked: Deploy) -> Deployed:
        return Deployed(archive, asked, program)

    def solve(asked: Deploy, by_example: bool) -> Iterator[Solved]:
        return of_archive(deployed(asked), inputs, example if by_example else None, unread)

    is_example = bool(not inputs and (example or archive.traced_inputs))
    return GraphFacts(methods, graph, moves, devices, unread, lines, training, deploy, solve, is_example, simulation)


__all__ = ["HOST", "GraphFacts", "NodeFact", "facts_of", "plain"]

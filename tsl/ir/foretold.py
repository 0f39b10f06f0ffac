"""What is foretold of a model under a deployment, as places that rules point at.

Definitions:
1. Without a deployment devices are not asked about; shapes, dtypes and branches are those of a run where the model was
   saved.
2. A wait is *sure* where every run gets there and the tensor that is waited for surely is on another device; without a
   deployment nothing is.
3. A branch *always* goes one way where it does so for every run and every call: an example, recorded or given by an
   entry, settles none, neither does the device; and a function that is no method may be made for other callers.
4. A promotion *stays* where something reads the result that does not cast it, and no autocast is around. Many models
   widen on purpose what they compute with care: to float32 only what the model itself holds or makes widens.

Needs what `tsl.ir.solved` found. It will never know a rule or a severity.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tsl.archive.archive import Archive
from tsl.entry.sample import Argument
from tsl.ir import entry
from tsl.ir.abstract import Value
from tsl.ir.baked import Baked, baked_sizes
from tsl.ir.borne_out import BorneOut
from tsl.ir.deploy import Deploy
from tsl.ir.deployed import Deployed
from tsl.ir.device import CPU
from tsl.ir.found import SAVED, Conflict, Part, Running, Wait, Written, of_torch
from tsl.ir.graph import Graph, Node
from tsl.ir.inline import InlineError
from tsl.ir.lower import LowerError
from tsl.ir.module_tree import Reason, Tree
from tsl.ir.outputs import settled_outputs
from tsl.ir.solved import Finding, Operand, Solved, Sync, place_of, solve
from tsl.ir.uses import Uses, unread_parameters

if TYPE_CHECKING:
    from tsl.ir.facts import NodeFact
    from tsl.ir.simulate import Refused, Simulation

# What a dtype comes from that no input and no cast of one gave: what float32 of a half is made by is told of these.
MADE = SAVED | {"literal", "default"}
# (1)
WHERE_SAVED = Deploy("cpu", "to")

# What a branch asks of a tensor but its numbers, and what it asks of what may be another one for the next run.
ASKED = frozenset(
    "aten::size aten::dim aten::len aten::numel aten::is_floating_point aten::is_complex prim::dtype".split()
)
OF_RUN = frozenset({"prim::device", "prim::is_cuda", "prim::GetAttr"})

At = Callable[[Node], "NodeFact"]


class InputError(ValueError):
    """Inputs that a user describes and the model does not take; the message is one line."""


class Foretold:
    """What was found in the methods of a model under a deployment. `at` makes a place of a node.

    `promised` solves them without what is only an example, where there is one; `borne_out` holds them against a
    simulation, where there was one.
    """

    def __init__(
        self,
        solved: Iterable[Solved],
        at: At,
        deploy: Deploy,
        promised: Callable[[], Iterable[Solved]] | None = None,
        simulation: Simulation | None = None,
    ) -> None:
        self.solved, self._at, self._deploy, self._promised = tuple(solved), at, deploy, promised
        self._known: dict[str, Uses] = {}
        self.borne_out = BorneOut(self.solved, simulation) if simulation else None

    def alone(self) -> Iterator[tuple[NodeFact, Refused]]:
        """What a simulation refuses and nothing is foretold of."""
        if self.borne_out:
            yield from ((self._at(node)._replace(simulated=True), refused) for node, refused in self.borne_out.alone())

    def conflicts(self, domain: str, *causes: str) -> Iterator[Conflict]:
        """The conflicts of a domain (device, dtype, shape), of devices those with these causes."""
        for solved, uses in self._used:
            if domain == "dtype" and uses.is_autocast:
                continue
            for found in solved.conflicts(domain):
                conflict = self._conflict(found)
                if not causes or conflict.cause in causes:
                    yield conflict

    def promotions(self, made: str) -> Iterator[Conflict]:
        """Where a tensor of a wider dtype that has dimensions makes that dtype of another one, and it stays so (4)."""
        for solved, uses in self._used:
            if uses.is_autocast:
                continue
            for found in solved.promotions():
                if found.operands[0].tensor.dtype == made and _stays(found, uses):
                    yield self._conflict(found)

    def waits(self) -> Iterator[Wait]:
        """Where the host waits for the device: nowhere where it is the device."""
        if self._deploy.device != CPU:
            yield from (self._wait(sync) for solved in self.solved for sync in solved.syncs())

    def running(self, kinds: Container[str]) -> Iterator[Running]:
        """The nodes of these kinds that make tensors and may run."""
        for solved, uses in self._used:
            for node in uses.nodes:
                if node.kind in kinds and solved.is_reached(node):
                    yield Running(self._at(node), node, uses)

    def written_inputs(self) -> Iterator[Written]:
        """Where an input is written to."""
        for solved, uses in self._used:
            for node, name, is_sure in uses.written_inputs():
                if solved.is_reached(node):
                    yield Written(self._at(node), is_sure, name)

    def unused_inputs(self) -> Iterator[Part]:
        """The inputs that nothing reads, each with its method."""
        for solved, uses in self._used:
            for name in uses.unused_inputs():
                yield Part(f"{solved.graph.name.rpartition('.')[2]}: {name}", name)

    def settled_outputs(self, draws: frozenset[str]) -> Iterator[tuple[NodeFact | Part, str]]:
        """The outputs of traces that no run decides (see `tsl.ir.outputs`), and which they are; none of a frozen model,
        which holds its parameters as constants."""
        for solved, uses in self._used:
            if is_frozen(solved.tree) or uses.is_scripted:
                continue
            for words, maker in settled_outputs(uses, draws):
                stack = maker.source.stack if maker.source else ()
                if not any(frame.column > 1 for frame in stack[:1]):
                    part = Part(f"{solved.graph.name.rpartition('.')[2]}: {words}", words)
                    yield (self._at(maker) if stack else part), words

    def baked_sizes(self) -> Iterator[tuple[NodeFact, Baked]]:
        """The sizes of the recorded inputs that traces wrote down, where that is proven (`tsl.ir.baked`)."""
        for solved, uses in self._used if self._promised is not None else ():
            if not uses.is_scripted:
                for found in baked_sizes(solved, uses):
                    yield self._at(found.node).beside(self._at(found.fails.node), "this fails"), found

    def foldable(self) -> Iterator[tuple[Part, int]]:
        """The methods of a model in evaluation that freezing makes shorter, and by how many batch normalizations."""
        for solved, uses in self._used:
            root = solved.tree.root
            name = solved.graph.name.rpartition(".")[2]
            if root is None or name != "forward" or root.attributes.get("training") is not False:
                continue
            count = uses.foldable(solved.is_reached)
            if count:
                yield Part(f"not frozen: {name}", name), count

    def unread_parameters(self) -> tuple[Part, ...]:
        """The parameters that no method reads."""
        if not self.solved:
            return ()
        tree = self.solved[0].tree
        paths = unread_parameters(tree.root, tree.registered, tuple(uses for _, uses in self._used))
        return tuple(Part(f"parameter: {path}", path) for path in paths)

    def settled_branches(self) -> Iterator[tuple[NodeFact, str]]:
        """The branches on a property of a tensor that always go one way (3), and the arm that never runs."""
        if not any(solved.dead_branches() for solved in self.solved):
            return
        settled: dict[Any, list[tuple[Node, int]]] = {}
        for solved in sorted(self._always, key=lambda one: not one.graph.name.endswith(".forward")):
            known = frozenset(settled)
            for place, node, arm in self._branches(solved):
                if place not in known:  # of a method that another one calls, those of the caller count
                    settled.setdefault(place, []).append((node, arm))
        for found in settled.values():
            node, arm = found[0]
            fact = self._at(node)
            if {arm for _, arm in found} in ({0}, {1}) and fact.is_method and not of_torch(node):
                yield fact, ("first", "second")[arm]

    def _branches(self, solved: Solved) -> Iterator[tuple[Any, Node, int]]:
        """The branches of a method by their places, and the arm of each that never runs for what a tensor is, or -1."""
        uses = self._uses(solved.graph)
        dead = {id(node): arm for node, arm in solved.dead_branches()}
        for node in uses.nodes:
            if node.kind == "prim::If":
                arm = dead.get(id(node), -1)
                asks = arm >= 0 and uses.asks(node.inputs[0].number, ASKED, OF_RUN)
                yield place_of(node) or id(node), node, arm if asks else -1

    def unknown(self) -> dict[str, dict[str, int]]:
        """By domain (value, device, dtype, shape), the kinds of nodes without a transfer function, and how many."""
        found: dict[str, dict[str, int]] = {}
        for solved in self.solved:
            for domain, kinds in solved.unknown_transfers().items():
                counts = found.setdefault(domain, {})
                for kind, count in kinds.items():
                    counts[kind] = counts.get(kind, 0) + count
        return found

    @cached_property
    def _used(self) -> tuple[tuple[Solved, Uses], ...]:
        return tuple((solved, self._uses(solved.graph)) for solved in self.solved)

    def _uses(self, graph: Graph) -> Uses:
        found = self._known.get(graph.name)
        if found is None or found.graph is not graph:
            found = self._known[graph.name] = Uses(graph)
        return found

    def told(self) -> frozenset[int]:
        """What puts an operand of a conflict of devices where it is, by the identity of its visit."""
        reasons = (reason for found in self.conflicts("device") for each in found.odd for reason in each.reasons)
        return frozenset(id(self._at(reason.node).visit) for reason in reasons if reason.node is not None)

    def _conflict(self, found: Finding) -> Conflict:
        node = self._at(found.node)
        if self.borne_out and self.borne_out.is_refused(found.node):
            node = node._replace(simulated=True)
        for operand in found.operands:
            for reason in operand.reasons:
                if reason.node is not None:
                    node = node.beside(self._at(reason.node), _put(operand, reason))
        return Conflict(node, found.sure, found, self._deploy, self._is_promised(found))

    def _is_promised(self, found: Finding) -> bool:
        """Whether a conflict is one without the example as well."""
        return self._promised is None or (found.domain, id(found.node)) in self._promised_conflicts

    @cached_property
    def _promised_conflicts(self) -> frozenset[tuple[str, int]]:
        return frozenset((found.domain, id(found.node)) for solved in self._always for found in solved.conflicts())

    @cached_property
    def dead(self) -> Mapping[int, int]:
        """The arm of each branch that no run takes, whatever the example is, by the identity of the branch."""
        return {id(node): arm for solved in self._always for node, arm in solved.dead_branches()}

    @cached_property
    def _always(self) -> tuple[Solved, ...]:
        """What holds for every run (3)."""
        return self.solved if self._promised is None else tuple(self._promised())

    def _wait(self, sync: Sync) -> Wait:
        is_simulated = self.borne_out is not None and self.borne_out.is_waited_at(sync.nodes)
        node = self._at(sync.node)._replace(simulated=is_simulated)
        return Wait(node, sync.why, sync.multiplicity, len(sync.nodes), sync.certain and sync.sure)


def is_frozen(tree: Tree) -> bool:
    """Whether a model was frozen: its flags are gone with its parameters."""
    return tree.root is not None and "training" not in tree.root.attributes


def _stays(promotion: Finding, uses: Uses) -> bool:
    """(4)"""
    by = promotion.operands[0]
    is_of_model = by.tensor.dtype == "float64" or all(reason.kind in MADE for reason in by.reasons)
    return is_of_model and not uses.is_cast(promotion.node)


def _put(operand: Operand, reason: Reason) -> str:
    verb = {"literal": "is put", "default": "is made without a device,"}.get(reason.kind, "comes to be")
    return f"`{operand.argument}` {verb} on `{operand.tensor.device}` here"


def of_graphs(graphs: Sequence[Graph], deploy: Deploy) -> Iterator[Solved]:
    """What is found in graphs of which nothing else is known."""
    return (solve(graph, deploy) for graph in graphs)


def of_archive(
    deployed: Deployed, inputs: Sequence[entry.Described], example: Sequence[Argument] | None, unread: dict[str, str]
) -> Iterator[Solved]:
    """What is found in the methods of an archive's model. `inputs` are those that a user gives forward.

    `example` is the one that an entry gave, used where the archive has recorded none; with None no example is, neither
    a recorded one. `unread` grows by what cannot be one graph. Raises InputError.
    """
    archive = deployed.archive
    if inputs and "forward" not in deployed.methods:
        raise InputError("the model has no forward that could take it")
    for method in deployed.methods:
        try:
            graph = deployed.graph(method)
            given = given_inputs(graph, inputs) if inputs and method == "forward" else None
            if given is None and example is None:
                given = []
            elif given is None and example and method == "forward" and not archive.traced_inputs.get(method):
                given = entry.exemplified(example, _names(graph))
            yield deployed.solved(method, given)
        except InlineError as error:
            unread[graph_name(archive, method)] = str(error)
        except (LowerError, KeyError):
            continue  # whoever reads the methods one by one has told it


def graph_name(archive: Archive, method: str) -> str:
    """The qualified name of a method of the model."""
    return f"{archive.module.type}.{method}"


def _names(graph: Graph) -> list[str]:
    return [value.name.partition(".")[0] for value in graph.inputs if value.type.kind != "Class"]


def given_inputs(graph: Graph, inputs: Sequence[entry.Described]) -> list[Value]:
    """The inputs that a user gives forward, as values of its graph. Raises InputError where it does not take them."""
    names = _names(graph)
    takes = f"forward takes {', '.join(names) or 'nothing'}"
    for each in inputs:
        if each.name and each.name not in names:
            raise InputError(f"there is no {each.name}; {takes}")
    if len(inputs) > len(names):
        raise InputError(f"{len(inputs)} inputs are given and {takes}")
    return entry.described(inputs, names)

"""What abstract interpretation found in a graph under one deployment: the questions a rule may ask.

    solved = solve(graph, Deploy("cuda:0", "to"), tree, inputs)
    solved.device_of(value)   solved.conflicts()   solved.syncs()

Definitions:
1. A *conflict* is a node that no run gets past (see `kernels`). Its operands say where they are, what puts them there,
   and their dtype and shape.
2. A *sync* is a node at which the host waits for the device. It is *certain* where the operand surely is on a device
   other than the CPU. Syncs of one place in the source are one, and happen *once*, *per layer* (several nodes: modules,
   or unrolled rounds) or *per iteration* (a loop of the graph is around it).
3. A *promotion* computes in a wider dtype because of a tensor of that dtype that has dimensions.

It will never know a rule or a severity.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tsl.ir import entry
from tsl.ir.abstract import ANYTHING, Constant, Tensor, Value, present
from tsl.ir.abstract import Sequence as Elements
from tsl.ir.deploy import Deploy
from tsl.ir.device import ANYWHERE, CPU, NOWHERE
from tsl.ir.graph import Frame, Graph, Node
from tsl.ir.graph import Value as Defined
from tsl.ir.held import FIXED, HOST, MOVES, UNKNOWN, Held
from tsl.ir.held import NOWHERE as NO_TENSOR
from tsl.ir.kernels import Note
from tsl.ir.module_tree import Reason, Tree
from tsl.ir.operator import operator_at
from tsl.ir.shape import Shape, spell
from tsl.ir.solve_graph import Seen, Solver
from tsl.ir.syncs import sync_of
from tsl.record import Record

ONCE, PER_LAYER, PER_ITERATION = "once", "per layer", "per iteration"

HOW: Mapping[str, str] = {
    "parameter": "the parameter {name}",
    "buffer": "the buffer {name}",
    "attribute": "the attribute {name}, which is not registered",
    "constant": "a tensor constant of the graph",
    "input": "the input {name}",
    "literal": "made by {name} on a device that is written into the graph",
    "default": "made by {name} without a device",
    "host": "a number as a tensor",
}


class Operand(Record):
    """An operand of a conflict (1): the argument's name, the value, the tensor, and what put it on its device."""

    argument: str
    value: Defined
    tensor: Tensor
    reasons: tuple[Reason, ...]

    @property
    def how(self) -> str:
        """What put it on its device, in words; empty where that is not known."""
        told = dict.fromkeys(HOW[reason.kind].format(name=reason.name) for reason in self.reasons)
        return " or ".join(told)

    @property
    def frames(self) -> tuple[Frame, ...]:
        """Where in the user's files its tensor was put on its device."""
        found = (place_of(reason.node) for reason in self.reasons if reason.node is not None)
        return tuple(frame for frame in found if frame is not None)


class Finding(Record):
    """A conflict or a promotion: its domain (device, dtype, shape, promotion), its node and what it is about."""

    domain: str
    node: Node
    operands: tuple[Operand, ...]
    words: str
    sure: bool

    @property
    def frame(self) -> Frame | None:
        """The place in the user's files."""
        return place_of(self.node)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of its sentence: one for each operand, or what is wrong with them together."""
        if self.domain == "device":
            held = tuple(f"{each.argument} is on {each.tensor.device}{_because(each.how)}" for each in self.operands)
            return (*held, self.words) if self.words else held
        if self.domain == "promotion":
            by, of = self.operands
            wide = f"{by.argument} is {by.tensor.dtype}{_because(by.how)}"
            return (wide, f"{of.argument} is {of.tensor.dtype}")
        return (self.words,)


class Sync(Record):
    """A place where the host waits (2): why, the nodes, the device of the operand ("" where unknown), how often."""

    why: str
    nodes: tuple[Node, ...]
    device: str
    multiplicity: str
    sure: bool

    @property
    def node(self) -> Node:
        """The first of its nodes."""
        return self.nodes[0]

    @property
    def certain(self) -> bool:
        """Whether the operand surely is on another device (2)."""
        return self.device != ANYWHERE

    @property
    def frame(self) -> Frame | None:
        """The place in the user's files."""
        return place_of(self.node)


class Solved:
    """What was found. `deploy` is the deployment it holds for."""

    def __init__(self, graph: Graph, solver: Solver) -> None:
        self.graph, self.deploy, self._solver = graph, solver.deploy, solver

    def again(self, graph: Graph, inputs: Sequence[Value]) -> Solved:
        """What is found in a graph of the same module under the same deployment, with other inputs."""
        return solve(graph, self.deploy, self.tree, inputs, self._solver.functions)

    @property
    def tree(self) -> Tree:
        """The module whose method the graph is."""
        return self._solver.tree

    def is_reached(self, node: Node) -> bool:
        """Whether a node that makes a tensor may run."""
        return bool(node.outputs) and self.tensor_of(node.outputs[0]) is not None

    @property
    def called(self) -> tuple[Graph, ...]:
        """The functions that were followed where they were not inlined."""
        return tuple(self._solver.called.values())

    @property
    def is_complete(self) -> bool:
        """Whether all that is reached was read."""
        return self._solver.is_complete

    def value_of(self, value: Defined) -> Value:
        """The abstract value of a value of the graph."""
        return self._solver.heap.held(self._solver.values.get(value.number, ANYTHING))

    def tensor_of(self, value: Defined) -> Tensor | None:
        """What is known of a value that is a tensor; None for what is none, and for what is never reached."""
        found = present(self.value_of(value))
        return found if type(found) is Tensor else None

    def device_of(self, value: Defined) -> str:
        """The device of a tensor (`cuda:0`), "" where it is not known."""
        found = self.tensor_of(value)
        return found.device if found and found.device != NOWHERE else ANYWHERE

    def dtype_of(self, value: Defined) -> str:
        """The dtype of a tensor (`float32`), "" where it is not known."""
        found = self.tensor_of(value)
        return found.dtype if found and found.dtype != "!" else ""

    def shape_of(self, value: Defined) -> Shape:
        """The shape of a tensor, None where its rank is not known."""
        found = self.tensor_of(value)
        return found.shape if found else None

    def reasons_of(self, value: Defined) -> tuple[Reason, ...]:
        """What put a tensor on its device."""
        found = self.tensor_of(value)
        return self._reasons(found) if found else ()

    def conflicts(self, *domains: str) -> Iterator[Finding]:
        """The conflicts (1) of these domains (device, dtype, shape), of all without; in the order of the graph."""
        wanted = domains or ("device", "dtype", "shape")
        return (self._finding(note) for note in self._notes() if note.domain in wanted)

    def promotions(self) -> Iterator[Finding]:
        """(3)"""
        return (self._finding(note) for note in self._notes() if note.domain == "promotion")

    def syncs(self) -> Iterator[Sync]:
        """(2), in the order of the graph, whether certain or not."""
        places: dict[object, list[tuple[str, Seen, str]]] = {}
        for key, seen in self._solver.seen.items():
            device = self._waits_for(seen)
            if device is None:
                continue
            frame = place_of(seen.node)
            place: object = (seen.node.kind, frame.path, frame.line, device) if frame else key
            places.setdefault(place, []).append((device[0], seen, device[1]))
        for found in places.values():
            yield _sync(found)

    def literals(self) -> tuple[Node, ...]:
        """The nodes that make a tensor on a device that is written into the graph."""
        return tuple(self._solver.kernels.literals.values())

    def dead_branches(self) -> tuple[tuple[Node, int], ...]:
        """The Ifs of which one arm never runs, with the number of that arm."""
        return tuple(self._solver.dead.values())

    def unknown_transfers(self) -> dict[str, dict[str, int]]:
        """By domain, the kinds of nodes that have no transfer function and how many there are of each."""
        return {domain: dict(counts.most_common()) for domain, counts in self._solver.kernels.unknowns.items()}

    def _notes(self) -> Iterator[Note]:
        return (note for notes in self._solver.kernels.notes.values() for note in notes)

    def _reasons(self, tensor: Tensor) -> tuple[Reason, ...]:
        return tuple(self._solver.reasons[number] for number in tensor.origin)

    def _finding(self, note: Note) -> Finding:
        operands = tuple(self._operand(note.node, place, tensor) for place, tensor in note.operands)
        return Finding(note.domain, note.node, operands, note.words, note.sure)

    def _operand(self, node: Node, place: int, tensor: Tensor) -> Operand:
        operator = operator_at(node)
        arguments = operator.schema.arguments if operator else ()
        name = arguments[place].name if place < len(arguments) else node.inputs[place].name
        name += self._element(node.inputs[place], tensor)
        return Operand(name, node.inputs[place], tensor, self._reasons(tensor))

    def _element(self, value: Defined, tensor: Tensor) -> str:
        """Which element of a list a tensor is, as `[1]`; nothing for what is no list, or one of unknown elements."""
        held = self.value_of(value)
        parts = held.parts if type(held) is Elements else ()
        return next((f"[{number}]" for number, part in enumerate(parts) if part == tensor), "")

    def _waits_for(self, seen: Seen) -> tuple[str, str] | None:
        """Why a node waits, and for which device; None where it does not."""
        operands = [held_of(value, self.deploy) for value in seen.operands]
        results = [held_of(value, self.deploy) for value in seen.results]
        sync = sync_of(seen.node, operands, results)
        if sync is None:
            return None
        places = [sync.operand, *range(len(seen.operands))]
        devices = [
            device for place in places if place < len(seen.operands) for device in _devices(seen.operands[place])
        ]
        away = next((device for device in devices if device not in (CPU, NOWHERE, ANYWHERE)), None)
        return sync.why, away if away is not None else _target(seen)


def _target(seen: Seen) -> str:
    devices = [device for value in seen.results for device in _devices(value)]
    return next((device for device in devices if device not in (CPU, NOWHERE)), ANYWHERE)


def _devices(value: Value) -> Iterator[str]:
    if type(value) is Tensor:
        yield value.device
    elif type(value) is Elements:
        for part in value.parts:
            yield from _devices(part)


def _sync(found: Sequence[tuple[str, Seen, str]]) -> Sync:
    multiplicity = PER_LAYER if len(found) > 1 else ONCE
    if any(seen.in_loop for _, seen, _ in found):
        multiplicity = PER_ITERATION
    nodes = tuple(seen.node for _, seen, _ in found)
    return Sync(found[0][0], nodes, found[0][2], multiplicity, any(seen.sure for _, seen, _ in found))


def held_of(value: Value, deploy: Deploy) -> Held:
    """An abstract value in the words of `held`, which the table of syncs is asked in."""
    value = present(value)
    if type(value) is Tensor:
        where = {ANYWHERE: UNKNOWN, NOWHERE: NO_TENSOR, CPU: HOST, deploy.device: MOVES}.get(value.device, FIXED)
        return Held(where, value.shape == (), value.dtype in ("bool", "uint8"))
    if type(value) is Constant:
        return Held(constant=(value.value,))
    if type(value) is Elements:
        return Held(parts=tuple(held_of(part, deploy) for part in value.parts))
    return Held()


def place_of(node: Node) -> Frame | None:
    """The place of a node in the user's files."""
    return node.source.place if node.source else None


def _because(how: str) -> str:
    return f" ({how})" if how else ""


def solve(
    graph: Graph,
    deploy: Deploy,
    tree: Tree | None = None,
    inputs: Sequence[Value] | None = None,
    functions: Mapping[str, Graph] | None = None,
) -> Solved:
    """Interprets a graph under a deployment. `tree` is the module it is a method of, `inputs` are those a caller gives
    (see `entry`; without them only their types are known), `functions` what it calls where that was not inlined.
    """
    solver = Solver(deploy, tree, functions)
    solver.run(graph, entry.entered(graph, deploy, solver.tree, solver.reason, inputs))
    return Solved(graph, solver)


__all__ = ["Finding", "Operand", "Solved", "Sync", "held_of", "solve", "spell"]

"""All that running a method of a model reaches, and what each node's operands hold there.

1. A method starts with its module in `self` and tensors that move in its other inputs. Calls of methods and functions
   are followed; a callee is read once for each set of arguments that differs in what they hold.
2. After an If a value holds the join of what either arm leaves; an arm that is never taken is not read. A Loop is read
   until nothing changes, ROUNDS times at most; what still changes then is anywhere.
3. A node that is reached twice holds the join of both times; its module and its loop are those of the first time.
4. A literal is *met* by the first node that joins its tensor with one that moves.
5. Reading stops after NODES nodes and DEPTH calls within each other: an archive may call without end.

6. The training flag is that of all modules, where it is the same for all.

Needs a way to graphs by name. It will never say what is right or wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tsl.ir.graph import Block, Graph, Node
from tsl.ir.held import ANYWHERE, MOVES, MOVING, NOTHING, ON_HOST, UNKNOWN, Held, gathered, join
from tsl.ir.transfer import holds_tensor, joined, transfer
from tsl.ir.types import Type

ROUNDS, NODES, DEPTH = 6, 50_000, 60

# Whether an attribute of a class moves with the model: a parameter or buffer does, other tensors do not.
Moves = Callable[[str, str], bool]


class Visit:
    """A node that was reached: in which function and module, holding what, and which node meets its literal (4).

    `caller` is the call under which its function was first read; None for a method that a caller of the model runs.
    `is_method` is whether the function is a method, or one that was entered from outside.
    """

    __slots__ = ("caller", "function", "in_loop", "is_method", "met_by", "module", "node", "operands")

    def __init__(
        self,
        node: Node,
        operands: tuple[Held, ...],
        function: str,
        module: str,
        in_loop: bool,
        is_method: bool = True,
    ) -> None:
        self.node, self.operands, self.function, self.module, self.in_loop = node, operands, function, module, in_loop
        self.is_method = is_method
        self.met_by: Visit | None = None
        self.caller: Visit | None = None


class _Enough(Exception):
    """More was reached than is read (5)."""


class Reach:
    """What the methods that were entered reach, in the order of the first time."""

    def __init__(
        self,
        function: Callable[[str], Graph | None],
        moves: Moves = lambda owner, name: True,
        training: bool | None = None,
    ) -> None:
        self._function, self._moves, self._training = function, moves, training
        self._entered: set[str] = set()
        self._numbers: dict[int, int] = {}
        self._summaries: dict[tuple[str, tuple[Held, ...]], Held] = {}
        self._open: list[tuple[str, str, bool]] = []
        self._calls: list[Visit | None] = []
        self._loops = 0
        self._left = NODES
        self.visits: list[Visit] = []

    @property
    def is_complete(self) -> bool:
        """Whether all was read (5)."""
        return self._left > 0

    def enter(self, graph: Graph, module: str = "") -> None:
        """Reads a method of the module at a path, as a caller of the model runs it (1), unless it was called before."""
        inputs = [_argument(value.type) for value in graph.inputs]
        if graph.inputs and graph.inputs[0].type.kind == "Class":
            inputs[0] = Held(module=module)
        try:
            if graph.name not in self._entered:
                self._called(graph, tuple(inputs), None)
        except _Enough:
            self._left = 0

    def _called(self, graph: Graph, arguments: tuple[Held, ...], caller: Visit | None) -> Held:
        """What a function returns; several results as the tuple they are."""
        key = (graph.name, tuple(held._replace(module=None) for held in arguments))
        known = self._summaries.get(key)
        if known is not None:
            return known
        self._entered.add(graph.name)
        self._summaries[key] = ANYWHERE  # what a call of itself returns
        is_method = not self._open or bool(graph.inputs and graph.inputs[0].type.kind == "Class")
        self._open.append((graph.name, (arguments[0].module if arguments else None) or "", is_method))
        self._calls.append(caller)
        values = dict(zip((value.number for value in graph.inputs), arguments, strict=False))
        self._read(graph.nodes, values)
        returned = tuple(values.get(value.number, ANYWHERE) for value in graph.outputs)
        self._open.pop()
        self._calls.pop()
        result = returned[0] if len(returned) == 1 else NOTHING._replace(parts=returned)
        self._summaries[key] = result
        return result

    def _read(self, nodes: Sequence[Node], values: dict[int, Held]) -> None:
        for node in nodes:
            operands = tuple(values.get(value.number, ANYWHERE) for value in node.inputs)
            number = self._visited(node, operands)
            results = self._results(node, operands, number, values)
            values.update(zip((value.number for value in node.outputs), results, strict=False))

    def _visited(self, node: Node, operands: tuple[Held, ...]) -> int:
        self._left -= 1
        if self._left < 0:
            raise _Enough
        number = self._numbers.get(id(node))
        if number is None:
            number = self._numbers[id(node)] = len(self.visits)
            function, module, is_method = self._open[-1]
            visit = Visit(node, operands, function, module, self._loops > 0, is_method)
            visit.caller = self._calls[-1]
            self.visits.append(visit)
        elif operands != self.visits[number].operands:
            visit = self.visits[number]
            visit.operands = tuple(map(join, visit.operands, operands))
        for literal in joined(node, operands):
            if self.visits[literal].met_by is None:
                self.visits[literal].met_by = self.visits[number]
        return number

    def _results(self, node: Node, operands: tuple[Held, ...], number: int, values: dict[int, Held]) -> Sequence[Held]:
        match node.kind:
            case "prim::If":
                return self._branches(node, values)
            case "prim::Loop":
                return self._loop(node, operands, values)
            case "prim::GetAttr":
                return (self._attribute(node, operands),)
            case "prim::CallMethod" | "prim::CallFunction":
                return (self._call(node, operands, number),)
        return transfer(node, operands, number)

    def _branches(self, node: Node, values: dict[int, Held]) -> Sequence[Held]:
        """(2)"""
        arms = []
        test = values.get(node.inputs[0].number, NOTHING).constant if node.inputs else ()
        taken = node.blocks if len(node.blocks) != 2 or not test else (node.blocks[0 if test[0] else 1],)
        for block in taken:
            inner = dict(values)
            self._read(block.nodes, inner)
            arms.append(_outputs(block, inner))
        return tuple(map(join, *arms)) if len(arms) == 2 else arms[0] if arms else [ANYWHERE] * len(node.outputs)

    def _loop(self, node: Node, operands: tuple[Held, ...], values: dict[int, Held]) -> Sequence[Held]:
        """(2)"""
        if len(node.blocks) != 1:
            return [ANYWHERE] * len(node.outputs)
        (block,) = node.blocks
        carried: Sequence[Held] = [held._replace(constant=()) for held in operands[2:]]
        self._loops += 1
        for _ in range(ROUNDS):
            inner = dict(values)
            inner.update(zip((value.number for value in block.inputs), (NOTHING, *carried), strict=False))
            self._read(block.nodes, inner)
            after = tuple(map(join, carried, _outputs(block, inner)[1:]))
            if after == tuple(carried):
                break
            carried = after
        else:
            carried = [ANYWHERE if held.where != NOTHING.where else NOTHING for held in carried]
        self._loops -= 1
        return carried

    def _attribute(self, node: Node, operands: tuple[Held, ...]) -> Held:
        """What an attribute holds: of a module's tensors those move that are registered."""
        made, owner = node.outputs[0].type, operands[0]
        name = str(node.attribute("name", ""))
        if made.kind == "Class":
            return Held(module=f"{owner.module}.{name}".lstrip(".") if owner.module is not None else None)
        if made.kind == "Device":
            return ANYWHERE._replace(device="")
        if name == "training" and self._training is not None:
            return Held(constant=(self._training,))
        if not holds_tensor(made):
            return NOTHING
        return MOVING if self._moves(str(node.inputs[0].type), name) else ANYWHERE

    def _call(self, node: Node, operands: tuple[Held, ...], number: int) -> Held:
        callee = node.inputs[0].type
        name, arguments = f"{callee}.{node.attribute('name', '')}", operands
        if node.kind == "prim::CallFunction":
            name, arguments = callee.name or str((operands[0].constant or ("",))[0]), operands[1:]
        graph = self._function(name)
        if graph is None or len(self._open) >= DEPTH:
            return ANYWHERE if holds_tensor(node.outputs[0].type) else NOTHING
        given = tuple(held._replace(constant=()) for held in arguments)
        return self._called(graph, given, self.visits[number])


def _argument(type: Type) -> Held:
    if "batch_sizes" in type.fields:  # of a PackedSequence, which has them on the CPU
        return gathered(tuple(ON_HOST if name == "batch_sizes" else MOVING for name in type.fields))
    if type.kind == "Device":
        return Held(MOVES, device="")
    return MOVING if holds_tensor(type) else NOTHING


def _outputs(block: Block, values: dict[int, Held]) -> tuple[Held, ...]:
    return tuple(values.get(value.number, ANYWHERE) for value in block.outputs)


__all__ = ["UNKNOWN", "Reach", "Visit"]

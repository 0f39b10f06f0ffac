"""A run of a graph on fakes: torch's kernels tell what each operator does on the device, and where it is refused.

Definitions:
1. A node is known by its *key*: the name of its graph and its place in the graph's walk.
2. After an operator that failed or that fakes cannot do the run goes on; what it would have made is UNKNOWN, and so is
   what is made of that.
3. A branch on what is not known is *undecided*: both arms run, one after the other, each from the same state. What both
   leave alike is what is left; an arm that raises leaves nothing, and where one remains it is no longer undecided. A
   list, dictionary or object that they leave differently is *lost*: what is read from it is UNKNOWN.
4. A loop of which the rounds are not known runs once, undecided.
5. What is found is *sure* where no undecided branch or loop is around it and nothing it takes hangs on a number that
   the data decides.
6. A run ends after MOST nodes, and where the model raises.
7. Operators of torch itself run, and none that reaches outside of the process.

Needs a graph, and kernels in a process that may crash. It will never know an archive, or how a finding is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from tsl.archive import values as saved
from tsl.ir import simulate_made
from tsl.ir.deploy import Deploy
from tsl.ir.device import normal
from tsl.ir.graph import Graph, Node
from tsl.ir.kernels import OF_TORCH
from tsl.ir.operator import Operator, operator_at
from tsl.ir.schema import Argument
from tsl.ir.simulate_blocks import Raised
from tsl.ir.simulate_kernels import Failed, Kernels, Unable, tensors_in
from tsl.ir.simulate_nodes import HANDLERS
from tsl.ir.simulate_plain import ASKED, CHANGING, COMPARING, PLAIN, STORING
from tsl.ir.simulate_state import UNKNOWN, Lost, is_known
from tsl.ir.types import Type

MOST, DEEPEST = 200_000, 60

# What a plain operation raises for values that are wrong, and a symbolic number for a question that data decides.
_WRONG = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RuntimeError)
# What reads a number out of a tensor, and what Python has for its type.
READING = frozenset(
    "aten::Int aten::Float aten::Bool aten::Complex aten::IntImplicit aten::FloatImplicit aten::ScalarImplicit"
    " aten::item aten::_local_scalar_dense aten::is_nonzero".split()
)
_KINDS = {"int": int, "float": float, "bool": bool}
OUTSIDE = frozenset({"aten::from_file", "aten::set_data"})  # (7)

Key = tuple[str, int]


class Enough(Exception):
    """More is run than is followed (6)."""


class Runner:
    """Runs graphs of one model on fakes under one deployment.

    `failures` are by key, each with its domain, its message and whether it is sure; `waits` by key whether it is sure;
    `through` are the nodes whose operator was run and not refused; `unable` counts the kinds of nodes that fakes cannot
    do, `reasons` has one for each; `made` holds by key what a node of the outermost graph made last.
    """

    def __init__(
        self, deploy: Deploy, kernels: Kernels, function: Callable[[str], Graph | None] = lambda name: None
    ) -> None:
        self.deploy, self.kernels, self.function = deploy, kernels, function
        self.failures: dict[Key, tuple[str, str, bool]] = {}
        self.waits: dict[Key, bool] = {}
        self.through: set[Key] = set()
        self.unable: Counter[str] = Counter()
        self.reasons: dict[str, str] = {}
        self.made: dict[Key, tuple[Any, ...]] = {}
        self.lost = Lost()
        self.executed = self._doubts = 0
        self._keys: dict[int, Key] = {}
        self._graphs: dict[int, Graph] = {}
        self._constants: dict[int, Any] = {}
        self._frames: list[tuple[dict[int, Any], set[int]]] = []

    def run(self, graph: Graph, inputs: Sequence[Any]) -> tuple[Any, ...]:
        """What a graph makes of its inputs. Raises Raised and Enough (6)."""
        if len(self._frames) >= DEEPEST:
            raise Enough
        if id(graph) not in self._graphs:
            self._graphs[id(graph)] = graph
            self._keys.update({id(node): (graph.name, place) for place, node in enumerate(graph.walk())})
        held = dict(zip((value.number for value in graph.inputs), inputs, strict=True))
        self._frames.append((held, set()))
        try:
            self.nodes(graph.nodes)
            return tuple(held[value.number] for value in graph.outputs)
        finally:
            self._frames.pop()

    @property
    def held(self) -> dict[int, Any]:
        """The values of the graph that is running."""
        return self._frames[-1][0]

    @property
    def tainted(self) -> set[int]:
        """The values of the graph that is running that hang on a number that the data decides (5)."""
        return self._frames[-1][1]

    def is_sure(self, node: Node) -> bool:
        """(5)"""
        return self._doubts == 0 and not any(value.number in self.tainted for value in node.inputs)

    @contextmanager
    def doubting(self, doubtful: bool) -> Iterator[None]:
        """Runs what may not run (3-5)."""
        self._doubts += doubtful
        try:
            yield
        finally:
            self._doubts -= doubtful

    def nodes(self, nodes: Sequence[Node]) -> None:
        """Runs nodes in order."""
        for node in nodes:
            self.executed += 1
            if self.executed > MOST:
                raise Enough
            handler = HANDLERS.get(node.kind)
            given = [self.held[value.number] for value in node.inputs]
            self._define(node, handler(self, node, given) if handler else self._operation(node, given))

    def _define(self, node: Node, made: Sequence[Any]) -> None:
        self.held.update(zip((value.number for value in node.outputs), made, strict=True))
        if len(self._frames) == 1:
            self.made[self._keys[id(node)]] = tuple(made)
        changed = node.inputs[:1] if node.kind in CHANGING or node.kind.endswith("_") else ()
        if node.blocks:
            return  # whose ends tell it
        if any(value.number in self.tainted for value in node.inputs) or any(map(_is_symbolic, made)):
            self.tainted.update(value.number for value in (*node.outputs, *changed))

    def _operation(self, node: Node, given: list[Any]) -> Sequence[Any]:
        operator = operator_at(node)
        if node.kind in STORING and given[0] is not UNKNOWN and not self.lost.holds(given[0]):
            return _several(node, self._plain(node, given))
        if not all(map(is_known, given)) or any(map(self.lost.holds, given)):
            self.kernels.forget(given[:1] if node.kind.endswith("_") else ())
            return (UNKNOWN,) * len(node.outputs)
        if node.kind in READING and isinstance(given[0], torch.Tensor):
            return (self._read(node, given[0]),)
        if node.kind == "prim::NumToTensor" or (operator is not None and operator.makes_tensors):
            return _several(node, self._kernel(node, operator, given))
        return _several(node, self._plain(node, given))

    def _plain(self, node: Node, given: list[Any]) -> Any:
        """What is made without a kernel."""
        is_asked = isinstance(given[0] if given else None, torch.Tensor) and node.kind in ASKED
        compute = ASKED[node.kind] if is_asked else PLAIN.get(node.kind)
        if compute is None or (node.kind in COMPARING and next(tensors_in(given), None) is not None):
            return self.cannot(node, "it has no rule here")
        try:
            made = compute(*given)
        except _WRONG as error:
            return self.cannot(node, f"{type(error).__name__}: {error}")
        kind = node.outputs[0].type.kind if node.outputs else ""
        return float(made) if kind == "float" and type(made) in (int, bool) else made

    def _read(self, node: Node, tensor: Any) -> Any:
        """The number in a tensor."""
        found = self._tried(node, lambda: self.kernels.number(tensor))
        convert = _KINDS.get(node.outputs[0].type.kind)
        return convert(found) if convert and isinstance(found, int | float) else found

    def _kernel(self, node: Node, operator: Operator | None, given: list[Any]) -> Any:
        special = simulate_made.of(node.kind, operator)
        if special is not None:
            return self._tried(node, lambda: special(self.kernels, node, operator, given))
        overload = None if operator is None or node.kind in OUTSIDE else overload_of(operator)
        if operator is None or overload is None:
            return self.cannot(node, "torch has no such operator")
        arguments = taken(operator, overload, given)
        if len(arguments) > len(overload._schema.arguments):
            return self.cannot(node, "torch's operator of that name has fewer arguments")
        return self._tried(node, lambda: self.kernels.call(overload, arguments))

    def _tried(self, node: Node, compute: Callable[[], Any]) -> Any:
        """What a call makes, with what is found of it (2)."""
        key, sure = self._keys[id(node)], self.is_sure(node)
        try:
            made = compute()
        except Failed as failed:
            known = self.failures.get(key)
            self.failures[key] = (failed.domain, failed.message, sure or bool(known and known[2]))
            return UNKNOWN
        except Unable as unable:
            return self.cannot(node, str(unable))
        self.through.add(key)
        if self.kernels.waited:
            self.waits[key] = sure or self.waits.get(key, False)
        return made

    def cannot(self, node: Node, reason: str) -> Any:
        """Counts a node that fakes cannot do; UNKNOWN."""
        self.unable[node.kind] += 1
        self.reasons.setdefault(node.kind, reason)
        return UNKNOWN

    def constant(self, node: Node) -> Any:
        """The constant of a node, the same in every round of a loop."""
        if id(node) not in self._constants:
            self._constants[id(node)] = self._saved(node.attribute("value"), node.outputs[0].type)
        return self._constants[id(node)]

    def _saved(self, value: Any, type_: Type) -> Any:
        if isinstance(value, saved.Tensor):
            return self.tensor(value, self.deploy.moved(value.device, False))
        if isinstance(value, saved.Device) or (isinstance(value, str) and type_.kind == "Device"):
            return torch.device(normal(value.text if isinstance(value, saved.Device) else value))
        if isinstance(value, saved.Typed):
            return self._saved(value.value, type_)
        if type(value) in (list, tuple):
            return type(value)(self._saved(part, type_) for part in value)
        is_plain = value is None or isinstance(value, bool | int | float | complex | str)
        return value if is_plain else UNKNOWN

    def tensor(self, found: saved.Tensor, device: str) -> Any:
        """A tensor constant on a device; UNKNOWN where there is no fake like it."""
        try:
            return self.kernels.fake(found.shape, found.dtype, device, found.stride or None)
        except Unable:
            return UNKNOWN


def _is_symbolic(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return any(type(size) is not int for size in value.shape)
    if type(value) in (list, tuple):
        return any(map(_is_symbolic, value))
    return isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool))


def _several(node: Node, made: Any) -> Sequence[Any]:
    """What an operator made, for each output of its node."""
    if len(node.outputs) == 1:
        return (made,)
    return made if isinstance(made, tuple) and len(made) == len(node.outputs) else (UNKNOWN,) * len(node.outputs)


def taken(operator: Operator, overload: Any, given: list[Any]) -> list[Any]:
    """The arguments, without defaults of those that a later torch has and the installed one does not."""
    known = {argument.name for argument in overload._schema.arguments}
    if len(known) >= len(given) or len(operator.schema.arguments) != len(given):
        return given
    pairs = zip(operator.schema.arguments, given, strict=True)
    left_out = [place for place, (argument, value) in enumerate(pairs) if _is_new(argument, value, known)]
    return [value for place, value in enumerate(given) if place not in left_out]


def _is_new(argument: Argument, value: Any, known: set[str]) -> bool:
    is_default = argument.has_default and type(value) is type(argument.default) and value == argument.default
    return is_default and argument.name not in known


def overload_of(operator: Operator) -> Any:
    """The operator of the installed torch; None where it has none of that name and overload (7)."""
    namespace, _, name = operator.kind.partition("::")
    if namespace not in OF_TORCH:
        return None
    packet = getattr(getattr(torch.ops, namespace), name, None)
    return getattr(packet, operator.overload or "default", None) if packet is not None else None


__all__ = ["Enough", "Raised", "Runner", "overload_of", "taken"]

"""A run of a graph on fakes: torch's kernels tell what each operator does on the device, and where it is refused.

Definitions:
1. A node is known by its *key*: the name of its graph and its place in the graph's walk.
2. After an operator that failed or that fakes cannot do the run goes on; what it would have made is UNKNOWN, and so is
   what is made of that.
3. A branch on what is not known is *undecided*: both arms run, one after the other, each from the same state. What both
   leave alike is what is left; an arm that raises leaves nothing, and where one remains it is no longer undecided. A
   list, dictionary or object that they leave differently is *lost*: what is read from it is UNKNOWN.
4. A loop of which the rounds are not known runs once, undecided.
5. What is found is *sure* where no undecided branch or loop is around it and nothing it takes hangs on a number that the
   data decides.
6. A run ends after MOST nodes, and where the model raises.

Needs a graph, and kernels in a process that may crash. It will never know an archive, or how a finding is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch

from tsl.archive import values as saved
from tsl.ir import simulate_made
from tsl.ir.deploy import Deploy
from tsl.ir.device import normal
from tsl.ir.graph import Block, Graph, Node
from tsl.ir.operator import Operator, operator_at
from tsl.ir.simulate_kernels import Failed, Kernels, Unable, tensors_in
from tsl.ir.simulate_plain import ASKED, PLAIN
from tsl.ir.simulate_state import UNKNOWN, Branches, Thing, is_instance, is_known, joined
from tsl.ir.types import Type

MOST = 200_000
DEEPEST = 60

# What a plain operation raises for values that are wrong, and a symbolic number for a question that data decides.
_WRONG = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RuntimeError)
_NUMBERS = frozenset({"aten::Int", "aten::Float", "aten::Bool", "aten::Complex", "aten::IntImplicit"})
_READ = _NUMBERS | frozenset(
    "aten::FloatImplicit aten::ScalarImplicit aten::item aten::_local_scalar_dense aten::is_nonzero".split()
)
# Operators that touch files or the process, which no simulation runs.
OUTSIDE = frozenset({"aten::save", "aten::from_file", "aten::set_data", "aten::backward", "aten::manual_seed"})

Key = tuple[str, int]


class Raised(Exception):
    """The model raises."""


class Enough(Exception):
    """More is run than is followed (6)."""


class Runner:
    """Runs graphs of one model on fakes under one deployment.

    `failures` are by key, each with its domain, its message and whether it is sure; `waits` by key whether it is sure;
    `through` are the nodes whose operator was run and not refused; `unable` counts the kinds of nodes that fakes cannot
    do; `made` holds by key what a node of the outermost graph made last.
    """

    def __init__(
        self, deploy: Deploy, kernels: Kernels, functions: Callable[[str], Graph | None] | None = None
    ) -> None:
        self.deploy, self.kernels = deploy, kernels
        self._functions = functions or (lambda name: None)
        self.failures: dict[Key, tuple[str, str, bool]] = {}
        self.waits: dict[Key, bool] = {}
        self.through: set[Key] = set()
        self.unable: Counter[str] = Counter()
        self.reasons: dict[str, str] = {}
        self.made: dict[Key, tuple[Any, ...]] = {}
        self.executed = self._doubts = 0
        self.branches = Branches()
        self._keys: dict[int, Key] = {}
        self._numbered: set[int] = set()
        self._kept: list[Graph] = []
        self._constants: dict[int, Any] = {}
        self._frames: list[tuple[dict[int, Any], set[int]]] = []

    def run(self, graph: Graph, inputs: Sequence[Any]) -> tuple[Any, ...]:
        """What a graph makes of its inputs. Raises Raised and Enough (6)."""
        if len(self._frames) >= DEEPEST:
            raise Enough
        self._number(graph)
        held = dict(zip((value.number for value in graph.inputs), inputs, strict=True))
        self._frames.append((held, set()))
        try:
            self._nodes(graph.nodes)
            return tuple(held[value.number] for value in graph.outputs)
        finally:
            self._frames.pop()

    def _number(self, graph: Graph) -> None:
        """(1)"""
        if id(graph) not in self._numbered:
            self._numbered.add(id(graph))
            self._kept.append(graph)
            self._keys.update({id(node): (graph.name, place) for place, node in enumerate(graph.walk())})

    @property
    def held(self) -> dict[int, Any]:
        """The values of the graph that is running."""
        return self._frames[-1][0]

    @property
    def tainted(self) -> set[int]:
        """The values of the graph that is running that hang on a number that the data decides (5)."""
        return self._frames[-1][1]

    def _is_sure(self, node: Node) -> bool:
        """(5)"""
        return self._doubts == 0 and not any(value.number in self.tainted for value in node.inputs)

    def _nodes(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            self.executed += 1
            if self.executed > MOST:
                raise Enough
            handler = HANDLERS.get(node.kind)
            given = [self.held[value.number] for value in node.inputs]
            self.define(node, handler(self, node, given) if handler else self._operation(node, given))

    def define(self, node: Node, made: Sequence[Any]) -> None:
        """Gives a node's outputs their values."""
        self.held.update(zip((value.number for value in node.outputs), made, strict=True))
        if len(self._frames) == 1:
            self.made[self._keys[id(node)]] = tuple(made)
        if any(value.number in self.tainted for value in node.inputs) or any(map(_is_symbolic, made)):
            self.tainted.update(value.number for value in (*node.outputs, *node.inputs[:1]))
        elif self._doubts == 0:
            self.tainted.difference_update(value.number for value in node.outputs)

    # Operators

    def _operation(self, node: Node, given: list[Any]) -> Sequence[Any]:
        operator = operator_at(node)
        nothing = (UNKNOWN,) * len(node.outputs)
        if node.kind in STORING and given[0] is not UNKNOWN and not self.branches.is_lost(given[0]):
            return _several(node, self._plain(node, given))
        if not all(is_known(value) for value in given) or any(map(self.branches.is_lost, given)):
            return nothing
        if node.kind in _READ and isinstance(given[0], torch.Tensor):
            return (self._read(node, given[0]),)
        if operator is not None and operator.makes_tensors and node.kind not in OUTSIDE:
            return self._kernel(node, operator, given)
        return _several(node, self._plain(node, given))

    def _plain(self, node: Node, given: list[Any]) -> Any:
        is_asked = bool(given) and isinstance(given[0], torch.Tensor) and node.kind in ASKED
        compute = ASKED[node.kind] if is_asked else PLAIN.get(node.kind)
        if compute is None or (node.kind in COMPARING and next(tensors_in(given), None) is not None):
            return self._cannot(node, "it has no rule here")
        try:
            made = compute(*given)
        except _WRONG as error:
            return self._cannot(node, f"{type(error).__name__}: {error}")
        kind = node.outputs[0].type.kind if node.outputs else ""
        return float(made) if kind == "float" and type(made) in (int, bool) else made

    def _cannot(self, node: Node, reason: str) -> Any:
        self.unable[node.kind] += 1
        self.reasons.setdefault(node.kind, reason)
        return UNKNOWN

    def _read(self, node: Node, tensor: Any) -> Any:
        """The number in a tensor, which is waited for where the tensor is not on the CPU."""
        found = self._tried(node, lambda: self.kernels.number(tensor))
        convert = {"int": int, "float": float, "bool": bool}.get(node.outputs[0].type.kind)
        return convert(found) if convert and isinstance(found, int | float) else found

    def _kernel(self, node: Node, operator: Operator, given: list[Any]) -> Sequence[Any]:
        special = simulate_made.of(operator)
        if special is not None:
            return (self._tried(node, lambda: special(self.kernels, node, operator, given)),)
        overload = overload_of(operator)
        if overload is None:
            return _several(node, self._cannot(node, "torch has no such operator"))
        return _several(node, self._tried(node, lambda: self.kernels.call(overload, given)))

    def _tried(self, node: Node, compute: Callable[[], Any]) -> Any:
        """What a call makes, with what is found of it (2)."""
        key, sure = self._keys[id(node)], self._is_sure(node)
        try:
            made = compute()
        except Failed as failed:
            known = self.failures.get(key)
            self.failures[key] = (failed.domain, failed.message, sure or bool(known and known[2]))
            return UNKNOWN
        except Unable as unable:
            return self._cannot(node, str(unable))
        self.through.add(key)
        if self.kernels.waited:
            self.waits[key] = sure or self.waits.get(key, False)
        return made

    # Nodes without a schema

    def _constant(self, node: Node, given: list[Any]) -> Sequence[Any]:
        if node.outputs[0].type.kind == "Function":
            return (node.outputs[0].type.name or str(node.attribute("name", "")),)
        if id(node) not in self._constants:
            self._constants[id(node)] = self.constant(node.attribute("value"), node.outputs[0].type)
        return (self._constants[id(node)],)

    def constant(self, value: Any, type_: Type) -> Any:
        """A constant of a graph, once the model is deployed."""
        if isinstance(value, saved.Tensor):
            return self.tensor(value, self.deploy.moved(value.device, False))
        if isinstance(value, saved.Device) or (isinstance(value, str) and type_.kind == "Device"):
            return torch.device(normal(value.text if isinstance(value, saved.Device) else value))
        if isinstance(value, saved.Typed):
            return self.constant(value.value, type_)
        if type(value) in (list, tuple):
            return type(value)(self.constant(part, type_) for part in value)
        return value

    def tensor(self, found: saved.Tensor, device: str) -> Any:
        """A saved tensor on a device; UNKNOWN where fakes have none like it."""
        try:
            return self.kernels.fake(found.shape, found.dtype, device, found.stride or None)
        except Unable as unable:
            self.unable[f"a tensor of {found.dtype}"] += 1
            self.reasons.setdefault(f"a tensor of {found.dtype}", str(unable))
            return UNKNOWN

    def _unpacked(self, node: Node, given: list[Any]) -> Sequence[Any]:
        parts = given[0]
        if type(parts) not in (list, tuple) or len(parts) != len(node.outputs) or self.branches.is_lost(parts):
            return (UNKNOWN,) * len(node.outputs)
        return list(parts)

    def _attribute(self, node: Node, given: list[Any]) -> Sequence[Any]:
        owner = given[0]
        if not isinstance(owner, Thing) or self.branches.is_lost(owner):
            return (UNKNOWN,)
        return (owner.attributes.get(str(node.attribute("name", "")), UNKNOWN),)

    def _set_attribute(self, node: Node, given: list[Any]) -> Sequence[Any]:
        if isinstance(given[0], Thing):
            given[0].attributes[str(node.attribute("name", ""))] = given[1]
        return ()

    def _instance(self, node: Node, given: list[Any]) -> Sequence[Any]:
        told = [is_instance(given[0], type_) for type_ in node.attribute("types", ())]
        return (True if True in told else UNKNOWN if None in told else False,)

    # Nodes with blocks, and calls

    def _if(self, node: Node, given: list[Any]) -> Sequence[Any]:
        """(3)"""
        condition = self._decided(given[0])
        if condition is not None:
            return self._block(node.blocks[0 if condition else 1])
        return self._arms([partial(self._block, block) for block in node.blocks], node)

    def _arms(self, arms: Sequence[Callable[[], Sequence[Any]]], node: Node) -> Sequence[Any]:
        state = self.branches.state(self.held.values())
        left: list[Sequence[Any]] = []
        after: list[Any] = []
        self._doubts += 1
        try:
            for arm in arms:
                state.restore()
                try:
                    left.append(arm())
                    after.append(self.branches.state(self.held.values()))
                except Raised:
                    continue
        finally:
            self._doubts -= 1
        if not left:
            raise Raised
        after[-1].restore()
        if len(left) == 1:
            return left[0]
        self.branches.lose(after)
        self.tainted.update(value.number for value in node.outputs)
        return list(map(joined, *left))

    def _decided(self, condition: Any) -> bool | None:
        if condition is UNKNOWN:
            return None
        try:
            return bool(condition)
        except RuntimeError:  # a question that the data decides
            return None

    def _block(self, block: Block) -> list[Any]:
        self._nodes(block.nodes)
        return [self.held[value.number] for value in block.outputs]

    def _loop(self, node: Node, given: list[Any]) -> Sequence[Any]:
        """(4)"""
        trips, condition, carried, block = given[0], self._decided(given[1]), list(given[2:]), node.blocks[0]
        is_counted = type(trips) in (int, bool)
        place = 0
        while condition is not False:
            if condition is None or not is_counted:
                return self._arms([partial(self._once, block, carried), partial(list, carried)], node)
            if place >= trips:
                break
            going, *carried = self._round(block, place, carried)
            condition, place = self._decided(going), place + 1
        return carried

    def _round(self, block: Block, place: Any, carried: Sequence[Any]) -> list[Any]:
        self.held.update(zip((value.number for value in block.inputs), (place, *carried), strict=True))
        return self._block(block)

    def _once(self, block: Block, carried: Sequence[Any]) -> list[Any]:
        return self._round(block, UNKNOWN, carried)[1:]

    def _called(self, node: Node, name: str, given: Sequence[Any]) -> Sequence[Any]:
        graph = self._functions(name)
        if graph is None or len(graph.inputs) != len(given):
            self._cannot(node, "its code is not known")
            return (UNKNOWN,) * len(node.outputs)
        return self._within(graph, given, node)

    def _within(self, graph: Graph, given: Sequence[Any], node: Node) -> Sequence[Any]:
        doubtful = not self._is_sure(node)
        self._doubts += doubtful
        try:
            return self.run(graph, given)
        finally:
            self._doubts -= doubtful

    def _method(self, node: Node, given: list[Any]) -> Sequence[Any]:
        owner = given[0].type if isinstance(given[0], Thing) else str(node.inputs[0].type)
        return self._called(node, f"{owner}.{node.attribute('name', '')}", given)

    def _fork(self, node: Node, given: list[Any]) -> Sequence[Any]:
        graph = node.attribute("Subgraph")
        return self._within(graph, given, node)[:1] if isinstance(graph, Graph) else (UNKNOWN,)


def _raise(runner: Runner, node: Node, given: list[Any]) -> Sequence[Any]:
    raise Raised


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


def overload_of(operator: Operator) -> Any:
    """The operator of the installed torch; None where it has none of that name and overload."""
    namespace, _, name = operator.kind.partition("::")
    packet = getattr(getattr(torch.ops, namespace), name, None)
    return getattr(packet, operator.overload or "default", None) if packet is not None else None


Handler = Callable[[Runner, Node, list[Any]], Sequence[Any]]

# What asks of values which are alike, or the larger: of tensors that is a question about data.
COMPARING = frozenset(
    "aten::eq aten::ne aten::__contains__ aten::sum aten::all aten::any aten::sort aten::sorted prim::min prim::max".split()
)

# What keeps values without asking what they are.
STORING = frozenset(
    "aten::append aten::_set_item aten::insert aten::len aten::__is__ aten::__isnot__ aten::_unwrap_optional"
    " prim::unchecked_cast prim::unchecked_unwrap_optional".split()
)

HANDLERS: Mapping[str, Handler] = {
    "prim::Constant": Runner._constant,
    "prim::ListConstruct": lambda runner, node, given: ([*given],),
    "prim::TupleConstruct": lambda runner, node, given: (tuple(given),),
    "prim::DictConstruct": lambda runner, node, given: (dict(zip(given[::2], given[1::2], strict=True)),),
    "prim::ListUnpack": Runner._unpacked,
    "prim::TupleUnpack": Runner._unpacked,
    "prim::Uninitialized": lambda runner, node, given: (UNKNOWN,) * len(node.outputs),
    "prim::RaiseException": _raise,
    "prim::isinstance": Runner._instance,
    "prim::GetAttr": Runner._attribute,
    "prim::SetAttr": Runner._set_attribute,
    "prim::CreateObject": lambda runner, node, given: (Thing(str(node.outputs[0].type), {}),),
    "prim::If": Runner._if,
    "prim::Loop": Runner._loop,
    "prim::CallMethod": Runner._method,
    "prim::CallFunction": lambda runner, node, given: runner._called(node, str(given[0]), given[1:]),
    "prim::fork": Runner._fork,
    "aten::wait": lambda runner, node, given: (given[0],),
}

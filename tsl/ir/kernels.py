"""What an operator of tensors makes: the three domains together, one call at a time, with what is found on the way.

Definitions:
1. A *conflict* is a call that no run gets past, whatever is not known: of devices, dtypes or shapes. What it makes is
   NOWHERE, NONE or IMPOSSIBLE, so nothing that depends on it is told again.
2. An operator without a rule in a domain makes what is not known there, and is counted.
3. A number that the host holds as a tensor (a size in a traced graph) is computed along with its tensor.
4. A shape is *doubtful* once an operator changed that of a tensor in place: what else holds the tensor is not followed.

Needs the rules. It will never know a block.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from tsl.ir import device_rules, dtype, dtype_rules, promotion, scalar_rules, shape_rules
from tsl.ir.abstract import ANYTHING, Constant, Many, Tensor, Value, dim_of
from tsl.ir.abstract import Sequence as Elements
from tsl.ir.device import ANYWHERE
from tsl.ir.device_rules import Placed
from tsl.ir.dtype_rules import Clash
from tsl.ir.graph import Node
from tsl.ir.module_tree import Reason, unknown
from tsl.ir.number import ANY_SIZE, Size
from tsl.ir.operator import Call, Listed, Operator, Several
from tsl.ir.shape import IMPOSSIBLE, Mismatch, Shape
from tsl.ir.types import ANY, TENSOR, Type
from tsl.record import Record


class Note(Record):
    """A conflict (1) or a promotion: `domain` is device, dtype, shape or promotion; `operands` are places among the
    inputs with the tensors there; `words` says what is wrong where the operands alone do not; `sure` is whether every
    run gets there.
    """

    domain: str
    node: Node
    operands: tuple[tuple[int, Tensor], ...]
    words: str
    sure: bool


# Libraries whose operators keep to the common device as torch's do.
OF_TORCH = frozenset({"aten", "prim", "prims", "quantized", "torchvision"})

# (4)
RESHAPED = frozenset("squeeze unsqueeze t transpose swapaxes swapdims resize resize_as set set_data".split())

# What computes numbers that the host holds (3), by the rule that does it for numbers.
HOSTED = {
    **{name: f"aten::{name}" for name in ("add", "sub", "mul", "neg", "remainder", "pow")},
    "floor_divide": "aten::floordiv",
    "div": "aten::div",
}
KEPT = frozenset("to detach clone contiguous alias tensor scalar_tensor as_tensor floor ceil".split())


class Kernels:
    """Calls operators and keeps what is found. `reason` gives the number of a reason in origins."""

    def __init__(self, reason: Callable[[Reason], int]) -> None:
        self._reason = reason
        self.notes: dict[object, tuple[Note, ...]] = {}
        self.unknowns: dict[str, Counter[str]] = {domain: Counter() for domain in ("value", "device", "dtype", "shape")}
        self.literals: dict[int, Node] = {}
        self._counted: set[tuple[str, int]] = set()
        self.doubtful = False

    def unknown(self, kind: str, domain: str, node: Node | None = None) -> None:
        """Counts a node without a rule (2), once however often it is read."""
        if node is None or (domain, id(node)) not in self._counted:
            self._counted.add((domain, id(node)))
            self.unknowns[domain][kind] += 1

    def call(self, operator: Operator, node: Node, given: Sequence[Value], sure: bool, key: object) -> list[Value]:
        """What a call makes, as the values of the node's outputs."""
        call = Call(operator, node, given)
        tensors = call.tensors()
        notes: list[Note] = []
        is_torch = operator.namespace in OF_TORCH
        where = device_rules.placed(call, tensors) if is_torch else Placed(ANYWHERE)
        if where.conflict:
            notes.append(Note("device", node, where.conflict, where.words, sure))
        if not is_torch:
            self.unknown(operator.kind, "device", node)
        kinds = self._kinds(call, tensors, notes, sure)
        shapes = self._shapes(call, tensors, notes, sure)
        if notes:
            self.notes[key] = tuple(notes)
        elif key in self.notes:
            del self.notes[key]
        origin = self._origin(node, operator, where)
        number = _hosted(call, tensors)
        types = [output.type for output in node.outputs]
        if types and types[0] is ANY:  # the archive does not know the operator; its table does
            types = [result.type for result in operator.schema.returns]
        return [_result(type_, place, where.device, kinds, shapes, origin, number) for place, type_ in enumerate(types)]

    def reshaped(self, operator: Operator) -> bool:
        """Whether an operator changes the shape of its first argument in place (4)."""
        if operator.writes_self and operator.name in RESHAPED:
            self.doubtful = True
            return True
        return False

    def _kinds(self, call: Call, tensors: list[tuple[int, Tensor]], notes: list[Note], sure: bool) -> dtype_rules.Kinds:
        try:
            kinds = dtype_rules.kinds(call, tensors)
        except Clash as clash:
            notes.append(Note("dtype", call.node, tuple(tensors), str(clash), sure))
            return dtype.NONE
        if kinds is None:
            self.unknown(call.operator.kind, "dtype", call.node)
            return dtype.ANY
        if isinstance(kinds, str) and kinds in promotion.NARROWER and len(tensors) > 1:
            pair = promotion.promotes(call, tensors, kinds)
            if pair is not None:
                notes.append(Note("promotion", call.node, pair, "", sure))
        return kinds

    def _shapes(
        self, call: Call, tensors: list[tuple[int, Tensor]], notes: list[Note], sure: bool
    ) -> shape_rules.Shapes:
        for _, tensor in tensors:
            if tensor.shape == IMPOSSIBLE:
                return IMPOSSIBLE
        rule = shape_rules.rule_of(call.operator)
        if rule is None:
            self.unknown(call.operator.kind, "shape", call.node)
            return None
        try:
            return rule(call)
        except Mismatch as mismatch:
            if self.doubtful:
                return None
            notes.append(Note("shape", call.node, tuple(tensors), str(mismatch), sure))
            return IMPOSSIBLE

    def _origin(self, node: Node, operator: Operator, where: Placed) -> tuple[int, ...]:
        if where.literal:
            self.literals[id(node)] = node
            return (*where.origin, self._reason(Reason("literal", operator.kind, node)))[-1:]
        return (self._reason(Reason("default", operator.kind, node)),) if where.default else where.origin


def _result(
    type_: Type,
    place: int,
    device: str,
    kinds: dtype_rules.Kinds,
    shapes: shape_rules.Shapes,
    origin: tuple[int, ...],
    number: Value | None,
) -> Value:
    """The value of an output."""
    if type_ is TENSOR:
        return Tensor(device, _pick(kinds, place, ""), _picked(shapes, place), origin, number)
    if type_.kind == "List" and type_.element is TENSOR:
        dtype_ = kinds if isinstance(kinds, str) else ""
        if isinstance(shapes, Several):
            return Elements("list", tuple(Tensor(device, dtype_, each, origin) for each in shapes.each))
        if isinstance(shapes, Listed):
            length = shapes.length
            return Many("list", Tensor(device, dtype_, shapes.element, origin), ANY_SIZE if length is None else length)
        return Many("list", Tensor(device, dtype_, None, origin), ANY_SIZE)
    if type_.kind == "Optional" and type_.element is TENSOR:
        return Tensor(device, _pick(kinds, place, ""), _picked(shapes, place), origin)
    return unknown(type_)


def _pick(made: dtype_rules.Kinds, place: int, default: str) -> str:
    if isinstance(made, str):
        return made
    return made.each[place] if place < len(made.each) else default


def _picked(made: shape_rules.Shapes, place: int) -> Shape:
    if isinstance(made, Several):
        return made.each[place] if place < len(made.each) else None
    return None if isinstance(made, Listed) else made


def _hosted(call: Call, tensors: list[tuple[int, Tensor]]) -> Value | None:
    """(3)"""
    name = call.operator.name
    if name not in HOSTED and name not in KEPT:
        return None
    if any(tensor.value is None for _, tensor in tensors) or call.operator.writes_self:
        return None
    operands = [value.value if type(value) is Tensor else value for value in call.values]
    if name in KEPT:
        held = operands[0]
        if name in ("floor", "ceil"):
            return held if tensors and _is_whole(held) else None
        return held if (tensors or name in ("tensor", "scalar_tensor")) and _is_whole(held) else None
    if not tensors or len(operands) < 1:
        return None
    rounding = call.plain("rounding_mode") if call.operator.places.get("rounding_mode") is not None else None
    kind = "aten::floordiv" if rounding in ("floor", "trunc") else HOSTED[name]
    if kind == "aten::div" and all(map(_is_whole, operands[:2])):
        return None
    found = scalar_rules.RULES[kind](_PLAIN, operands[: 1 if name == "neg" else 2])
    return None if found is ANYTHING else found


def _is_whole(value: Value) -> bool:
    return type(value) is Size or (type(value) is Constant and dim_of(value) is not None)


_PLAIN = Node("", (), ())

__all__ = ["Kernels", "Note"]

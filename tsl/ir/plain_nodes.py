"""Nodes that make plain values: constants, lists, tuples, dictionaries, and what they come apart into.

Each function reads one node for a Solver and says whether reading goes on after it. Needs abstract values. It will
never know a kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from tsl.archive import values as saved
from tsl.ir import containers, module_tree
from tsl.ir.abstract import ANYTHING, NEVER, Constant, On, Tensor, Value, constant, is_none
from tsl.ir.abstract import Sequence as Elements
from tsl.ir.containers import Site
from tsl.ir.deploy import Deploy
from tsl.ir.device import CPU, normal
from tsl.ir.graph import Node
from tsl.ir.heap import Heap
from tsl.ir.kernels import Kernels
from tsl.ir.module_tree import Reason, Tree, unknown
from tsl.ir.number import Size
from tsl.ir.types import Type


class Reader(Protocol):
    """What reads a graph (see solve_graph)."""

    deploy: Deploy
    heap: Heap
    kernels: Kernels
    tree: Tree

    def reason(self, reason: Reason) -> int:
        """The number that stands for a reason."""

    def given(self, node: Node) -> list[Value]:
        """The values of a node's inputs."""

    def define(self, node: Node, made: Sequence[Value]) -> None:
        """Gives a node's outputs their values."""

    def celled(self, type_: Type, value: Value, site: Site) -> Value:
        """The cell of a new list that something may write to."""


def read_constant(reader: Reader, node: Node) -> bool:
    """`prim::Constant`"""
    reader.define(node, [_plain(reader, node, node.attribute("value"))])
    return True


def _plain(reader: Reader, node: Node, value: Any) -> Value:
    type_ = node.outputs[0].type
    if isinstance(value, saved.Tensor):
        origin = reader.reason(Reason("constant", "", node))
        made = module_tree.tensor(value, reader.deploy.moved(value.device, False), origin)
        number = reader.tree.number_of(value) if value.shape == () else None
        return made if number is None else made._replace(value=constant(number))
    if isinstance(value, saved.Device) or (isinstance(value, str) and type_.kind == "Device"):
        text = value.text if isinstance(value, saved.Device) else value
        return On(normal(text), (reader.reason(Reason("literal", node.kind, node)),), True)
    if type_.kind == "Function":
        return Constant("str", type_.name or str(node.attribute("name", value)))
    if isinstance(value, saved.Typed):
        return _plain(reader, node, value.value)
    if type(value) in (list, tuple):
        return Elements(type(value).__name__, tuple(_plain(reader, node, part) for part in value))
    return module_tree.plain(value)


def read_list(reader: Reader, node: Node) -> bool:
    """`prim::ListConstruct`"""
    reader.define(node, [Elements("list", tuple(reader.given(node)))])
    return True


def read_tuple(reader: Reader, node: Node) -> bool:
    """`prim::TupleConstruct`"""
    reader.define(node, [Elements("tuple", tuple(reader.given(node)))])
    return True


def read_dictionary(reader: Reader, node: Node) -> bool:
    """`prim::DictConstruct`"""
    given = reader.given(node)
    reader.define(node, [containers.table(given[::2], given[1::2])])
    return True


def read_unpacked(reader: Reader, node: Node) -> bool:
    """`prim::ListUnpack`, `prim::TupleUnpack`"""
    reader.define(node, containers.unpacked(reader.heap.held(reader.given(node)[0]), node))
    return True


def read_sliced(reader: Reader, node: Node) -> bool:
    """`prim::TupleSlice`"""
    held, begin, end = reader.given(node)[0], node.attribute("beg", 0), node.attribute("end")
    parts = held.parts[begin:end] if type(held) is Elements else None
    reader.define(node, [Elements("tuple", parts) if parts is not None else unknown(node.outputs[0].type)])
    return True


def read_uninitialized(reader: Reader, node: Node) -> bool:
    """`prim::Uninitialized`, which nothing may read."""
    reader.define(node, [NEVER] * len(node.outputs))
    return True


def read_raised(reader: Reader, node: Node) -> bool:
    """`prim::RaiseException`: nothing after it runs."""
    return False


def read_number(reader: Reader, node: Node) -> bool:
    """`prim::NumToTensor`: a number as a tensor, which the host holds."""
    value = reader.given(node)[0]
    kind = value.kind if type(value) is Constant else "int" if type(value) is Size else node.inputs[0].type.kind
    dtype = {"float": "float64", "int": "int64", "bool": "bool"}.get(kind, "")
    known = value if type(value) is Size or (type(value) is Constant and dtype) else None
    origin = reader.reason(Reason("host", node.kind, node))
    reader.define(node, [NEVER if value is NEVER else Tensor(CPU, dtype, (), (origin,), known)])
    return True


def read_instance(reader: Reader, node: Node) -> bool:
    """`prim::isinstance`"""
    value, kinds = reader.given(node)[0], {getattr(type_, "kind", "") for type_ in node.attribute("types", ())}
    told: Value = ANYTHING
    if is_none(value) is False and type(value) is Tensor and kinds.isdisjoint({"Any", "Optional", "Union", ""}):
        told = constant("Tensor" in kinds)
    reader.define(node, [told])
    return True


def read_ignored(reader: Reader, node: Node) -> bool:
    """A node whose results say no more than their types."""
    reader.define(node, [unknown(value.type) for value in node.outputs])
    return True


def read_opaque(reader: Reader, node: Node) -> bool:
    """A node that nothing is known of, and that is counted."""
    reader.kernels.unknown(node.kind, "value", node)
    return read_ignored(reader, node)


READERS: Mapping[str, Callable[[Reader, Node], bool]] = {
    "prim::Constant": read_constant,
    "prim::ListConstruct": read_list,
    "prim::TupleConstruct": read_tuple,
    "prim::DictConstruct": read_dictionary,
    "prim::ListUnpack": read_unpacked,
    "prim::TupleUnpack": read_unpacked,
    "prim::TupleSlice": read_sliced,
    "prim::Uninitialized": read_uninitialized,
    "prim::RaiseException": read_raised,
    "prim::NumToTensor": read_number,
    "prim::isinstance": read_instance,
    "prim::Enter": read_ignored,
    "prim::Exit": read_ignored,
    "prim::PythonOp": read_opaque,
}

"""Nodes without an operator, of a run on fakes: constants, lists and tuples, attributes, and what a value is.

Each function runs one node for a Runner and answers with what the node makes. `HANDLERS` is the table of all nodes that
no operator stands for. Needs no torch of its own. It will never call an operator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tsl.ir import simulate_blocks
from tsl.ir.graph import Node
from tsl.ir.simulate_state import UNKNOWN, Thing, is_instance

if TYPE_CHECKING:
    from tsl.ir.simulate_run import Runner

Made = Sequence[Any]
Handler = Callable[["Runner", Node, list[Any]], Made]


def _constant(runner: Runner, node: Node, given: list[Any]) -> Made:
    if node.outputs[0].type.kind == "Function":
        return (node.outputs[0].type.name or str(node.attribute("name", "")),)
    return (runner.constant(node),)


def _listed(runner: Runner, node: Node, given: list[Any]) -> Made:
    return ([*given],)


def _tuple(runner: Runner, node: Node, given: list[Any]) -> Made:
    return (tuple(given),)


def _dictionary(runner: Runner, node: Node, given: list[Any]) -> Made:
    return (dict(zip(given[::2], given[1::2], strict=True)),)


def _unpacked(runner: Runner, node: Node, given: list[Any]) -> Made:
    parts = given[0]
    if type(parts) not in (list, tuple) or len(parts) != len(node.outputs) or runner.lost.holds(parts):
        return _unknown(runner, node, given)
    return list(parts)


def _unknown(runner: Runner, node: Node, given: list[Any]) -> Made:
    return (UNKNOWN,) * len(node.outputs)


def _sliced(runner: Runner, node: Node, given: list[Any]) -> Made:
    begin, end = node.attribute("beg", 0), node.attribute("end")
    return (given[0][begin:end] if isinstance(given[0], tuple) else UNKNOWN,)


def _attribute(runner: Runner, node: Node, given: list[Any]) -> Made:
    owner = given[0]
    if not isinstance(owner, Thing) or runner.lost.holds(owner):
        return (UNKNOWN,)
    return (owner.attributes.get(str(node.attribute("name", "")), UNKNOWN),)


def _set_attribute(runner: Runner, node: Node, given: list[Any]) -> Made:
    if isinstance(given[0], Thing):
        given[0].attributes[str(node.attribute("name", ""))] = given[1]
    return ()


def _created(runner: Runner, node: Node, given: list[Any]) -> Made:
    return (Thing(str(node.outputs[0].type), {}),)


def _instance(runner: Runner, node: Node, given: list[Any]) -> Made:
    told = [is_instance(given[0], type_) for type_ in node.attribute("types", ())]
    return (True if True in told else UNKNOWN if None in told else False,)


def _waited(runner: Runner, node: Node, given: list[Any]) -> Made:
    return (given[0],)


HANDLERS: Mapping[str, Handler] = {
    "prim::Constant": _constant,
    "prim::ListConstruct": _listed,
    "prim::TupleConstruct": _tuple,
    "prim::DictConstruct": _dictionary,
    "prim::ListUnpack": _unpacked,
    "prim::TupleUnpack": _unpacked,
    "prim::TupleSlice": _sliced,
    "prim::Uninitialized": _unknown,
    "prim::Enter": _unknown,
    "prim::Exit": _unknown,
    "prim::GetAttr": _attribute,
    "prim::SetAttr": _set_attribute,
    "prim::CreateObject": _created,
    "prim::isinstance": _instance,
    "prim::RaiseException": simulate_blocks.raised,
    "prim::If": simulate_blocks.branch,
    "prim::Loop": simulate_blocks.loop,
    "prim::CallMethod": simulate_blocks.method,
    "prim::CallFunction": simulate_blocks.function,
    "prim::fork": simulate_blocks.fork,
    "aten::wait": _waited,
}

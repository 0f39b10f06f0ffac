"""What a graph does with what it is given: written inputs, unused parts, flags, and what a condition asks."""

from __future__ import annotations

import pytest

from tests.saved import module, tensor
from tsl.archive.values import Object
from tsl.ir.text import read_graph
from tsl.ir.uses import Uses, unread_parameters

HEAD = """
  %one : int = prim::Constant[value=1]()
  %no : bool = prim::Constant[value=0]()
  %none : NoneType = prim::Constant()
"""


def uses(body: str, inputs: str = "%x : Tensor", result: str = "%x") -> Uses:
    return Uses(read_graph(f"graph({inputs}):\n{HEAD.strip(chr(10))}\n{body.strip(chr(10))}\n  return ({result})\n"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("  %y : Tensor = aten::add_(%x, %x, %one)", [("aten::add_", "x", True)]),
        ("  %v : Tensor = aten::select(%x, %one, %one)\n  %y : Tensor = aten::relu_(%v)", [("aten::relu_", "x", True)]),
        ("  %v : Tensor = aten::contiguous(%x, %one)\n  %y : Tensor = aten::relu_(%v)", [("aten::relu_", "x", False)]),
        ("  %v : Tensor = aten::clone(%x, %none)\n  %y : Tensor = aten::relu_(%v)", []),
        ("  %v : Tensor = aten::relu(%x)\n  %y : Tensor = aten::relu_(%v)", []),
        ("  %v : Tensor = aten::relu_(%x)\n  %y : Tensor = aten::relu_(%v)", [("aten::relu_", "x", True)] * 2),
    ],
)
def test_a_write_to_an_input_is_seen_through_views(body: str, expected: list[tuple[str, str, bool]]) -> None:
    found = [(node.kind, name, is_sure) for node, name, is_sure in uses(body).written_inputs()]
    assert found == expected


def test_an_element_of_an_input_is_the_callers_too() -> None:
    body = "  %a : Tensor, %b : Tensor = prim::TupleUnpack(%pair)\n  %y : Tensor = aten::relu_(%b)"
    found = list(uses(body, "%x : Tensor, %pair : (Tensor, Tensor)").written_inputs())
    assert [name for _, name, _ in found] == ["pair"]


def test_an_input_counts_as_used_where_a_node_a_block_or_the_result_takes_it() -> None:
    body = "  %y : Tensor = prim::If(%test)\n    block0():\n      -> (%a)\n    block1():\n      -> (%x)"
    inputs = "%x : Tensor, %test : bool, %a : Tensor, %b : Tensor"
    assert uses(body, inputs, "%y").unused_inputs() == ("b",)


def test_a_constant_is_read_and_what_is_computed_is_not() -> None:
    body = "  %y : Tensor = aten::dropout(%x, %p, %no)"
    (node,) = [node for node in uses(body, "%x : Tensor, %p : float").nodes if node.kind == "aten::dropout"]
    found = uses(body, "%x : Tensor, %p : float")
    assert (found.argument(node, "train"), found.argument(node, "p"), found.argument(node, "q")) == (0, None, None)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("  %y : Tensor = aten::relu(%x)\n  %n : int = aten::dim(%y)\n  %t : bool = aten::eq(%n, %one)", True),
        ("  %n : int = aten::size(%x, %one)\n  %t : bool = aten::gt(%n, %one)", True),
        (
            "  %l : Tensor[] = prim::ListConstruct(%x)\n  %n : int = aten::len(%l)\n  %t : bool = aten::eq(%n, %one)",
            False,
        ),
        ("  %t : bool = aten::eq(%one, %one)", False),
        ("  %d : bool = prim::is_cuda(%x)\n  %n : int = aten::dim(%x)\n  %t : bool = aten::__and__(%d, %no)", False),
    ],
)
def test_what_is_asked_of_tensors_is_told_from_what_is_asked_of_lists_and_devices(body: str, expected: bool) -> None:
    found = uses(body)
    number = found.nodes[-1].outputs[0].number
    asking = frozenset({"aten::dim", "aten::size", "aten::len"})
    assert found.asks(number, asking, frozenset({"prim::is_cuda"})) is expected


def net(**attributes: object) -> Object:
    return module("net.Net", **attributes)


def registered(owner: str, name: str) -> str:
    return "" if name.startswith("_") else "parameter"


SELF = "%self : __torch__.net.Net, %x : Tensor"
READ = '  %w : Tensor = prim::GetAttr[name="{name}"](%self)\n  %y : Tensor = aten::mul(%x, %w)'


def test_a_parameter_is_read_where_its_attribute_is_asked_for() -> None:
    held = net(a=tensor(2), b=tensor(2, storage="1"))
    assert unread_parameters(held, registered, (uses(READ.format(name="a"), SELF),)) == ("b",)


def test_a_parameter_under_two_names_is_read_by_either() -> None:
    held = net(a=tensor(2), b=tensor(2))
    assert unread_parameters(held, registered, (uses(READ.format(name="a"), SELF),)) == ()


def test_a_list_of_tensors_may_hold_every_parameter_of_its_module() -> None:
    held = net(a=tensor(2), b=tensor(2, storage="1"), _flat=[tensor(2, storage="2")])
    body = '  %w : Tensor[] = prim::GetAttr[name="_flat"](%self)'
    assert unread_parameters(held, registered, (uses(body, SELF),)) == ()


def test_nothing_is_said_of_a_model_that_calls_what_is_not_there() -> None:
    body = '  %y : Tensor = prim::CallMethod[name="step"](%self, %x)'
    assert unread_parameters(net(a=tensor(2)), registered, (uses(body, SELF),)) == ()


def test_nothing_is_said_where_no_method_was_read() -> None:
    assert unread_parameters(net(a=tensor(2)), registered, ()) == ()

"""What running a graph reaches, and where its tensors are. Graphs are written as text."""

from __future__ import annotations

from itertools import product

import pytest

from tests.ir_fences import graph_of
from tsl.ir.facts import GraphFacts, NodeFact
from tsl.ir.graph import Graph
from tsl.ir.held import ANYWHERE, FIXED, HOST, MOVES, MOVING, NONE, NOTHING, NOWHERE, SIZE, UNKNOWN, Held, join
from tsl.ir.reach import DEPTH

VALUES = (
    NOTHING,
    NONE,
    SIZE,
    MOVING,
    ANYWHERE,
    Held(HOST, is_mask=True, literals=(1,)),
    Held(FIXED, literals=(1, 2)),
    Held(HOST, device="cpu"),
    Held(FIXED, device="cuda:0"),
    Held(constant=(True,)),
    Held(module="layer"),
    Held(MOVES, parts=(SIZE, MOVING)),
    Held(HOST, parts=(SIZE, SIZE)),
)
CALLER = """\
graph(%self : __torch__.Net, %x : Tensor):
  %layer : __torch__.Layer = prim::GetAttr[name="layer"](%self)
  %y : Tensor = prim::CallMethod[name="forward"](%layer, %x)
  return (%y)
"""
CALLEE = """\
graph(%self : __torch__.Layer, %x : Tensor):
  %n : int = aten::Int(%x)
  return (%x)
"""


def named(name: str, text: str) -> Graph:
    return graph_of(text)._replace(name=name)


def facts(*graphs: Graph) -> GraphFacts:
    """The facts of the first graph, which may call the others."""
    return GraphFacts(graphs[:1], {graph.name: graph for graph in graphs}.get)


def reached(text: str, kind: str) -> list[NodeFact]:
    return list(facts(named("__torch__.Net.forward", text)).nodes(kind))


def where(text: str) -> list[str]:
    """Where the operands of aten::sink are."""
    (fact,) = reached(text, "aten::sink")
    return [held.where for held in fact.operands]


@pytest.mark.parametrize(("one", "other"), [*product(VALUES, repeat=2)])
def test_a_join_is_the_same_from_both_sides_and_of_a_value_with_itself(one: Held, other: Held) -> None:
    assert join(one, other) == join(other, one)
    assert join(one, one) == one


@pytest.mark.parametrize(("one", "other", "third"), [*product([NOTHING, SIZE, MOVING, ANYWHERE], repeat=3)])
def test_a_join_of_three_is_the_same_in_any_order(one: Held, other: Held, third: Held) -> None:
    assert join(join(one, other), third) == join(one, join(other, third))


@pytest.mark.parametrize("held", VALUES)
def test_nothing_gives_way_and_takes_a_constant_with_it(held: Held) -> None:
    """A number that is not known is nothing as well."""
    assert join(NOTHING, held) == held._replace(constant=())


def test_inputs_and_parameters_move_and_sizes_do_not() -> None:
    text = """\
graph(%self : __torch__.Net, %x : Tensor, %zero : int):
  %w : Tensor = prim::GetAttr[name="w"](%self)
  %n : int = aten::size(%x, %zero)
  %size : Tensor = prim::NumToTensor(%n)
  %y : Tensor = aten::add(%size, %w)
  %z : Tensor = aten::sink(%x, %w, %n, %size, %y)
  return (%z)
"""
    assert where(text) == [MOVES, MOVES, NOWHERE, HOST, MOVES]


def test_what_a_custom_operator_makes_of_nothing_is_anywhere() -> None:
    text = """\
graph(%n : int):
  %a : Tensor = acme::make(%n)
  %b : Tensor = aten::arange(%n)
  %c : Tensor = aten::sink(%a, %b)
  return (%c)
"""
    assert where(text) == [UNKNOWN, HOST]


def test_a_call_is_followed_with_what_it_is_given() -> None:
    caller, callee = named("__torch__.Net.forward", CALLER), named("__torch__.Layer.forward", CALLEE)
    (fact,) = facts(caller, callee).syncs()
    assert (fact.kind, fact.function, fact.module, fact.where) == (
        "aten::Int",
        "Layer.forward",
        "layer",
        "Layer.forward of layer",
    )


def test_a_call_with_a_size_reads_nothing() -> None:
    text = CALLER.replace("(%layer, %x)", "(%layer, %size)").replace(
        "  %y",
        "  %zero : int = prim::Constant[value=0]()\n  %n : int = aten::size(%x, %zero)\n"
        "  %size : Tensor = prim::NumToTensor(%n)\n  %y",
    )
    assert not list(facts(named("__torch__.Net.forward", text), named("__torch__.Layer.forward", CALLEE)).syncs())


def test_a_function_that_is_not_there_returns_anything() -> None:
    text = CALLER.replace("  return", "  %n : int = aten::Int(%y)\n  return")
    assert [fact.kind for fact in facts(named("__torch__.Net.forward", text)).syncs()] == ["aten::Int"]


def test_methods_that_call_each_other_end() -> None:
    caller = named("__torch__.Net.forward", CALLER)
    back = """\
graph(%self : __torch__.Layer, %x : Tensor):
  %net : __torch__.Net = prim::GetAttr[name="net"](%self)
  %y : Tensor = prim::CallMethod[name="forward"](%net, %x)
  return (%y)
"""
    found = facts(caller, named("__torch__.Layer.forward", back))
    assert found.is_complete
    assert len(list(found.nodes("prim::CallMethod"))) == 2


def test_a_chain_of_calls_that_doubles_is_cut_and_told() -> None:
    """Each link calls the next one twice, with arguments that differ: two to the power of the length."""
    links = [
        named(
            f"__torch__.C{number}.forward",
            f"""\
graph(%self : __torch__.C{number}, %x : Tensor):
  %next : __torch__.C{number + 1} = prim::GetAttr[name="next"](%self)
  %l : Tensor = aten::arange()
  %m : Tensor = aten::arange()
  %a : Tensor = aten::add(%x, %l)
  %b : Tensor = aten::add(%x, %m)
  %y : Tensor = prim::CallMethod[name="forward"](%next, %a)
  %z : Tensor = prim::CallMethod[name="forward"](%next, %b)
  return (%z)
""",
        )
        for number in range(DEPTH - 1)
    ]
    first = named(
        "__torch__.Net.forward",
        CALLER.replace("%layer, %x", "%layer, %n").replace("  %y", "  %n : Tensor = aten::arange()\n  %y"),
    )
    links[0] = links[0]._replace(name="__torch__.Layer.forward")
    assert not facts(first, *links).is_complete


def test_a_node_in_a_loop_is_known_to_be_in_one() -> None:
    text = """\
graph(%x : Tensor, %n : int, %true : bool):
  %before : int = aten::Int(%x)
  %last : Tensor = prim::Loop(%n, %true, %x)
    block0(%i : int, %y : Tensor):
      %within : int = aten::Int(%y)
      -> (%true, %y)
  return (%last)
"""
    assert [fact.in_loop for fact in reached(text, "aten::Int")] == [False, True]


def test_a_class_is_named_without_what_tells_its_copies_apart() -> None:
    graph = named("__torch__.net.___torch_mangle_3.Net.forward", CALLEE.replace("Layer", "net.___torch_mangle_3.Net"))
    (fact,) = facts(graph).syncs()
    assert (fact.function, fact.anchor) == ("net.Net.forward", "net.Net.forward: aten::Int")

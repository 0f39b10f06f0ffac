"""Graphs as values and as text: what is printed reads back, and what is wrong with a graph is said."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from tsl.archive.values import Device, EnumMember, Object, Tensor
from tsl.ir.graph import Block, Frame, Graph, Node, Source, Value
from tsl.ir.text import GraphSyntaxError, print_graph, read_graph
from tsl.ir.types import ANY, BOOL, DEVICE, FLOAT, INT, TENSOR, Type, optional, parse

TEXT = """\
graph(%self : __torch__.net.Net,
      %x : Tensor):
  %2 : int = prim::Constant[value=1]()
  %3 : bool = prim::Constant[value=1]() # net.py:4:8
  %4 : Tensor, %n : int = prim::Loop(%2, %3, %x, %2) # net.py:4:8
    block0(%i : int, %5 : Tensor, %n.1 : int):
      %6 : Tensor = prim::If(%3) # net.py:5:11
        block0():
          %7 : Tensor = aten::add(%5, %5, %2) # net.py:6:15
          -> (%7)
        block1():
          %8 : Tensor = prim::CallMethod[name="forward"](%self, %5)
          -> (%8)
      -> (%3, %6, %i)
  return (%4)
"""


def graph_of(node: str) -> str:
    """The text of a graph with one node."""
    return f"graph(%x : Tensor, %c : bool, %n : int):\n  {node}\n  return ()\n"


def constant(value: Any, type: Type, number: int = 0) -> Node:
    """A node that makes a constant."""
    return Node("prim::Constant", (), (Value(number, type, str(number)),), (("value", value),))


TENSOR_VALUE = Tensor("float32", (2, 3), (3, 1), 0, "cuda:0", "7", 6, True)


def test_a_text_reads_and_prints_as_it_was():
    assert print_graph(read_graph(TEXT), notes=False) == TEXT


def test_notes_read_back_to_an_equal_graph():
    graph = read_graph(TEXT)._replace(name="__torch__.net.Net.forward")
    frames = (Frame("net.py", 4, 9, "forward"), Frame("a b#c.py", 1, 1, "<lambda>"))
    schema = "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor"
    last = Node("aten::add", graph.inputs[:1], (Value(99, Type("Interface", (), "__torch__.I"), "y"),))
    last = last._replace(schema=schema, source=Source(frames), scope="layer.0")
    graph = graph._replace(nodes=(*graph.nodes, last))
    assert read_graph(print_graph(graph)) == graph


@pytest.mark.parametrize(
    ("value", "type"),
    [
        (True, BOOL),
        (True, ANY),
        (3, INT),
        (-(2**63), INT),
        (0.1, FLOAT),
        (float("inf"), FLOAT),
        (1 + 2j, Type("complex")),
        ("a\n\t\"'\\é\u4e00\x00]) # %x", Type("str")),
        ((1, "a", None, (True, 2.5)), parse("Tuple[int, str, Optional[int], Tuple[bool, float]]")),
        ([1, 2], parse("List[int]")),
        ([], parse("List[int]")),
        (Device("cuda:1"), DEVICE),
        (Device("cpu"), ANY),
        (TENSOR_VALUE, TENSOR),
        ((TENSOR_VALUE, 1), parse("Tuple[Tensor, int]")),
        (EnumMember("__torch__.Colour", "red"), Type("Enum", (), "__torch__.Colour")),
        (Object("__torch__.X", {"a": [1.5]}), Type("Class", (), "__torch__.X")),
        ({"a": 1}, parse("Dict[str, int]")),
    ],
)
def test_a_constant_of_any_kind_reads_back(value: Any, type: Type):
    graph = Graph("", (), (constant(value, type),), ())
    assert read_graph(print_graph(graph)) == graph


def test_types_and_graphs_in_attributes_read_back():
    inner = Graph("", (Value(0, TENSOR, "x"),), (), (Value(0, TENSOR, "x"),))
    x, named = Value(0, TENSOR, "x"), Type("NamedTuple", (INT,), "__torch__.P", ("n",))
    asked = Node("prim::isinstance", (x,), (Value(1, BOOL, "1"),), (("types", (INT, parse("Dict[str, int]"), named)),))
    fork = Node("prim::fork", (x,), (Value(2, parse("Future[Tensor]"), "2"),), (("Subgraph", inner),))
    graph = Graph("f", (x,), (asked, fork), ())
    assert read_graph(print_graph(graph)) == graph
    assert "%2 : Future[Tensor] = prim::fork_0(%x)" in print_graph(graph)
    assert "with prim::fork_0 = graph(%x : Tensor):" in print_graph(graph)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: a graph begins with `graph(`"),
        ("graph(%x : Tensor):\n  %1 : int = prim::Constant[value=1]()\n", "line 3: a graph ends with `return (...)`"),
        (graph_of("%1 : Tensor = aten::relu(%y)"), "line 2: %y is used and not defined"),
        (graph_of("%1 : Tensor = relu(%x)"), "line 2: a node is"),
        (graph_of("%1 : List[ = aten::relu(%x)"), "line 2: 'List[' is no type"),
        (graph_of("%1 : int = prim::Constant[value=f()]()"), "line 2: f() is no attribute value"),
        (graph_of("%1 : int = prim::Constant[value=1"), "line 2: the attributes of a node stand in brackets"),
        (graph_of("%1 : Tensor = aten::relu(%x) #| {"), "line 2: the note after `#|` is no JSON object"),
        (graph_of("= prim::If(%c)\n    block0(:\n"), "line 3: a block begins with"),
    ],
)
def test_what_is_no_graph_is_said_to_be_none_and_where(text: str, message: str):
    with pytest.raises(GraphSyntaxError, match="line") as caught:
        read_graph(text)
    assert str(caught.value).startswith(message)


def test_a_graph_is_hashable_and_survives_pickling():
    graph = read_graph(TEXT)
    assert hash(graph) == hash(read_graph(TEXT))
    assert pickle.loads(pickle.dumps(graph)) == graph


def test_walking_meets_nested_nodes_after_the_node_that_holds_them():
    kinds = [node.kind for node in read_graph(TEXT).walk()]
    assert kinds == [
        "prim::Constant",
        "prim::Constant",
        "prim::Loop",
        "prim::If",
        "aten::add",
        "prim::CallMethod",
    ]


def test_the_place_of_a_source_is_the_first_frame_that_is_not_torchs():
    inner, user = Frame("/x/torch/nn/functional.py", 1), Frame("/home/me/net.py", 2)
    assert Source((inner, user)).place == user
    assert Source((inner,)).place == inner
    assert Source(()).place is None


def test_a_source_is_looked_up_once_and_when_it_is_asked_for():
    asked: list[int] = []

    def find(offset: int) -> tuple[Frame, ...]:
        asked.append(offset)
        return (Frame("net.py", 3),)

    source = Source((), find, 17)
    assert asked == []
    assert source == Source((Frame("net.py", 3),)) == pickle.loads(pickle.dumps(source))
    assert (source.stack, asked) == ((Frame("net.py", 3),), [17])


def test_a_good_graph_has_nothing_wrong():
    assert read_graph(TEXT).lint() == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (graph_of("%x : Tensor = aten::relu(%x)"), "%x = aten::relu: the name %x is taken (1)"),
        (graph_of("%1 : int = prim::Constant[value=1](%n)"), "%1 = prim::Constant: a constant takes nothing"),
        (graph_of("= prim::If(%x)\n    block0():\n      -> ()\n    block1():\n      -> ()"), "takes one bool (3)"),
        (graph_of("= prim::If(%c)\n    block0():\n      -> ()"), "has two blocks without inputs (3)"),
        (
            graph_of("%1 : int = prim::If(%c)\n    block0():\n      -> (%n)\n    block1():\n      -> (%c)"),
            "%c : bool where",
        ),
        (
            graph_of("%1 : int = prim::If(%c)\n    block0():\n      -> (%n)\n    block1():\n      -> ()"),
            "an arm has 0 values",
        ),
        (graph_of("= prim::Loop(%x, %c)\n    block0(%i : int):\n      -> (%c)"), "a Loop takes an int, a bool"),
        (graph_of("= prim::Loop(%n, %c)"), "a Loop has one block"),
        (graph_of("= prim::Loop(%n, %c)\n    block0(%i : int):\n      -> (%n)"), "ends in a bool first"),
        (graph_of("= prim::Loop(%n, %c, %x)\n    block0(%i : int):\n      -> (%c)"), "what goes in has 1 values"),
        (graph_of("= aten::relu(%x)\n    block0():\n      -> ()"), "only If and Loop hold blocks (5)"),
    ],
)
def test_each_law_that_is_broken_is_named(text: str, message: str):
    assert message in "\n".join(read_graph(text).lint())


def test_a_value_is_not_seen_outside_its_block():
    inside = Value(1, TENSOR, "inside")
    holder = Node(
        "prim::If", (Value(0, BOOL, "c"),), (), (), (Block((), (constant(1, TENSOR, 1),), ()), Block((), (), ()))
    )
    told = Graph("", (Value(0, BOOL, "c"),), (holder,), (inside,)).lint()
    assert told == ("the graph returns %inside, which is not defined where it is used (1)",)


def test_torch_reads_the_text_and_prints_it_alike():
    torch = pytest.importorskip("torch", reason="torch is not installed, so nothing can read the text")
    graph = read_graph(
        "graph(%x : Tensor, %y : Tensor?):\n"
        "  %2 : int[] = prim::Constant[value=[1, 2]]()\n"
        '  %3 : str = prim::Constant[value="a\\"b"]() # net.py:3:4\n'
        "  %4 : int = prim::Constant[value=1]() # net.py:3:4\n"
        "  %5 : Tensor = aten::add(%x, %x, %4) # net.py:3:4\n"
        "  return (%5)\n"
    )
    schema = "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor"
    graph = graph._replace(name="f", nodes=(*graph.nodes[:3], graph.nodes[3]._replace(schema=schema)))
    again = str(torch._C.parse_ir(print_graph(graph)))
    bare = [line.partition(" #")[0] for line in print_graph(graph, notes=False).splitlines()]
    assert [
        line.partition(" #")[0].replace("graph(%x : Tensor,", "graph(%x : Tensor,") for line in again.splitlines()
    ] == bare


def test_an_optional_of_an_optional_is_one():
    assert optional(optional(TENSOR)) is optional(TENSOR)

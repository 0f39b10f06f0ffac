"""Inlining and its passes, on programs written as graphs.

What torch itself makes of the same calls is in test_ir_agreement.py; here each rule stands alone, and needs no torch.
"""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest

from tsl.ir import inline as inlining
from tsl.ir.graph import Graph
from tsl.ir.inline import InlineError, inline
from tsl.ir.lint import lint
from tsl.ir.match import Matcher
from tsl.ir.schema import schemas
from tsl.ir.text import print_graph, read_graph

CALL = """\
graph(%x : Tensor):
  %f : Function = prim::Constant[name="f"]() #| {"types": {"0": ["Function", [], "f", []]}}
  %y : Tensor = prim::CallFunction(%f, %x)
  return (%y)
"""


def inlined(main: str, **functions: str) -> Graph:
    """`main` with these functions in it, sound in any case."""
    matcher = Matcher(schemas())
    graphs = {name: _matched(read_graph(text), matcher) for name, text in {"main": main, **functions}.items()}
    graph = inline(SimpleNamespace(functions=graphs, matcher=matcher), "main")
    assert lint(graph) == ()
    assert read_graph(print_graph(graph)) == graph
    return graph


def _matched(graph: Graph, matcher: Matcher) -> Graph:
    """A graph whose nodes have the schemas that torch would find for them."""
    from tsl.ir.graph import Block, Node

    def node(one: Node) -> Node:
        blocks = tuple(Block(block.inputs, tuple(map(node, block.nodes)), block.outputs) for block in one.blocks)
        return one._replace(blocks=blocks, schema=matcher.node(one.kind, tuple(value.type for value in one.inputs)))

    return graph._replace(nodes=tuple(map(node, graph.nodes)))


def kinds(graph: Graph) -> list[str]:
    """The kinds of a graph's nodes, constants left out."""
    return [node.kind for node in graph.walk() if node.kind != "prim::Constant"]


def called(body: str, returns: str = "%y") -> list[str]:
    """What is left of a function's body, given the tensor %x, where it is called."""
    return kinds(inlined(CALL, f=f"graph(%x : Tensor):\n{body}  return ({returns})\n"))


def test_a_call_gives_way_to_the_body_of_the_function() -> None:
    graph = inlined(CALL, f="graph(%a : Tensor):\n  %b : Tensor = aten::relu(%a)\n  return (%b)\n")
    assert kinds(graph) == ["aten::relu"]
    assert graph.outputs[0] == graph.nodes[-1].outputs[0]
    assert graph.nodes[-1].inputs == graph.inputs


def test_a_method_is_found_by_the_class_of_the_object() -> None:
    main = """\
graph(%self : __torch__.Net, %x : Tensor):
  %inner : __torch__.Inner = prim::GetAttr[name="inner"](%self)
  %y : Tensor = prim::CallMethod[name="forward"](%inner, %x)
  return (%y)
"""
    inner = """\
graph(%self : __torch__.Inner, %x : Tensor):
  %w : Tensor = prim::GetAttr[name="weight"](%self)
  %y : Tensor = aten::mul(%x, %w)
  return (%y)
"""
    graph = inlined(main, **{"__torch__.Inner.forward": inner})
    assert kinds(graph) == ["prim::GetAttr", "prim::GetAttr", "aten::mul"]
    assert graph.nodes[1].inputs == graph.nodes[0].outputs


def test_calls_in_what_is_called_are_inlined_too() -> None:
    inner = "graph(%x : Tensor):\n  %y : Tensor = aten::neg(%x)\n  return (%y)\n"
    assert kinds(inlined(CALL, f=CALL.replace('"f"', '"g"'), g=inner)) == ["aten::neg"]


def test_what_the_program_does_not_have_stays_a_call() -> None:
    assert kinds(inlined(CALL)) == ["prim::CallFunction"]


def test_a_function_that_calls_itself_stays_a_call_in_its_own_body() -> None:
    assert kinds(inlined(CALL, f=CALL)) == ["prim::CallFunction"]


def test_the_method_of_an_interface_stays_a_call() -> None:
    main = """\
graph(%m : InterfaceType<Step>, %x : Tensor): #| {"types": {"0": ["Interface", [], "__torch__.Step", []]}}
  %y : Tensor = prim::CallMethod[name="forward"](%m, %x)
  return (%y)
"""
    body = "graph(%m : Any, %x : Tensor):\n  return (%x)\n"
    assert kinds(inlined(main, **{"__torch__.Step.forward": body})) == ["prim::CallMethod"]


def test_the_outermost_body_is_left_as_it_is() -> None:
    main = """\
graph(%x : Tensor):
  %a : int = prim::Constant[value=1]()
  %b : int = aten::add(%a, %a)
  %c : int[] = prim::ListConstruct(%b)
  return (%x)
"""
    assert kinds(inlined(main)) == ["aten::add", "prim::ListConstruct"]


def test_a_program_that_doubles_itself_at_each_call_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inlining, "MOST_NODES", 1000)

    def twice(callee: str) -> str:
        note = f'#| {{"types": {{"0": ["Function", [], "{callee}", []]}}}}'
        return f"""\
graph(%x : Tensor):
  %f : Function = prim::Constant[name="{callee}"]() {note}
  %y : Tensor = prim::CallFunction(%f, %x)
  %z : Tensor = prim::CallFunction(%f, %y)
  return (%z)
"""

    functions = {f"f{level}": twice(f"f{level + 1}") for level in range(40)}
    functions["f40"] = "graph(%x : Tensor):\n  %y : Tensor = aten::neg(%x)\n  return (%y)\n"
    with pytest.raises(InlineError, match="more than 1,000 nodes"):
        inlined(twice("f0"), **functions)


def test_calls_that_are_nested_too_deeply_are_refused() -> None:
    functions = {f"f{level}": CALL.replace('"f"', f'"f{level + 1}"') for level in range(inlining.DEEPEST + 5)}
    with pytest.raises(InlineError, match="deep"):
        inlined(CALL.replace('"f"', '"f0"'), **functions)


ONE = "  %one : int = prim::Constant[value=1]()\n"
FOLDED = {
    "arithmetic": ONE + "  %n : int = aten::add(%one, %one)\n  %y : Tensor = aten::mul(%x, %n)\n",
    "a comparison of texts": (
        '  %a : str = prim::Constant[value="a"]()\n  %c : bool = aten::eq(%a, %a)\n  %y : Tensor = aten::mul(%x, %c)\n'
    ),
    "a number that was a tensor": (
        ONE + "  %t : Tensor = prim::NumToTensor(%one)\n  %n : int = aten::Int(%t)\n  %y : Tensor = aten::mul(%x, %n)\n"
    ),
    "the length of a list": (
        "  %l : Tensor[] = prim::ListConstruct(%x, %x)\n  %n : int = aten::len(%l)\n  %y : Tensor = aten::mul(%x, %n)\n"
    ),
    "an item of a list": (
        ONE + "  %l : int[] = prim::ListConstruct(%one)\n  %z : int = prim::Constant[value=0]()\n"
        "  %n : int = aten::__getitem__(%l, %z)\n  %y : Tensor = aten::mul(%x, %n)\n"
    ),
    "the length of a dictionary": (
        '  %k : str = prim::Constant[value="k"]()\n  %d : Dict(str, Tensor) = prim::DictConstruct(%k, %x)\n'
        "  %n : int = aten::len(%d)\n  %y : Tensor = aten::mul(%x, %n)\n"
    ),
    "a check for None": (
        "  %none : NoneType = prim::Constant()\n  %c : bool = aten::__isnot__(%x, %none)\n"
        "  %y : Tensor = aten::mul(%x, %c)\n"
    ),
    "an integer made an integer": (
        ONE + "  %s : int = aten::size(%x, %one)\n  %n : int = aten::Int(%s)\n  %m : int = aten::sub(%n, %n)\n"
        "  %y : Tensor = aten::mul(%x, %m)\n"
    ),
}
LEFT = {"an integer made an integer": ["aten::size", "aten::sub", "aten::mul"]}


@pytest.mark.parametrize("what", FOLDED)
def test_what_is_constant_in_a_callee_is_folded(what: str) -> None:
    assert called(FOLDED[what]) == LEFT.get(what, ["aten::mul"])


def branch(condition: str) -> str:
    """A callee that takes one of two ways."""
    return f"""\
{condition}  %y : Tensor = prim::If(%c)
    block0():
      %a : Tensor = aten::relu(%x)
      -> (%a)
    block1():
      %b : Tensor = aten::neg(%x)
      -> (%b)
"""


@pytest.mark.parametrize(("value", "left"), [("1", "aten::relu"), ("0", "aten::neg")])
def test_a_branch_on_a_constant_becomes_the_block_that_runs(value: str, left: str) -> None:
    assert called(branch(f"  %c : bool = prim::Constant[value={value}]()\n")) == [left]


def test_a_branch_on_a_tensor_stays() -> None:
    assert called(branch("  %c : bool = aten::Bool(%x)\n")) == ["aten::Bool", "prim::If", "aten::relu", "aten::neg"]


def test_what_both_blocks_give_alike_leaves_the_branch() -> None:
    body = """\
  %c : bool = aten::Bool(%x)
  %y : Tensor = prim::If(%c)
    block0():
      -> (%x)
    block1():
      -> (%x)
"""
    assert called(body) == []


LOOP = """\
  %n : int = prim::Constant[value={turns}]()
  %go : bool = prim::Constant[value=1]()
  %y : Tensor = prim::Loop(%n, %go, %x)
    block0(%i : int, %held : Tensor):
      %next : Tensor = aten::{operator}(%held)
      -> (%go, {result})
"""


def test_a_loop_that_will_not_run_is_taken_out() -> None:
    assert called(LOOP.format(turns=0, operator="neg", result="%next")) == []


def test_a_loop_that_may_run_stays() -> None:
    assert called(LOOP.format(turns=3, operator="neg", result="%next")) == ["prim::Loop", "aten::neg"]


def test_a_value_that_a_loop_hands_back_unchanged_leaves_it() -> None:
    graph = inlined(
        CALL, f=f"graph(%x : Tensor):\n{LOOP.format(turns=3, operator='neg_', result='%held')}  return (%y)\n"
    )
    loop = next(node for node in graph.walk() if node.kind == "prim::Loop")
    assert loop.outputs == ()
    assert len(loop.inputs) == 2
    assert graph.outputs == graph.inputs


APPEND = """\
  %l : Tensor[] = prim::ListConstruct(%x)
  %m : Tensor[] = aten::append(%l, %x)
"""


def test_a_list_that_is_written_to_keeps_its_length() -> None:
    body = APPEND + "  %n : int = aten::len(%l)\n  %y : Tensor = aten::mul(%x, %n)\n"
    assert called(body) == ["prim::ListConstruct", "aten::append", "aten::len", "aten::mul"]


def test_a_list_that_is_only_written_to_is_dead() -> None:
    """Where something was folded: only then does torch look for it."""
    body = APPEND + FOLDED["arithmetic"]
    assert called(body) == ["aten::mul"]


def test_a_write_to_what_came_in_is_kept() -> None:
    body = "  %w : Tensor = aten::neg_(%x)\n" + FOLDED["arithmetic"]
    assert called(body) == ["aten::neg_", "aten::mul"]


def test_what_raises_is_kept() -> None:
    body = '  %m : str = prim::Constant[value="no"]()\n   = prim::RaiseException(%m, %m)\n' + FOLDED["arithmetic"]
    assert called(body) == ["prim::RaiseException", "aten::mul"]


def test_equal_constants_of_a_callee_become_one() -> None:
    two = "  %b : int = prim::Constant[value=1]()\n"
    body = ONE + two + "  %a : Tensor = aten::mul(%x, %one)\n  %y : Tensor = aten::sub(%a, %x, %b)\n"
    graph = inlined(CALL, f=f"graph(%x : Tensor):\n{body}  return (%y)\n")
    assert Counter(node.kind for node in graph.walk())["prim::Constant"] == 2  # the function, and 1


def test_constants_of_different_types_stay_apart() -> None:
    """1 is True and 1.0 in Python."""
    body = (
        ONE + "  %b : bool = prim::Constant[value=1]()\n  %f : float = prim::Constant[value=1.]()\n"
        "  %l : Tensor = aten::mul(%x, %one)\n  %m : Tensor = aten::mul(%l, %b)\n  %y : Tensor = aten::mul(%m, %f)\n"
    )
    graph = inlined(CALL, f=f"graph(%x : Tensor):\n{body}  return (%y)\n")
    made = [node.outputs[0].type.kind for node in graph.walk() if node.kind == "prim::Constant"]
    assert sorted(made) == ["Function", "bool", "float", "int"]


def test_an_operator_is_matched_again_by_what_its_operands_became() -> None:
    main = """\
graph(%x : int):
  %f : Function = prim::Constant[name="f"]() #| {"types": {"0": ["Function", [], "f", []]}}
  %y : Scalar = prim::CallFunction(%f, %x)
  return (%y)
"""
    body = "graph(%x : Scalar):\n  %y : Scalar = aten::mul(%x, %x)\n  return (%y)\n"
    graph = inlined(main, f=body)
    assert graph.nodes[-1].schema == "aten::mul.int(int a, int b) -> int"


def test_the_same_program_gives_the_same_bytes() -> None:
    texts = {
        print_graph(inlined(CALL, f=f"graph(%x : Tensor):\n{body}  return (%y)\n"))
        for body in [LOOP.format(turns=3, operator="neg", result="%next")] * 3
    }
    assert len(texts) == 1


def test_a_concatenation_in_a_concatenation_is_taken_apart() -> None:
    body = """\
  %d : int = prim::Constant[value=1]()
  %l : Tensor[] = prim::ListConstruct(%x, %x)
  %c : Tensor = aten::cat(%l, %d)
  %m : Tensor[] = prim::ListConstruct(%x, %c)
  %y : Tensor = aten::cat(%m, %d)
"""
    graph = inlined(CALL, f=f"graph(%x : Tensor):\n{body}  return (%y)\n")
    assert kinds(graph) == ["prim::ListConstruct", "aten::cat"]
    assert graph.nodes[-2].inputs == graph.inputs * 3


def test_a_concatenation_along_another_dimension_stays() -> None:
    body = """\
  %d : int = prim::Constant[value=1]()
  %e : int = prim::Constant[value=2]()
  %l : Tensor[] = prim::ListConstruct(%x, %x)
  %c : Tensor = aten::cat(%l, %d)
  %m : Tensor[] = prim::ListConstruct(%x, %c)
  %y : Tensor = aten::cat(%m, %e)
"""
    assert called(body).count("aten::cat") == 2


def test_the_rank_of_a_convolution_is_known() -> None:
    body = """\
  %n : NoneType = prim::Constant()
  %one : int = prim::Constant[value=1]()
  %l : int[] = prim::ListConstruct(%one, %one)
  %c : Tensor = aten::conv2d(%x, %x, %n, %l, %l, %l, %one)
  %d : int = aten::dim(%c)
  %y : Tensor = aten::mul(%c, %d)
"""
    assert called(body) == ["prim::ListConstruct", "aten::conv2d", "aten::mul"]


@pytest.mark.parametrize(
    ("expression", "operator", "given"),
    [
        ("too large for 64 bits", "mul", 2**62),
        ("division by zero", "floordiv", 0),
    ],
)
def test_what_torch_would_not_compute_is_not_folded(expression: str, operator: str, given: int) -> None:
    body = (
        f"  %a : int = prim::Constant[value={given}]()\n  %n : int = aten::{operator}(%a, %a)\n"
        "  %y : Tensor = aten::mul(%x, %n)\n"
    )
    assert called(body) == [f"aten::{operator}", "aten::mul"], expression

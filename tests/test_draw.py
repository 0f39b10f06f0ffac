"""Graphs as pictures, and pictures as DOT: what is drawn, grouped, folded, escaped, and how long that takes."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from typing import Any

import pytest

from tsl.draw.dot import dot, quoted
from tsl.draw.labels import parameters
from tsl.draw.picture import Box, Cluster, Edge, Mark, Picture
from tsl.draw.sketch import Told, sketch
from tsl.ir.graph import Block, Graph, Node, Value
from tsl.ir.types import parse

CONV = "aten::conv2d(Tensor input, Tensor weight, Tensor? bias=None, int[2] stride=1, int[2] padding=0) -> Tensor"
RELU = "aten::relu(Tensor self) -> Tensor"


class Builder:
    """Makes values and nodes with numbers of their own."""

    def __init__(self) -> None:
        self.count = 0
        self.self = self.value("__torch__.net.Net", "self")
        self.x = self.value("Tensor", "x")

    def value(self, type: str = "Tensor", name: str = "") -> Value:
        self.count += 1
        kind = parse(type)
        if type.startswith("__torch__."):
            from tsl.ir.types import Type

            kind = Type("Class", (), type)
        return Value(self.count, kind, name or str(self.count))

    def node(self, kind: str, *inputs: Value, type: str = "Tensor", name: str = "", **more: Any) -> Node:
        return Node(kind, inputs, (self.value(type, name),), **more)

    def constant(self, value: Any, type: str) -> Node:
        return self.node("prim::Constant", type=type, attributes=(("value", value),))

    def attribute(self, owner: Value, name: str, type: str = "Tensor") -> Node:
        return self.node("prim::GetAttr", owner, type=type, attributes=(("name", name),))

    def graph(self, *nodes: Node, outputs: Sequence[Value]) -> Graph:
        return Graph("__torch__.net.Net.forward", (self.self, self.x), nodes, tuple(outputs))


def conv_graph() -> Graph:
    make = Builder()
    backbone = make.attribute(make.self, "backbone", "__torch__.net.Backbone")
    conv = make.attribute(backbone.outputs[0], "conv", "__torch__.torch.nn.modules.conv.Conv2d")
    weight = make.attribute(conv.outputs[0], "weight")
    none, two, one = make.constant(None, "NoneType"), make.constant(2, "int"), make.constant(1, "int")
    stride = make.node("prim::ListConstruct", two.outputs[0], two.outputs[0], type="List[int]")
    padding = make.node("prim::ListConstruct", one.outputs[0], one.outputs[0], type="List[int]")
    taken = (make.x, weight.outputs[0], none.outputs[0], stride.outputs[0], padding.outputs[0])
    called = make.node("aten::conv2d", *taken, name="y", schema=CONV)
    relu = make.node("aten::relu", called.outputs[0], schema=RELU)
    return make.graph(
        *(backbone, conv, weight, none, two, one, stride, padding, called, relu), outputs=[relu.outputs[0]]
    )


def branch_graph(text: str = "yes") -> Graph:
    make = Builder()
    flag = make.node("aten::is_floating_point", make.x, type="bool", name="flag")
    then = make.node("aten::relu", make.x)
    constant = make.constant(text, "str")
    chosen = Node(
        "prim::If",
        (flag.outputs[0],),
        (make.value("Tensor", "z"), make.value("str", "told")),
        blocks=(
            Block((), (then,), (then.outputs[0], constant.outputs[0])),
            Block((), (), (make.x, constant.outputs[0])),
        ),
    )
    return make.graph(constant, flag, chosen, outputs=chosen.outputs)


def loop_graph() -> Graph:
    make = Builder()
    most, go_on = make.constant(2**63 - 1, "int"), make.constant(True, "bool")
    number, carried = make.value("int", "i"), make.value("Tensor", "carried")
    step = make.node("aten::relu", carried)
    body = Block((number, carried), (step,), (go_on.outputs[0], step.outputs[0]))
    loop = make.node("prim::Loop", most.outputs[0], go_on.outputs[0], make.x, name="after", blocks=(body,))
    return make.graph(most, go_on, loop, outputs=loop.outputs)


def chain(length: int, module_of: Any = lambda number: "") -> Graph:
    make = Builder()
    nodes, value = [], make.x
    for number in range(length):
        nodes.append(make.node("aten::relu", value, schema=RELU, scope=module_of(number)))
        value = nodes[-1].outputs[0]
    return make.graph(*nodes, outputs=[value])


def boxes(members: Sequence[Box | Cluster]) -> list[Box]:
    return [box for one in members for box in ([one] if isinstance(one, Box) else boxes(one.members))]


def tree(members: Sequence[Box | Cluster]) -> list[Any]:
    """The titles of boxes and, as lists after their titles, of clusters."""
    return [one.lines[0] if isinstance(one, Box) else [one.title, *tree(one.members)] for one in members]


def titles(picture: Picture) -> list[tuple[str, str]]:
    """The edges by the titles of their ends."""
    title = {box.number: box.lines[0] for box in boxes(picture.members)}
    return [(title[edge.source], title[edge.target]) for edge in shown(picture)]


def shown(picture: Picture) -> list[Edge]:
    return [edge for edge in picture.edges if edge.kind != "order"]


def test_modules_are_clusters_and_a_node_without_attributes_lies_outside() -> None:
    picture = sketch(conv_graph())
    assert tree(picture.members) == ["x", ["backbone", ["conv", "conv2d"]], "relu", "return"]


def test_constants_attributes_and_lists_of_them_are_lines_and_defaults_are_left_out() -> None:
    (conv,) = [box for box in boxes(sketch(conv_graph()).members) if box.lines[0] == "conv2d"]
    assert conv.lines == ("conv2d", "weight", "stride=[2, 2]", "padding=[1, 1]")


def test_a_node_between_two_of_a_module_lies_in_it() -> None:
    placed = {0: "a.b", 2: "a.c", 4: "d"}
    picture = sketch(chain(6, lambda number: placed.get(number, "")))
    assert tree(picture.members) == [
        "x",
        ["a", ["b", "relu"], "relu", ["c", "relu"]],
        "relu",
        ["d", "relu"],
        "relu",
        "return",
    ]


def test_edges_are_values_with_their_type() -> None:
    picture = sketch(conv_graph())
    assert titles(picture) == [("x", "conv2d"), ("conv2d", "relu"), ("relu", "return")]
    assert [edge.label for edge in picture.edges] == ["x: Tensor", "y: Tensor", "Tensor"]


def test_an_if_is_a_cluster_with_its_blocks_in_it() -> None:
    picture = sketch(branch_graph())
    assert tree(picture.members) == [
        "x",
        "is_floating_point",
        ["if", "if", ["then", "relu"], ["else"], "end if"],
        "return",
    ]
    assert titles(picture) == [
        ("x", "is_floating_point"),
        ("is_floating_point", "if"),
        ("end if", "return"),
        ("end if", "return"),
        ("x", "relu"),
        ("relu", "end if"),
        ("x", "end if"),
    ]
    assert [edge.label for edge in shown(picture)][-2:] == ["then Tensor", "else x: Tensor"]
    (end,) = [box for box in boxes(picture.members) if box.kind == "end"]
    assert end.lines == ("end if", 'then: "yes"', 'else: "yes"')


def test_a_loop_leads_back_to_its_head() -> None:
    picture = sketch(loop_graph())
    assert tree(picture.members) == ["x", ["loop", "loop", ["body", "relu"]], "return"]
    ends = titles(picture)
    assert [pair for pair, edge in zip(ends, shown(picture), strict=True) if edge.kind == "back"] == [("relu", "loop")]
    assert ("loop", "relu") in ends
    assert ("loop", "return") in ends
    (head,) = [box for box in boxes(picture.members) if box.kind == "control"]
    assert head.lines == ("loop",)


def test_a_list_that_is_written_to_has_a_box() -> None:
    make = Builder()
    append = "aten::append.t(t[](a!) self, t(c -> *) el) -> t[](a!)"
    empty = make.node("prim::ListConstruct", type="List[Tensor]")
    appended = make.node("aten::append", empty.outputs[0], make.x, type="List[Tensor]", schema=append)
    length = make.node("aten::len", empty.outputs[0], type="int", schema="aten::len.t(t[] a) -> int")
    picture = sketch(make.graph(empty, appended, length, outputs=length.outputs))
    assert titles(picture) == [
        ("ListConstruct", "append"),
        ("x", "append"),
        ("ListConstruct", "len"),
        ("len", "return"),
    ]


def test_edges_name_classes_alone_and_tell_the_whole_name_to_who_points_at_them() -> None:
    make = Builder()
    made = make.node("prim::CreateObject", type="__torch__.torch.autograd.no_grad")
    enter = make.node("prim::Enter", made.outputs[0])
    (edge,) = sketch(make.graph(made, enter, outputs=())).edges
    assert (edge.label, edge.hint.partition(" : ")[2]) == ("no_grad", "__torch__.torch.autograd.no_grad")


def test_a_call_is_named_by_module_and_method() -> None:
    make = Builder()
    conv = make.attribute(make.self, "conv", "__torch__.Conv")
    call = make.node("prim::CallMethod", conv.outputs[0], make.x, attributes=(("name", "forward"),))
    assert tree(sketch(make.graph(conv, call, outputs=call.outputs)).members) == ["x", "conv.forward", "return"]


def test_the_operators_of_another_library_keep_their_namespace() -> None:
    make = Builder()
    nms = make.node("torchvision::nms", make.x)
    assert tree(sketch(make.graph(nms, outputs=nms.outputs)).members) == ["x", "torchvision::nms", "return"]


def test_modules_below_the_depth_are_one_box_with_what_crosses_their_border() -> None:
    placed = ("a.b", "a.b", "a.c", "d")
    picture = sketch(chain(4, lambda number: placed[number]), depth=1)
    assert tree(picture.members) == ["x", ["a", "b", "c"], ["d", "relu"], "return"]
    assert titles(picture) == [("x", "b"), ("b", "c"), ("c", "relu"), ("relu", "return")]
    assert [box.lines for box in boxes(picture.members) if box.kind == "module"] == [
        ("b", "2 operators"),
        ("c", "1 operator"),
    ]


def test_a_folded_module_takes_its_blocks_along() -> None:
    graph = branch_graph()
    nodes = tuple(node._replace(scope="a") if node.kind == "prim::If" else node for node in graph.nodes)
    picture = sketch(graph._replace(nodes=nodes), depth=0)
    assert tree(picture.members) == ["x", "is_floating_point", "a", "return"]
    assert titles(picture) == [
        ("x", "is_floating_point"),
        ("is_floating_point", "a"),
        ("a", "return"),
        ("a", "return"),
        ("x", "a"),
    ]


def test_findings_are_drawn_on_their_box() -> None:
    mark = Mark("TSL401", "host-sync", "warning", 'waits for "x"')
    picture = sketch(conv_graph(), Told(lambda node: [mark, mark] if node.kind == "aten::relu" else []))
    assert [box.marks for box in boxes(picture.members) if box.lines[0] == "relu"] == [(mark,)]
    text = dot(picture)
    (line,) = [line for line in text.splitlines() if "TSL401" in line]
    assert 'label="relu\\nTSL401 host-sync"' in line
    assert 'tooltip="aten::relu(Tensor self) -> Tensor\\nwarning TSL401 host-sync: waits for \\"x\\""' in line
    assert 'class="operator warning"' in line


def test_a_folded_module_shows_the_findings_in_it() -> None:
    first, second = Mark("TSL401", "host-sync", "warning", "one"), Mark("TSL401", "host-sync", "warning", "two")
    marks = iter(([first], [second], []))
    picture = sketch(chain(3, lambda number: "a"), Told(lambda node: next(marks)), depth=0)
    assert "TSL401 host-sync (x2)" in dot(picture)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", '"plain"'),
        ('"quoted"', '"\\"quoted\\""'),
        ("back\\slash\\", '"back\\\\slash\\\\"'),
        ("\\N \\G", '"\\\\N \\\\G"'),
        ("two\nlines", '"two\\nlines"'),
        ("<b>bold</b>", '"<b>bold</b>"'),
        ("a &amp; b & c", '"a &amp;amp; b &amp; c"'),
        ("日本 é", '"日本 é"'),
        ("bell\x07 esc\x1b[31m nul\0 del\x7f", '"bell␇ esc␛[31m nul␀ del\N{REPLACEMENT CHARACTER}"'),
        ("half\ud800 turned\u202e", '"half\N{REPLACEMENT CHARACTER} turned\N{REPLACEMENT CHARACTER}"'),
        ("", '""'),
    ],
)
def test_a_text_is_quoted_so_that_it_is_shown_as_it_is(text: str, written: str) -> None:
    assert quoted(text) == written


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        (CONV, ["input", "weight", "bias=None", "stride=1", "padding=0"]),
        (
            "aten::add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)",
            ["self", "other", "alpha=1"],
        ),
        ("prim::nothing() -> ()", []),
        ("aten::max(Tensor self) -> (Tensor values, Tensor indices)", ["self"]),
        ("aten::f(int[3] sizes=[1, 2, 3], (int, int)? pair=None) -> ()", ["sizes=[1, 2, 3]", "pair=None"]),
    ],
)
def test_the_parameters_of_a_schema_are_read(schema: str, written: list[str]) -> None:
    found = [one.name if one.default is None else f"{one.name}={one.default}" for one in parameters(schema)]
    assert found == written


def test_the_same_graph_makes_the_same_bytes() -> None:
    assert dot(sketch(conv_graph())) == dot(sketch(conv_graph()))


def test_blocks_may_be_nested_deeper_than_python_calls() -> None:
    make = Builder()
    inner = make.node("aten::relu", make.x)
    for _ in range(3000):
        inner = Node("prim::If", (make.x,), (make.value(),), blocks=(Block((), (inner,), inner.outputs),))
    text = dot(sketch(make.graph(inner, outputs=inner.outputs)))
    assert text.count("subgraph") == 6000
    assert text.count("{") == text.count("}")


def test_modules_may_be_nested_deeper_than_python_calls() -> None:
    path = ".".join(["a"] * 3000)
    assert dot(sketch(chain(2, lambda number: path))).count("subgraph") == 3000


def test_a_large_graph_takes_time_in_proportion() -> None:
    def seconds(length: int) -> float:
        graph = chain(length, lambda number: f"layer{number // 50}.block{number // 10 % 5}")
        start = time.process_time()
        dot(sketch(graph))
        return time.process_time() - start

    small, large = min(seconds(5_000) for _ in range(3)), seconds(50_000)
    assert large < 25 * small  # ten times the nodes, and room for a loaded machine
    assert large < 10


def test_graphviz_reads_it_and_shows_every_text_as_it_is() -> None:
    if shutil.which("dot") is None:
        pytest.skip("Graphviz is not installed: apt-get install graphviz")
    text = 'a "b" \\N \\ <i> & &lt; 日'
    for picture in (sketch(branch_graph(text)), sketch(loop_graph()), sketch(conv_graph())):
        done = subprocess.run(["dot", "-Tsvg"], input=dot(picture), capture_output=True, encoding="utf-8", check=True)
        assert done.stderr == ""
        assert done.stdout.count('class="node ') == len(boxes(picture.members))
        assert done.stdout.count('class="edge ') == len(shown(picture))
    svg = subprocess.run(
        ["dot", "-Tsvg"], input=dot(sketch(branch_graph(text))), capture_output=True, encoding="utf-8", check=True
    )
    texts = [html.unescape(found) for found in re.findall(r"<text[^>]*>(.*?)</text>", svg.stdout)]
    assert f'then: "{text}"' in [found.replace("\N{NO-BREAK SPACE}", " ") for found in texts]


def test_a_dtype_is_named_and_a_device_is_its_text() -> None:
    from tsl.archive.values import Device

    make = Builder()
    schema = "aten::to(Tensor self, ScalarType dtype, Device? device=None) -> Tensor"
    dtype, device = make.constant(6, "int"), make.constant(Device("cuda:0"), "Device")
    to = make.node("aten::to", make.x, dtype.outputs[0], device.outputs[0], schema=schema)
    (box,) = [
        box for box in boxes(sketch(make.graph(dtype, device, to, outputs=to.outputs)).members) if len(box.lines) > 2
    ]
    assert box.lines == ("to", "dtype=float32", "device=cuda:0")


@pytest.mark.parametrize(
    ("scope", "drawn"),
    [
        ("a.b", ["a", ["b", "relu"]]),
        ("Net::/Net::__module.a/A::__module.a.b", ["a", ["b", "relu"]]),
        ("Net::", "relu"),
    ],
)
def test_a_scope_is_a_path_or_what_a_trace_writes(scope: str, drawn: Any) -> None:
    assert tree(sketch(chain(1, lambda number: scope)).members) == ["x", drawn, "return"]

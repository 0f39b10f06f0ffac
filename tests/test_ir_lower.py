"""Lowering: printed code becomes the graph that torch itself makes of it, without torch, and bad code a sentence.

The second half holds it against torch, node by node, over functions that have a bit of everything; the agreement over
whole models is tests/test_ir_agreement.py.
"""

from __future__ import annotations

import random
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tsl.archive import values
from tsl.archive.archive import open_archive
from tsl.archive.code import Code
from tsl.ir.graph import Block, Graph, Node
from tsl.ir.lower import LowerError, Program, lower
from tsl.ir.text import print_graph

CONSTANT = values.Tensor("float32", (2,), (1,), 0, "cpu", "0", 2)


def program_of(text: str, version: int = 10, **more: str) -> Program:
    """The program of an archive whose code is a file `net` and others by name."""
    files = {"code/__torch__/net.py": text.encode()}
    files |= {f"code/__torch__/{name}.py": other.encode() for name, other in more.items()}
    return Program(SimpleNamespace(code=Code(files), constants=(CONSTANT,)), version=version)


def lowered(body: str, parameters: str = "x: Tensor", version: int = 10) -> str:
    """The text of the graph of a function with this body."""
    indented = "".join(f"  {line}\n" for line in body.strip("\n").splitlines())
    program = program_of(f"def f({parameters}) -> Any:\n{indented}", version)
    graph = program.functions["__torch__.net.f"]
    assert graph.lint() == ()
    return print_graph(graph, notes=False)


def test_arguments_that_are_left_out_are_constants_of_their_defaults():
    assert lowered("return torch.add(x, 2)") == (
        "graph(%x : Tensor):\n"
        "  %1 : int = prim::Constant[value=1]()\n"
        "  %2 : int = prim::Constant[value=2]()\n"
        "  %3 : Tensor = aten::add(%x, %2, %1)\n"
        "  return (%3)\n"
    )


def test_a_branch_gives_what_either_arm_set_in_the_order_it_is_used_in():
    text = lowered(
        "if torch.gt(n, 1):\n  a, b = torch.relu(x), 1\nelse:\n  a, b = x, n\nreturn (b, a)", "x: Tensor, n: int"
    )
    assert text == (
        "graph(%x : Tensor,\n"
        "      %n : int):\n"
        "  %2 : int = prim::Constant[value=1]()\n"
        "  %3 : bool = aten::gt(%n, %2)\n"
        "  %b : int, %a.2 : Tensor = prim::If(%3)\n"
        "    block0():\n"
        "      %a : Tensor = aten::relu(%x)\n"
        "      -> (%2, %a)\n"
        "    block1():\n"
        "      -> (%n, %x)\n"
        "  %7 : (int, Tensor) = prim::TupleConstruct(%b, %a.2)\n"
        "  return (%7)\n"
    )


def test_a_loop_carries_what_it_sets_and_asks_again_at_its_end():
    text = lowered("y = x\nwhile bool(torch.any(y)):\n  y = torch.relu(y)\n  gone = 3\nreturn y")
    assert "%y.3 : Tensor = prim::Loop(%1, %3, %x)" in text
    assert "block0(%4 : int, %y : Tensor):" in text
    assert text.count("aten::any") == 2


def test_a_branch_that_types_settle_is_no_branch():
    assert lowered("if isinstance(x, Tensor):\n  y = x\nelse:\n  y = torch.relu(x)\nreturn y") == (
        "graph(%x : Tensor):\n  return (%x)\n"
    )


def test_an_attribute_a_constant_a_method_and_a_function_are_told_apart():
    program = program_of(
        "class Net(Module):\n"
        "  __parameters__ = []\n"
        "  inner : __torch__.other.Inner\n"
        "  size : Final[int] = 3\n"
        "  def forward(self: __torch__.net.Net, x: Tensor) -> Tensor:\n"
        "    _0 = __torch__.other.helper\n"
        "    y = (self.inner).forward(x, self.size)\n"
        '    z = getattr(self, "inner")\n'
        "    return _0(torch.mul(y, CONSTANTS.c0), )\n",
        other="class Inner(Module):\n"
        "  def forward(self: __torch__.other.Inner, x: Tensor, n: int=2) -> Tensor:\n    return x\n"
        "def helper(x: Tensor) -> Tensor:\n  return x\n",
    )
    graph = program.functions["__torch__.net.Net.forward"]
    kinds = [(node.kind, node.attribute("name") or node.attribute("value")) for node in graph.nodes]
    assert kinds == [
        ("prim::Constant", "helper"),
        ("prim::Constant", CONSTANT),
        ("prim::Constant", 3),
        ("prim::GetAttr", "inner"),
        ("prim::CallMethod", "forward"),
        ("aten::mul", None),
        ("prim::CallFunction", None),
    ]
    assert graph.nodes[0].outputs[0].type.name == "__torch__.other.helper"


def test_the_methods_of_a_module_tree_are_listed_by_path():
    program = program_of("class Net(Module):\n  def forward(self: __torch__.net.Net) -> int:\n    return 1\n")
    inner = values.Object("__torch__.net.Net", {})
    found = program.methods(
        values.Object(
            "__torch__.gone.Outer", {"a": inner, "b": 3, "c": values.Object("__torch__.gone.X", {"d": inner})}
        )
    )
    assert [(method.path, method.qualified) for method in found] == [
        ("a", "__torch__.net.Net.forward"),
        ("c.d", "__torch__.net.Net.forward"),
    ]


def test_the_attributes_of_a_class_have_types_and_constants_are_none_of_them():
    program = program_of("class Net(Module):\n  a : Optional[Tensor]\n  b : Final[int] = 3\n  c : __torch__.net.P\n"
                         "class P(NamedTuple):\n  x : Tensor\n")  # fmt: skip
    attributes = program.attributes("__torch__.net.Net")
    assert {name: type.ir for name, type in attributes.items()} == {"a": "Tensor?", "c": "NamedTuple(x : Tensor)"}


def test_an_unknown_operator_is_kept_and_spoils_nothing_after_it():
    text = lowered("a, b, = ops.custom.two(x, 3)\nreturn torch.cat([torch.relu(a), b])")
    assert "%a : Unknown, %b : Unknown = custom::two(%x, %" in text
    assert ": Tensor = aten::cat(" in text


def test_before_version_4_a_division_is_two():
    assert lowered("return torch.div(x, x)", version=4).count("aten::div") == 1
    text = lowered("return torch.div(x, x)", version=3)
    assert text.count("aten::div") == 2
    assert 'prim::Constant[value="trunc"]' in text


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return y", "y is not defined"),
        ("return x < 3", "Compare is not printed by PyTorch"),
        ("import os\nreturn x", "Import is not printed by PyTorch"),
        ("return x.shape", "Tensor has no attribute shape"),
        ("return CONSTANTS.c7", "the archive has no constant c7"),
        ("return torch", "a namespace of operators is no value"),
        ("a, b = torch.relu(x), 1, 2\nreturn a", "3 values are bound to 2 names"),
        ("for i in x:\n  pass\nreturn x", "a loop goes over something else than range(count)"),
        ("return fork(x)", "fork takes a function that is defined beside it"),
        ("return annotate()", "it is not of the form that PyTorch prints"),
        ("return " + "torch.relu(" * 90 + "x" + ")" * 90, ""),
    ],
)
def test_what_cannot_be_lowered_says_why(body: str, message: str):
    if not message:
        lowered(body)
        return
    with pytest.raises(LowerError) as caught:
        lowered(body)
    assert message in caught.value.message


def test_a_function_that_cannot_be_lowered_takes_no_other_with_it():
    program = program_of("def bad(x: Tensor) -> Tensor:\n  return y\ndef good(x: Tensor) -> Tensor:\n  return x\n")
    assert list(program.functions) == ["__torch__.net.bad", "__torch__.net.good"]
    assert program.functions["__torch__.net.good"].outputs[0].name == "x"
    with pytest.raises(LowerError):
        program.functions["__torch__.net.bad"]
    with pytest.raises(KeyError):
        program.functions["__torch__.net.gone"]


def test_code_that_was_cut_up_is_a_graph_or_a_sentence():
    """Tokens deleted, doubled and swapped: no exception but LowerError, and every graph keeps the laws."""
    whole = (
        "class Net(Module):\n  a : Tensor\n  n : Final[int] = 3\n"
        "  def forward(self: __torch__.net.Net, x: Tensor, d: Dict[str, int]) -> Tuple[Tensor, int]:\n"
        "    y: Optional[Tensor] = None\n    _0 = torch.gt(torch.len(d), self.n)\n    for i in range(3):\n"
        "      if _0:\n        y0, k = torch.add(x, i), (1, 2)\n      else:\n        y0, k = y, (3, 4)\n      y = y0\n"
        '    z = unchecked_cast(Tensor, y)\n    return (torch.mul(z, self.a), annotate(int, d["a"]))\n'
    )
    tokens = re.findall(r"\w+|[^\w\s]|\s+", whole)
    chance, refused = random.Random(4), set[str]()
    for _ in range(300):
        cut = list(tokens)
        for _ in range(chance.randint(1, 4)):
            place, other = chance.randrange(len(cut)), chance.randrange(len(cut))
            action = chance.choice("dis")
            if action == "d":
                del cut[place]
            elif action == "i":
                cut.insert(place, cut[other])
            else:
                cut[place], cut[other] = cut[other], cut[place]
        program = program_of("".join(cut))
        for name in program.functions:
            try:
                assert program.functions[name].lint() == ()
            except LowerError as error:
                refused.add(error.message)
    assert len(refused) > 10


# Against torch.


def told_by_torch(graph: Any) -> list[Any]:
    """What torch says of a graph, as plain values: kind, schema, inputs, types and names, in order."""
    numbers: dict[int, int] = {}

    def declare(values: Any) -> tuple[str, ...]:
        return tuple(str(value.type()) for value in values if not numbers.update({value.unique(): len(numbers)}))

    def block(inputs: Any, nodes: Any, outputs: Any) -> list[Any]:
        told: list[Any] = [declare(inputs)]
        for node in nodes:
            given = tuple(numbers[value.unique()] for value in node.inputs())
            name = node.s("name") if node.kind() in {"prim::GetAttr", "prim::SetAttr", "prim::CallMethod"} else None
            schema = node.schema() if node.schema() != "(no schema)" else None
            told.append((node.kind(), schema, given, declare(node.outputs()), name))
            told += [block(inner.inputs(), inner.nodes(), inner.outputs()) for inner in node.blocks()]
            told += [told_by_torch(node.g("Subgraph"))] if node.kind() == "prim::fork" else []
        return [*told, tuple(numbers[value.unique()] for value in outputs)]

    return block(graph.inputs(), graph.nodes(), graph.outputs())


def told_here(graph: Graph) -> list[Any]:
    """The same of a graph of ours."""
    numbers: dict[int, int] = {}

    def declare(values: Any) -> tuple[str, ...]:
        return tuple(str(value.type) for value in values if not numbers.update({value.number: len(numbers)}))

    def line(node: Node) -> tuple[Any, ...]:
        given = tuple(numbers[value.number] for value in node.inputs)
        name = node.attribute("name") if node.kind in {"prim::GetAttr", "prim::SetAttr", "prim::CallMethod"} else None
        return (node.kind, node.schema, given, declare(node.outputs), name)

    def block(of: Graph | Block) -> list[Any]:
        told: list[Any] = [declare(of.inputs)]
        for node in of.nodes:
            told.append(line(node))
            told += [block(inner) for inner in node.blocks]
            told += [told_here(node.attribute("Subgraph"))] if node.kind == "prim::fork" else []
        return [*told, tuple(numbers[value.number] for value in of.outputs)]

    return block(graph)


LINE = re.compile(r" # ([^#\n:]+:\d+:\d+)$")


def lines(text: str) -> list[str]:
    """The places that a printed graph gives, those of forked functions left out."""
    text = text.partition("\nwith prim::")[0]
    return [found[1] if (found := LINE.search(line)) else "" for line in text.splitlines() if " = " in line]


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason="torch is not installed, so nothing can be scripted")
    return tmp_path_factory.mktemp("scripted")


NAMES = re.findall(
    r"^    (\w+),$", (Path(__file__).parent / "scripted.py").read_text("utf-8").split("FUNCTIONS")[1], re.M
)


@pytest.mark.filterwarnings("ignore")  # torch.jit.script is deprecated, and says so
@pytest.mark.parametrize("name", NAMES)
def test_torch_makes_the_same_graph_of(archives: Path, name: str):
    import torch

    from tests import scripted

    path = archives / f"{name}.pt"
    torch.jit.script(getattr(scripted, name)).save(str(path))
    unit = torch._C.CompilationUnit()
    torch._C.import_ir_module(unit, str(path), None, {}, False)
    program = lower(open_archive(path))
    compared = 0
    for qualified in program.functions:
        function = unit.find_function(qualified)
        if function is None:  # torch never needed it
            continue
        graph = program.functions[qualified]
        assert told_here(graph) == told_by_torch(function.graph), qualified
        pairs = zip(lines(str(function.graph)), lines(print_graph(graph, notes=False)), strict=True)
        assert [(one, other) for one, other in pairs if one and one != other] == []
        compared += 1
    assert compared


def test_the_alias_names_are_those_that_torch_normalizes():
    torch = pytest.importorskip("torch", reason="torch is not installed, so nothing can be asked")
    from tsl.ir.lower_finish import ALIASES

    for alias, name in ALIASES.items():
        code = f"def f(x: Tensor, y: Tensor, n: int):\n  return x.{alias}{{}}\n"
        for given in ("()", "(y)", "(n)", "(n, n)", "(n, n, n)", "(y, y)"):
            try:
                kinds = {node.kind() for node in torch.jit.CompilationUnit(code.format(given)).f.graph.nodes()}
            except RuntimeError:
                continue
            assert kinds >= {f"aten::{name}"}, alias
            break
        else:
            raise AssertionError(f"{alias} was not tried")

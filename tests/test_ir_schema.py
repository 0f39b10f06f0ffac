"""The table of schemas and the choice among them: torch's order, torch's rules, and no torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.checkout import ROOT
from tsl.ir.match import Matcher
from tsl.ir.schema import SchemaError, Table, parse_schema, schemas
from tsl.ir.types import Type, TypeSyntaxError, parse

MATCHER = Matcher(schemas())


def call(name: str, *given: str, **named: str) -> str | None:
    """The overload that a call means, as `aten::add.Tensor`."""
    keywords = tuple((word, parse(type)) for word, type in named.items())
    match = MATCHER.call(name, tuple(map(parse, given)), keywords)
    return match and match.schema.text.partition("(")[0]


def test_the_table_names_its_torch_and_has_every_schema():
    table = schemas()
    assert table.version == "2.13.0"
    assert [schema.overload for schema in table.overloads("aten::add")][:3] == ["Tensor", "Scalar", "out"]
    assert table.overloads("aten::no_such_operator") == table.overloads("aten::ad") == ()


def test_every_schema_of_the_table_reads():
    table = schemas()
    names = {line.partition("(")[0].rpartition("::")[0] for line in table._text.split("\n")[1:]}
    assert {"aten", "prim", "quantized"} <= names
    count = 0
    for line in filter(None, table._text.split("\n")[1:]):
        schema = parse_schema(line)
        assert schema.text == line
        count += 1
    assert f": {count} schemas" in table._text.partition("\n")[0]


def test_a_schema_says_names_defaults_keywords_and_what_is_written_to():
    schema = parse_schema(
        "aten::f.out(Tensor(a!) self, int[2] size=1, str mode='a,b', float[]? x=None, *, Device? device=None, ...)"
        " -> (Tensor(a!) out, int[] sizes)"
    )
    told = [(one.name, str(one.type), one.keyword, one.default, one.writes) for one in schema.arguments]
    assert (schema.name, schema.overload, schema.takes_any, schema.writes) == ("aten::f", "out", True, True)
    assert told == [
        ("self", "Tensor", False, None, True),
        ("size", "List[int]", False, [1, 1], False),
        ("mode", "str", False, "a,b", False),
        ("x", "Optional[List[float]]", False, None, False),
        ("device", "Optional[Device]", True, None, False),
    ]
    assert [(one.name, str(one.type)) for one in schema.returns] == [("out", "Tensor"), ("sizes", "List[int]")]


@pytest.mark.parametrize(
    "text", ["", "add", "aten::add(", "aten::add(Tensor)", "aten::add(Tensor a -> Tensor", "x() -> y"]
)
def test_what_is_no_schema_is_said_to_be_none(text: str):
    with pytest.raises((SchemaError, TypeSyntaxError)):
        parse_schema(text)


def test_a_table_without_its_torch_is_refused():
    with pytest.raises(SchemaError):
        Table("aten::add(Tensor a) -> Tensor\n")


# The expectations are what torch 2.13 itself does with such calls (facts measured over 41,923 calls of 111 archives).
@pytest.mark.parametrize(
    ("meant", "wanted"),
    [
        (call("aten::add", "Tensor", "Tensor"), "aten::add.Tensor"),
        (call("aten::add", "Tensor", "int"), "aten::add.Scalar"),
        (call("aten::add", "int", "int"), "aten::add.int"),
        (call("aten::add", "str", "str"), "aten::add.str"),
        (call("aten::add", "List[int]", "List[int]"), "aten::add.t"),
        (call("aten::eq", "int", "int"), "aten::eq.int"),
        (call("aten::conv2d", *["Tensor"] * 3, *["List[int]"] * 3, "int"), "aten::conv2d"),
        (call("aten::to", "Tensor", "int"), "aten::to.dtype"),
        (call("aten::to", "Tensor", "Device"), "aten::to.prim_Device"),
        (call("aten::__getitem__", "Dict[str, int]", "str"), "aten::__getitem__.Dict_str"),
        (call("aten::__getitem__", "List[Tensor]", "int"), "aten::__getitem__.t"),
        (call("aten::sum", "Tensor", dtype="int"), "aten::sum"),
        (call("aten::div", "Tensor", "int", rounding_mode="str"), "aten::div.Scalar_mode"),
        (call("aten::zeros", "List[int]", dtype="int", device="Device"), "aten::zeros"),
        (call("aten::format", "str", "int", "Tensor"), "aten::format"),
        (call("aten::cat", "Tuple[Tensor, Tensor]"), "aten::cat"),
        (call("aten::max_pool2d", "Tensor", "int"), "aten::max_pool2d"),
        (call("aten::relu", "Unknown"), "aten::relu"),
        (call("aten::relu", "int"), None),
        (call("aten::relu", "Tensor", "int"), None),
        (call("aten::relu", "Tensor", no_such="int"), None),
        (call("torchvision::nms", "Tensor", "Tensor", "float"), None),
    ],
)
def test_a_call_means_what_torch_takes_it_for(meant: str | None, wanted: str | None):
    assert meant == wanted


def test_a_type_variable_stands_for_one_type_in_all_places():
    match = MATCHER.call("aten::append", (parse("List[int]"), parse("int")))
    assert match is not None
    assert match.returns == (parse("List[int]"),)
    assert MATCHER.call("aten::append", (parse("List[int]"), parse("str"))) is None


def test_what_is_left_out_and_what_is_converted_is_told_by_place():
    match = MATCHER.call("aten::cat", (parse("Tuple[Tensor, Tensor]"),))
    assert match is not None
    assert [slot.origin for slot in match.slots] == [0, -1]
    assert match.slots[0].converted is parse("List[Tensor]")
    number = MATCHER.call("aten::zeros", (parse("List[int]"),), (("pin_memory", Type("Tensor")),))
    assert number is not None
    assert number.slots[-1].converted == "aten::Bool"


def test_a_node_calls_the_first_overload_its_inputs_fit():
    told = MATCHER.node("aten::add", (parse("Tensor"), parse("Tensor"), parse("int")))
    assert told == "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor"
    assert MATCHER.node("aten::add", (parse("Tensor"),)) is None


def test_the_table_is_what_the_installed_torch_says():
    torch = pytest.importorskip("torch", reason="torch is not installed, so there is nothing to compare with")
    if not torch.__version__.startswith("2.13."):
        pytest.skip("the table is of torch 2.13")
    if torch.version.cuda:
        pytest.skip("the table is of a torch that is built for the CPU, and one for CUDA has operators of its own")
    command = [sys.executable, str(ROOT / "scripts" / "torch_schemas.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

"""Which outputs of a graph no run decides."""

from __future__ import annotations

import pytest

from tsl.ir.outputs import settled_outputs
from tsl.ir.text import read_graph
from tsl.ir.uses import Uses

HEAD = """graph(%self : __torch__.net.Net, %x : Tensor, %n : int):
  %none : NoneType = prim::Constant()
  %false : bool = prim::Constant[value=0]()
  %true : bool = prim::Constant[value=1]()
  %zero : int = prim::Constant[value=0]()
  %sizes : int[] = prim::ListConstruct(%zero)
  %made : Tensor = aten::zeros(%sizes, %none, %none, %none, %none)
"""


def settled(body: str, returned: str) -> list[str]:
    text = f"{HEAD}{body}\n  return (%{returned})\n"
    return [place for place, _ in settled_outputs(Uses(read_graph(text)), frozenset({"aten::rand_like"}))]


@pytest.mark.parametrize(
    ("body", "returned", "expected"),
    [
        ("", "made", ["output"]),
        ("", "x", []),
        ("  %y : Tensor = aten::relu(%made)", "y", ["output"]),
        ("  %y : Tensor = aten::mul(%made, %x)", "y", []),
        ("  %y : Tensor = aten::mul(%made, %n)", "y", []),
        ("  %y : Tensor = aten::rand_like(%made, %none, %none, %none, %none, %none)", "y", []),
        ('  %y : Tensor = prim::GetAttr[name="scale"](%self)', "y", []),
        ("  %y : Tensor = mine::lookup(%made)", "y", []),
        ("  %v : Tensor = aten::view(%made, %sizes)\n  %w : Tensor = aten::copy_(%v, %x, %false)", "made", []),
        ("  %v : Tensor = aten::view(%made, %sizes)\n  %w : Tensor = aten::relu_(%v)", "made", ["output"]),
        ("  %t : (Tensor, Tensor) = prim::TupleConstruct(%x, %made)", "t", ["output 1"]),
        (
            '  %k : str = prim::Constant[value="a"]()\n  %d : Dict(str, Tensor) = prim::DictConstruct(%k, %made)',
            "d",
            ["output 'a'"],
        ),
        (
            "  %l : Tensor[] = prim::ListConstruct()\n  %m : Tensor[] = aten::append(%l, %x)\n"
            "  %y : Tensor = aten::cat(%l, %zero)",
            "y",
            [],
        ),
        (
            "  %big : bool = aten::gt(%n, %zero)\n  %y : Tensor = prim::If(%big)\n    block0():\n      -> (%made)\n"
            "    block1():\n      %o : Tensor = aten::neg(%made)\n      -> (%o)",
            "y",
            [],
        ),
        (
            "  %y : Tensor = prim::Loop(%n, %true, %made)\n    block0(%i : int, %c : Tensor):\n"
            "      %o : Tensor = aten::neg(%c)\n      -> (%true, %o)",
            "y",
            [],
        ),
    ],
)
def test_an_output_is_settled_where_nothing_open_reaches_it(body: str, returned: str, expected: list[str]) -> None:
    assert settled(body, returned) == expected


def test_what_is_written_late_opens_what_was_read_early() -> None:
    body = (
        "  %y : Tensor = prim::Loop(%zero, %true, %made)\n    block0(%i : int, %c : Tensor):\n"
        "      %o : Tensor = aten::neg(%made)\n      -> (%true, %o)\n"
        "  %v : Tensor = aten::view(%made, %sizes)\n  %w : Tensor = aten::add_(%v, %x, %zero)"
    )
    assert settled(body, "y") == []

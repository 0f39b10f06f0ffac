"""What a check that raises tells of tensors afterwards, and where it tells nothing."""

from __future__ import annotations

import pytest

from tsl.ir.deploy import Deploy
from tsl.ir.solved import Solved, solve
from tsl.ir.text import read_graph

HEAD = """graph(%x : Tensor, %n : int, %b : bool):
  %none : NoneType = prim::Constant()
  %zero : int = prim::Constant[value=0]()
  %one : int = prim::Constant[value=1]()
  %four : int = prim::Constant[value=4]()
  %half : int = prim::Constant[value=5]()
  %yes : bool = prim::Constant[value=1]()
  %no : bool = prim::Constant[value=0]()
  %t : str = prim::Constant[value="no"]()
  %d : int = aten::dim(%x)
  %k : int = prim::dtype(%x)
"""
RAISES = """   = prim::If(%c)
    block0():
       = prim::RaiseException(%t, %none)
      -> ()
    block1():
      -> ()
"""
PASSES = """   = prim::If(%c)
    block0():
      -> ()
    block1():
       = prim::RaiseException(%t, %none)
      -> ()
"""
IS_OTHER = "  %c : bool = aten::ne(%d, %four)\n"
IS_FOUR = "  %c : bool = aten::eq(%d, %four)\n"


def solved(body: str) -> Solved:
    return solve(read_graph(f"{HEAD}{body}  %r : Tensor = aten::relu(%x)\n  return (%r)\n"), Deploy("cpu"))


def rank(body: str) -> int | None:
    found = solved(body)
    shape = found.shape_of(found.graph.outputs[0])
    return len(shape) if isinstance(shape, tuple) else None


AND = "  %c : bool = prim::If({test})\n    block0():\n{body}      -> ({first})\n    block1():\n      -> (%no)\n"
OR = "  %c : bool = prim::If({test})\n    block0():\n      -> (%yes)\n    block1():\n{body}      -> ({second})\n"
OTHER = "  %e : bool = aten::ne(%d, %four)\n"
FOUR = "  %e : bool = aten::eq(%d, %four)\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (IS_OTHER + RAISES, 4),
        (IS_FOUR + PASSES, 4),
        (IS_FOUR + RAISES, None),
        (IS_OTHER + PASSES, None),
        (IS_OTHER.replace("(%d, %four)", "(%four, %d)") + RAISES, 4),
        (f"{FOUR}  %c : bool = aten::__not__(%e)\n{RAISES}", 4),
        (f"{OTHER}  %c : bool = aten::__or__(%b, %e)\n{RAISES}", 4),
        (f"{OTHER}  %c : bool = aten::__and__(%b, %e)\n{RAISES}", None),
        (OTHER + OR.format(test="%e", body="", second="%b") + RAISES, 4),
        (OTHER + OR.format(test="%b", body="", second="%e") + RAISES, 4),
        (FOUR + AND.format(test="%e", body="", first="%b") + PASSES, 4),
        (FOUR + AND.format(test="%b", body="", first="%e") + PASSES, 4),
        (OTHER + AND.format(test="%e", body="", first="%b") + RAISES, None),
        (FOUR + OR.format(test="%e", body="", second="%b") + PASSES, None),
        (
            "  %s : int[] = aten::size(%x)\n  %l : int = aten::len(%s)\n  %c : bool = aten::ne(%l, %four)\n" + RAISES,
            4,
        ),
        ("  %c : bool = aten::ne(%d, %n)\n" + RAISES, None),
        ("  %c : bool = aten::ne(%n, %four)\n" + RAISES, None),
    ],
)
def test_a_check_that_raises_tells_the_rank_afterwards(body: str, expected: int | None) -> None:
    assert rank(body) == expected


def test_a_size_and_a_dtype_are_told_too() -> None:
    found = solved(
        IS_OTHER
        + RAISES
        + "  %c1 : bool = aten::ne(%k, %half)\n"
        + RAISES.replace("%c", "%c1")
        + "  %s : int = aten::size(%x, %one)\n  %c2 : bool = aten::ne(%s, %four)\n"
        + RAISES.replace("%c", "%c2")
    )
    result = found.graph.outputs[0]
    shape = found.shape_of(result)
    assert isinstance(shape, tuple)
    assert (found.dtype_of(result), shape[1], isinstance(shape[0], int)) == ("float16", 4, False)


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    "body",
    [
        "   = prim::If(%b)\n    block0():\n"
        + indented(IS_OTHER + RAISES)
        + "      -> ()\n    block1():\n      -> ()\n",
        "   = prim::Loop(%n, %yes)\n    block0(%i : int):\n" + indented(IS_OTHER + RAISES) + "      -> (%yes)\n",
    ],
)
def test_a_check_that_may_not_run_tells_nothing_after_it(body: str) -> None:
    assert rank(body) is None

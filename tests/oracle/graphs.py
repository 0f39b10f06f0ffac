"""Random graphs of operators on tensors of several devices, with branches, loops and lists.

A string of bytes is read one byte a choice; past its end each choice is the first. Shapes fit by construction: a matrix
is two by two, a number has no dimensions, an index is two whole numbers, so that what is refused is refused for a
device. Each name has a kind, and what a block makes is seen in it alone. Needs nothing. It will never judge a graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tsl.ir.graph import Graph
from tsl.ir.text import read_graph

MOST_STATEMENTS, DEEPEST = 12, 2

HEAD = """\
graph(%self : __torch__.Net, %x : Tensor, %y : Tensor, %n : Tensor, %at : Tensor, %c : bool):
  %none : NoneType = prim::Constant()
  %yes : bool = prim::Constant[value=1]()
  %no : bool = prim::Constant[value=0]()
  %zero : int = prim::Constant[value=0]()
  %one : int = prim::Constant[value=1]()
  %two : int = prim::Constant[value=2]()
  %half : float = prim::Constant[value=0.5]()
  %float : int = prim::Constant[value=6]()
  %whole : int = prim::Constant[value=4]()
  %cpu : Device = prim::Constant[value="cpu"]()
  %gpu : Device = prim::Constant[value="cuda:0"]()
  %other : Device = prim::Constant[value="cuda:1"]()
  %square : int[] = prim::ListConstruct(%two, %two)
  %point : int[] = prim::ListConstruct()
  %weight : Tensor = prim::GetAttr[name="weight"](%self)
  %table : Tensor = prim::GetAttr[name="table"](%self)
  %scale : Tensor = prim::GetAttr[name="scale"](%self)
"""

# What is made of which kinds (m matrix, s number, i index, b mask, d device or None, p device) by which call.
CALLS = (
    ("m", "aten::add({m}, {m}, %one)"),
    ("m", "aten::mul({m}, {s})"),
    ("m", "aten::sub({s}, {m}, %one)"),
    ("m", "aten::zeros(%square, %none, %none, {d}, %none)"),
    ("m", "aten::relu({m})"),
    ("s", "aten::sum({m}, %none)"),
    ("m", "aten::to({m}, {p}, %float, %no, %no, %none)"),
    ("m", "aten::to({m}, {p}, %none, %no, %no)"),
    ("m", "aten::matmul({m}, {m})"),
    ("s", "aten::add({s}, {s}, %one)"),
    ("s", "aten::zeros(%point, %none, %none, {d}, %none)"),
    ("i", "aten::arange(%two, %whole, %none, %none, {d}, %none)"),
    ("m", "aten::copy_({m}, {m}, %no)"),
    ("m", "aten::type_as({m}, {m})"),
    ("m", "aten::expand_as({s}, {m})"),
    ("m", "aten::to({m}, {m}, %no, %no, %none)"),
    ("m", "aten::linear({m}, {m}, {i})"),
    ("m", "aten::linear({m}, {m}, %none)"),
    ("b", "aten::gt({m}, {s})"),
    ("b", "aten::gt({m}, {m})"),
    ("m", "aten::where({b}, {m}, {m})"),
    ("m", "aten::where({b}, {m}, {s})"),
    ("m", "aten::masked_fill({m}, {b}, %zero)"),
    ("m", "aten::masked_fill({m}, {b}, {s})"),
    ("m", "aten::index_select({m}, %zero, {i})"),
    ("m", "aten::zeros_like({m}, %none, %none, %none, %none, %none)"),
    ("m", "aten::ones_like({m}, %none, %none, {d}, %none, %none)"),
    ("m", "aten::add_({m}, {m}, %one)"),
    ("m", "aten::mul_({m}, {s})"),
    ("m", "aten::detach({m})"),
    ("m", "aten::transpose({m}, %zero, %one)"),
    ("m", "aten::softmax({m}, %one, %none)"),
    ("m", "aten::clone({m}, %none)"),
    ("m", "aten::lerp({m}, {m}, {s})"),
    ("m", "aten::addmm({m}, {m}, {m}, %one, %one)"),
    ("m", "aten::layer_norm({m}, %square, {m}, %none, %half, %no)"),
    ("m", "aten::new_zeros({m}, %square, %none, %none, %none, %none)"),
    ("s", "aten::scalar_tensor(%half, %none, %none, {d}, %none)"),
    ("s", "prim::NumToTensor(%half)"),
    ("m", "aten::cpu({m})"),
    ("m", "aten::cuda({m})"),
    ("p", "prim::device({m})"),
    ("p", "prim::device({s})"),
    ("i", "aten::add({i}, {i}, %one)"),
    ("i", "aten::to({i}, {p}, %none, %no, %no)"),
    ("m", "aten::minimum({m}, {m})"),
    ("m", "aten::pow({m}, {s})"),
    ("m", "aten::clamp({m}, {s}, {s})"),
)
WRAPPED = (
    # what is made, and what leads to it; `{0}` is what the line above made
    (
        "m",
        ("Tensor[]", "prim::ListConstruct({m}, {m})"),
        "aten::stack({0}, %zero)",
        "aten::sum({0}, %point, %no, %none)",
    ),
    ("m", ("Tensor?[]", "prim::ListConstruct({i})"), "aten::index({m}, {0})", ""),
    ("m", ("Tensor?[]", "prim::ListConstruct({i})"), "aten::index_put_({m}, {0}, {s}, %no)", ""),
    ("m", ("Tensor?[]", "prim::ListConstruct({i})"), "aten::index_put({m}, {0}, {m}, %no)", ""),
)


class Writer:
    """Writes the text of a graph from bytes."""

    def __init__(self, choices: bytes) -> None:
        self._choices, self._at, self._count = choices, 0, 0
        self.lines: list[str] = []

    def choose(self, count: int) -> int:
        """A number below `count`."""
        self._at += 1
        return self._choices[self._at - 1] % count if self._at <= len(self._choices) else 0

    @property
    def is_over(self) -> bool:
        """Whether all bytes were read."""
        return self._at >= len(self._choices)

    def name(self) -> str:
        """A name that is not taken."""
        self._count += 1
        return f"%v{self._count}"

    def block(self, scope: dict[str, list[str]], depth: int, most: int) -> None:
        """Writes statements; what they make joins the scope."""
        for _ in range(most):
            if self.is_over:
                return
            self.statement(scope, depth)

    def statement(self, scope: dict[str, list[str]], depth: int) -> None:
        """Writes one statement."""
        kind = self.choose(12)
        if kind == 0 and depth < DEEPEST:
            self.branch(scope, depth)
        elif kind == 1 and depth < DEEPEST:
            self.loop(scope, depth)
        elif kind == 2:
            self.listed(scope, depth)
        elif kind == 3:
            self.wrapped(scope, depth)
        else:
            made, call = CALLS[self.choose(len(CALLS))]
            self.define(scope, depth, made, self.filled(call, scope))

    def filled(self, call: str, scope: dict[str, list[str]]) -> str:
        """A call with names of the kinds it takes."""
        return "".join(self._names(call, scope))

    def _names(self, call: str, scope: dict[str, list[str]]) -> Iterator[str]:
        head, *rest = call.split("{")
        yield head
        for part in rest:
            kind, _, tail = part.partition("}")
            known = scope[kind]
            yield known[-1 - self.choose(len(known))] + tail

    def define(self, scope: dict[str, list[str]], depth: int, kind: str, call: str) -> None:
        """Writes a line that makes a name of a kind."""
        name = self.name()
        self.line(depth, f"{name} : {'Device' if kind == 'p' else 'Tensor'} = {call}")
        scope[kind].append(name)
        if kind == "p":
            scope["d"].append(name)

    def line(self, depth: int, text: str) -> None:
        """Writes a line."""
        self.lines.append("  " * (2 * depth + 1) + text)

    def listed(self, scope: dict[str, list[str]], depth: int) -> None:
        """A list of two that grows by one, and one of its elements."""
        held = self.name()
        self.line(depth, f"{held} : Tensor[] = {self.filled('prim::ListConstruct({m}, {m})', scope)}")
        grown = self.name()
        self.line(depth, f"{grown} : Tensor[] = aten::append({held}, {self.filled('{m}', scope)})")
        place = ("%zero", "%one", "%two")[self.choose(3)]
        self.define(scope, depth, "m", f"aten::__getitem__({held}, {place})")

    def wrapped(self, scope: dict[str, list[str]], depth: int) -> None:
        """An operator that takes a list of tensors."""
        made, (kind, first), call, last = WRAPPED[self.choose(len(WRAPPED))]
        held, result = self.name(), self.name()
        self.line(depth, f"{held} : {kind} = {self.filled(first, scope)}")
        text = self.filled(call.replace("{0}", held), scope)
        self.line(depth, f"{result} : Tensor = {text}")
        if last:
            axis = self.name()
            self.line(depth, f"{axis} : int[] = prim::ListConstruct(%zero)")
            self.define(scope, depth, made, last.replace("{0}", result).replace("%point", axis))
        else:
            scope[made].append(result)

    def branch(self, scope: dict[str, list[str]], depth: int) -> None:
        """An If whose arms leave a matrix and a number."""
        condition = ("%c", "%yes", "%no")[self.choose(3)]
        matrix, number = self.name(), self.name()
        self.line(depth, f"{matrix} : Tensor, {number} : Tensor = prim::If({condition})")
        for place in range(2):
            self._arm(f"block{place}():", scope, depth)
        scope["m"].append(matrix)
        scope["s"].append(number)

    def loop(self, scope: dict[str, list[str]], depth: int) -> None:
        """A Loop of some rounds that carries a matrix and a number."""
        rounds = ("%two", "%one", "%zero")[self.choose(3)]
        made, carried = [self.name(), self.name()], [self.name(), self.name()]
        given = self.filled("{m}, {s}", scope)
        declared = ", ".join(f"{name} : Tensor" for name in made)
        self.line(depth, f"{declared} = prim::Loop({rounds}, %yes, {given})")
        inner = {kind: list(names) for kind, names in scope.items()}
        inner["m"].append(carried[0])
        inner["s"].append(carried[1])
        taken = ", ".join(f"{name} : Tensor" for name in carried)
        self._arm(f"block0({self.name()} : int, {taken}):", inner, depth, "%yes, ")
        scope["m"].append(made[0])
        scope["s"].append(made[1])

    def _arm(self, head: str, scope: dict[str, list[str]], depth: int, first: str = "") -> None:
        self.lines.append("  " * (2 * depth + 2) + head)
        inner = {kind: list(names) for kind, names in scope.items()}
        self.block(inner, depth + 1, 1 + self.choose(3))
        self.lines.append("  " * (2 * depth + 3) + f"-> ({first}{self.filled('{m}, {s}', inner)})")


def text_of(choices: bytes) -> str:
    """The text of the graph that bytes stand for."""
    scope = {
        "m": ["%weight", "%table", "%y", "%x"],
        "s": ["%scale", "%n"],
        "i": ["%at"],
        "d": ["%other", "%none", "%gpu", "%cpu"],
        "p": ["%other", "%gpu", "%cpu"],
        "b": ["%mask"],
    }
    writer = Writer(choices)
    writer.line(0, "%mask : Tensor = aten::gt(%x, %y)")
    writer.block(scope, 0, MOST_STATEMENTS)
    return f"{HEAD}{chr(10).join(writer.lines)}\n  return ({scope['m'][-1]}, {scope['s'][-1]})\n"


def graph_of(choices: bytes) -> Graph:
    """The graph that bytes stand for."""
    return read_graph(text_of(choices))


def shorter(choices: bytes) -> Iterator[bytes]:
    """The bytes with some left out or made less, the shortest first."""
    for width in (8, 4, 2, 1):
        for start in range(0, len(choices), width):
            yield choices[:start] + choices[start + width :]
    for place, value in enumerate(choices):
        for less in _less(value):
            yield choices[:place] + bytes([less]) + choices[place + 1 :]


def _less(value: int) -> Sequence[int]:
    return sorted({0, value // 2, value - 1} - {value, -1})

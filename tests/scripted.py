"""Functions for torch.jit.script, each with something of its printer in it: for tests/test_ir_lower.py.

Needs torch; annotations are torch.jit.script's, and the code is what the printer is to be asked about, not good code.
"""

# ruff: noqa: UP006, UP007, UP035, UP045, B007, E741, RET506

import enum
from collections.abc import Callable
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

import torch
from torch import Tensor


class Pair(NamedTuple):
    """A tensor and a number."""

    x: Tensor
    n: int


class Colour(enum.Enum):
    """Two numbers."""

    RED = 1
    BLUE = 2


@torch.jit.script
class Box:
    """A class with an operator."""

    def __init__(self, n: int):
        self.n = n

    def plus(self, n: int = 2) -> int:
        return self.n + n

    def __getitem__(self, n: int) -> int:
        return self.n * n


@torch.jit.script
class Room:
    """A context."""

    def __init__(self, n: int):
        self.n = n

    def __enter__(self) -> int:
        return self.n

    def __exit__(self, type: Any, value: Any, trace: Any):
        self.n = 0


def doubled(x: Tensor, n: int = 3) -> Tuple[Tensor, int]:
    if n > 2:
        return x * 2, n
    return x, n + 1


def returns_early(x: Tensor, n: int):
    if n == 0:
        return x
    for i in range(n):
        if i == 3:
            return x + i
        if i == 2:
            continue
        if i > 10:
            break
        x = x * i
    return x - 1


def loops(n: int, names: List[str]):
    found: List[int] = []
    for i in range(2, n, 3):
        for name in names:
            if name == "q":
                break
            found.append(len(name) * i)
    j = 0
    while j < n and j < 7:
        j += 1
        if j % 2 == 0:
            continue
        found += [j]
    while True:
        j += 1
        if j > 20:
            break
    for i, name in enumerate(names):
        found[i] = i
    return found, j


def dictionaries(d: Dict[str, Tensor], n: int):
    named: Dict[int, str] = {}
    total = 0
    for key, value in d.items():
        total += value.size(0)
        named[total] = key
    if "a" in d:
        total += 1
    squares = {i: i * i for i in range(n)}
    return list(d.keys()), named.get(3), d["a"], squares, len(named)


def tuples(pair: Pair, x: Tensor, t: Tuple[int, int, str]):
    a, b = pair
    made = Pair(a + x, b + 1)
    return made, pair.x, (pair.n, (1, 2, "a")), (x, None), t[:2], t[-1]


def optionals(x: Optional[Tensor], y: Optional[int] = None, z: Optional[List[int]] = None):
    if x is None:
        x = torch.ones(2)
    if y is not None and z is not None:
        x = x + y + z[0]
    w: Optional[Tensor] = None
    for i in range(3):
        w = x if w is None else w + x
    assert w is not None
    return w, x if y is None else x * y, z


def enums(colour: Colour):
    if colour == Colour.RED:
        return colour.value
    raise ValueError("bad " + colour.name)


def classes(n: int):
    box = Box(n)
    with Room(3) as c, Room(4):
        n += c
    return box.plus() + box.plus(n) + box[2]


def strings(x: Tensor, s: str):
    print(x, s, 3)
    told = f"{s} {x}" + "%d-%s" % (3, s)  # noqa: UP031
    odd = "é\n\t\"quoted'"
    return told.split(","), s[1:3], s.upper() if len(s) > 2 else odd, s in ["a", "b"]


def slices(x: Tensor, l: List[int]):
    x[0, 1] = 3
    x[1] += 2
    return x[0:2, None, ..., 1], x[x > 0], x[l[0]], x[[0, 1]], l[1:], l[-1], x[::2]


def numbers(a: int, b: float, x: Tensor):
    c = a / 3 + a // 2 + a**2 + a % 3 - (a << 1) + (a | 3)
    m = max(a, 3), min(b, 2.5), abs(a), int(b), float(a), -a, not a
    e = float("inf"), -float("inf"), float("nan"), 1e-12, -9223372036854775807
    return c, m, e, x * (1 + 2j), int(x), float(x.sum()), bool(x.any()), x.item()


def in_place(x: Tensor):
    a = torch.zeros(3)
    a[0] = 1
    a += x
    unseen = [1]
    unseen.append(2)
    held = [x]
    held[0] += 1
    return a, held


def many_results(x: Tensor):
    values, places = torch.max(x, 0)
    one, other = x.chunk(2)
    return values, places, torch.max(x, 1), x.sort().values, x.split(2), one + other, x.shape, x.dtype, x.device


def factories(x: Tensor):
    there = torch.device("cuda:1")
    filled = torch.full((2, 2), 1.5), torch.tensor([1, 2]), torch.zeros(3, dtype=torch.float64, device=there)
    return filled, x.to(there), x.to(torch.float16), x.cuda(), x.type_as(x), torch.rand(2, 3, device="cuda")


def forks(x: Tensor, n: int):
    first = torch.jit.fork(doubled, x, n)
    more: List[torch.jit.Future[Tuple[Tensor, int]]] = []
    for i in range(n):
        more.append(torch.jit.fork(doubled, x, i + 2))
    r, k = torch.jit.wait(first)
    for future in more:
        r = r + torch.jit.wait(future)[0]
    return r, k


def asks_for_types(x: Union[int, str, List[int]], a: Any, y: Optional[Tensor]):
    n = 0
    if isinstance(x, int):
        n += x
    elif isinstance(x, str):
        n += len(x)
    else:
        n += x[0]
    if isinstance(a, (str, float)):
        n += 2
    if isinstance(y, Tensor):
        n += y.size(0)
    return n


def lists(x: Tensor, n: int):
    many = [x, x + 1]
    many.append(x)
    nested: List[List[int]] = []
    nested.append([1])
    counted = [i * 2 for i in range(n)]
    maybe: List[Optional[Tensor]] = [x, None]
    numbers: List[int] = x.tolist()
    empty: List[Tensor] = []
    return torch.cat(many[:2] + many), nested, counted.pop(), maybe, sum(counted), empty, numbers


def raises(x: Tensor, n: int):
    if n > 3:
        raise RuntimeError(f"n {n}")
    elif n == 2:
        assert x.dim() == 2, "dim"
        y = x
    else:
        y = x * 2
    return y


def keywords(x: Tensor):
    return (
        torch.nn.functional.gelu(x, approximate="tanh"),
        torch.div(x, 2, rounding_mode="trunc"),
        x.sum(dim=[0, 1], keepdim=True),
        torch.nn.functional.interpolate(x, size=[3], mode="linear", align_corners=False),
        torch.add(x, x, alpha=2),
        torch.einsum("bi,bj->ij", x, x),
    )


def aliases(x: Tensor):
    more = torch.special.expit(x), torch.swapaxes(x, 0, 1), torch.inverse(x), torch.rsub(x, x), torch.det(x)
    return torch.absolute(x), torch.clip(x, 0, 1), torch.multiply(x, x), torch.true_divide(x, 2), more


FUNCTIONS: tuple[Callable[..., Any], ...] = (
    returns_early,
    loops,
    dictionaries,
    tuples,
    optionals,
    enums,
    classes,
    strings,
    slices,
    numbers,
    in_place,
    many_results,
    factories,
    forks,
    asks_for_types,
    lists,
    raises,
    keywords,
    aliases,
)

"""More modules for the zoo: what is called is full of things that a pass can fold, and of things that look as if.

Needs torch. As in `specimens`, every class is scripted as it stands; `MADE` are modules that something else makes:
quantisation, hooks. It will never hold a module with more than a few weights.
"""

# torch.jit.script's own spelling of types, and code that only passes would write
# ruff: noqa: UP006, UP007, UP031, UP032, UP035, UP045, C416, F841, RET505, RUF005, SIM108

import enum
import math
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

import torch
from torch import Tensor, nn


class Kind(enum.Enum):
    """Two numbers."""

    A = 1
    B = 2


class Pair(NamedTuple):
    """A pair with a default."""

    a: int
    b: Optional[Tensor] = None


@torch.jit.script
class Shape:
    """A class with a property, a static method and operators."""

    def __init__(self, side: float):
        self.side = side

    @property
    def area(self) -> float:
        return self.side * self.side

    def __len__(self) -> int:
        return 4

    def __contains__(self, x: float) -> bool:
        return x < self.side

    def __lt__(self, other: "Shape") -> bool:
        return self.side < other.side

    @staticmethod
    def unit() -> float:
        return 1.0


def pad_same(size: int, kernel: int, stride: int, dilation: int = 1) -> int:
    return max((-(size // -stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)


def pick(x: Tensor, mode: str = "sum", axis: Optional[int] = None, flags: Tuple[bool, bool] = (True, False)) -> Tensor:
    if mode == "sum":
        if axis is None:
            return x.sum()
        else:
            return x.sum(axis)
    elif mode == "mean" and flags[0]:
        return x.mean()
    elif mode in ["max", "amax"]:
        return x.amax()
    raise RuntimeError("unknown mode " + mode)


def shapes(x: Tensor, sizes: List[int], names: Dict[str, int]) -> Tensor:
    if len(sizes) == 2:
        a, b = sizes
    else:
        a, b = sizes[0], sizes[0]
    n = len(names) + names["w"]
    c = sizes + [1, 2]
    d = c[1:3]
    return x.view(a, b) * n + len(c) + d[0]


def check_kind(k: Kind, p: Pair) -> int:
    if k == Kind.A:
        return p.a
    return k.value + 3


def cats(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    u = torch.cat([a, b], 1)
    w = torch.cat([b, c], 1)
    return torch.cat([u, w, torch.cat([torch.cat([a], 1), c], 1)], 1)


def numbers(n: int, f: float) -> float:
    k = n * 2 + 3 - 1
    k = k + 0
    k = (k + 4) - 4
    k = k * 1
    return (
        float(k // 2)
        + f**2
        + math.floor(f)
        + math.pow(2.0, 3.0)
        + abs(-3)
        + round(1.5)
        + float(7 % 3)
        + float(7 // 2)
        + float(-7 // 2)
    )


class Fold(nn.Module):
    """Calls whose arguments are written out: most of what is called folds."""

    def forward(self, x: Tensor, y: Tensor) -> Tuple[Tensor, float, int]:
        z = pick(x) + pick(x, "mean") + pick(x, "amax") + pick(x, "sum", 1).sum()
        z = z + pad_same(7, 3, 2) + pad_same(x.size(0), 3, 2)
        s = shapes(x, [2, 3], {"w": 1, "h": 2})
        n = check_kind(Kind.A, Pair(3)) + check_kind(Kind.B, Pair(1, x))
        return s + z + cats(x, y, x).sum(), numbers(3, 2.5), n


class Classes(nn.Module):
    """Objects that live in one call."""

    def forward(self, x: Tensor) -> Tensor:
        s = Shape(2.0)
        t = Shape(3.0)
        if s < t and 1.0 in s:
            x = x * s.area + len(s) + Shape.unit()
        return x


class Strings(nn.Module):
    """Texts, sorted keys, slices of tuples."""

    names: Dict[str, int]

    def __init__(self):
        super().__init__()
        self.names = {"a": 1}

    def forward(self, s: str, xs: List[str]) -> List[str]:
        out = [
            s.strip().lower(),
            s.replace("a", "b"),
            ",".join(xs),
            s[::-1] if False else s[1:],
            str(3),
            "%s-%d" % (s, 3),
            "{}:{}".format(s, 2),
        ]
        for i, w in enumerate(xs):
            if w.startswith("x") or w.find("y") > 0 or w.isdigit():
                out.append(w * 1 if False else w)
                continue
            if i > 3:
                break
        out.sort()
        out.extend(xs)
        d = {k: v + 1 for k, v in self.names.items()}
        for k in sorted(d.keys()):
            out.append(k)
        t = (1, "a", 2.0)
        u = t[1:]
        return out + [u[0]] + [x for x in ["p", "q"]]


class Opt(nn.Module):
    """What may be None, and unions, refined in every way."""

    bias: Optional[Tensor]

    def __init__(self):
        super().__init__()
        self.register_parameter("bias", None)
        self.w = nn.Parameter(torch.ones(3))
        self.act = nn.ReLU(inplace=True)
        self.none = None

    def helper(self, x: Tensor, y: Optional[Tensor], z: Union[int, float, None] = None) -> Tensor:
        assert y is not None
        if z is None:
            z = 2
        if isinstance(z, int):
            return x + y * z
        return x * y

    def forward(self, x: Tensor, y: Optional[Tensor] = None, a: Any = None) -> Tensor:
        b = self.bias
        if b is not None:
            x = x + b
        if y is None:
            y = torch.zeros_like(x)
        if hasattr(self, "nothing"):
            x = x + 1
        if torch.jit.is_scripting():
            x = x * 2
        x = self.helper(x, y) + self.helper(x, self.w, 3.0)
        x = self.act(x.clone())
        if isinstance(a, int):
            x = x + a
        v = torch.jit._unwrap_optional(y)
        w: Optional[int] = None
        for i in range(3):
            if w is None:
                w = i
            else:
                w = w + i
        return x + v + (w if w is not None else 0)


class Hooked(nn.Module):
    """A module with hooks."""

    def __init__(self):
        super().__init__()
        self.l = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.l(x)


def pre(self, input: Tuple[Tensor]) -> Tuple[Tensor]:
    return (input[0] + 1,)


def post(self, input: Tuple[Tensor], output: Tensor) -> Tensor:
    return output * 2


class Outer(nn.Module):
    """A module that holds one with hooks."""

    def __init__(self):
        super().__init__()
        self.h = Hooked()
        self.h.register_forward_pre_hook(pre)
        self.h.register_forward_hook(post)

    def forward(self, x: Tensor) -> Tensor:
        return self.h(x)


class Writes(nn.Module):
    """Writes that are seen, and writes that nobody sees."""

    def f(self, x: Tensor, out: List[Tensor]) -> int:
        out.append(x)
        tmp = [x]
        tmp.append(x * 2)
        y = x.clone()
        y.add_(1)
        z = x.clone()
        z[0] = 1
        return len(out)

    def forward(self, x: Tensor) -> Tensor:
        out: List[Tensor] = []
        n = self.f(x, out) + self.f(x, [])
        w = x.view(-1)
        w.mul_(2)
        buf = torch.zeros(3)
        buf += 1
        d: Dict[int, Tensor] = {}
        d[1] = x
        e: Dict[int, Tensor] = {2: x}
        if 2 in e:
            x = e[2] + x
        q = [1, 2, 3]
        q[0] = 4
        q.pop()
        return out[0] * n + q[0] + torch.conv2d(x[None, None, None], torch.ones(1, 1, 1, 1)).dim()


class Loops(nn.Module):
    """Loops that run never, and values they hand back."""

    def inner(self, x: Tensor, n: int, keep: Tensor) -> Tensor:
        a = x
        b = keep
        for i in range(n):
            a = a + i
            b = keep
            c = a * 2
        while bool(a.sum() < 3):
            a = a + 1
        for _ in range(0):
            a = a * 100
        if n > 2:
            p, q = a, b
        else:
            p, q = a, b
        return p + q

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x, 3, x) + self.inner(x, int(x.size(0)), x * 2)


class Awaiting(nn.Module):
    """Forks of functions."""

    def forward(self, x: Tensor) -> Tensor:
        fut = torch.jit.fork(pick, x, "mean")
        y = x + 1
        futs = [torch.jit.fork(cats, x, y, x) for _ in range(2)]
        z = torch.jit.wait(fut)
        for f in futs:
            z = z + torch.jit.wait(f).sum()
        return z


def _quantised() -> nn.Module:
    layers = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    return torch.ao.quantization.quantize_dynamic(layers, {nn.Linear}, dtype=torch.qint8)


SCRIPTED = (Fold, Classes, Strings, Opt, Outer, Writes, Loops, Awaiting)
MADE = {"quantised": _quantised}

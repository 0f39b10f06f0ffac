"""Modules written by hand for the zoo: what TorchScript's printer, types and passes do, each thing at least once.

Needs torch. Every class is scripted as it stands; those of `TRACED` are traced too. Nothing here is meant to be good
style or a good model, and it will never hold a module with more than a few weights. Annotations are not postponed:
torch.jit.script reads those of a class as objects.
"""

# torch.jit.script's own spelling of types, and code that only passes would write
# ruff: noqa: UP006, UP007, UP035, UP045, B905, F841, RUF021, RUF046, SIM108, SIM201

import enum
from collections.abc import Callable
from typing import Dict, Final, List, NamedTuple, Optional, Tuple, Union

import torch
from torch import Tensor, nn


class Point(NamedTuple):
    """A pair of tensors."""

    x: Tensor
    y: Tensor


class Colour(enum.Enum):
    """Two words."""

    RED = "red"
    BLUE = "blue"


@torch.jit.script
class Counter:
    """A class with state, a default and an operator."""

    def __init__(self, start: int, step: int = 2):
        self.total = start
        self.step = step
        self.seen: List[int] = []

    def add(self, number: int) -> int:
        self.total += number * self.step
        self.seen.append(number)
        return self.total

    def __getitem__(self, place: int) -> int:
        return self.seen[place]


@torch.jit.interface
class Step(nn.Module):
    """An interface of modules."""

    def forward(self, input: Tensor) -> Tensor:
        pass


def scaled(x: Tensor, by: float = 2.0) -> Tensor:
    """A function that is called."""
    if by > 100.0:
        return x
    return x * by


def deeper(x: Tensor, times: int) -> Tensor:
    """A function that calls one in a loop."""
    for _ in range(times):
        x = scaled(x, 0.5)
    return x


class Branches(nn.Module):
    """Branches on tensors, numbers, options and flags."""

    flag: Final[bool]

    def __init__(self) -> None:
        super().__init__()
        self.flag = True
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor, mask: Optional[Tensor] = None, scale: Optional[float] = None) -> Tensor:
        if x.sum() > 0:
            x = self.linear(x)
        elif x.size(0) == 3:
            x = -x
        if mask is not None:
            x = x.masked_fill(mask, 0.0)
        if self.flag and scale is not None and scale > 1:
            x = x * scale
        if self.training:
            x = nn.functional.dropout(x)
        if x.dim() != 2:
            raise ValueError(f"expected two dimensions, got {x.dim()}")
        return x if mask is None else x + 1


class EarlyExit(nn.Module):
    """Returns, breaks and continues out of loops."""

    def forward(self, x: Tensor, limit: int) -> Tuple[Tensor, int]:
        count = 0
        for i in range(limit):
            if i % 3 == 1:
                continue
            if float(x.sum()) > 100.0:
                break
            x = x + i
            count += 1
            for j in range(i, limit, 2):
                if j > 7:
                    return x, j
                x = x - 1
        while count > 0:
            count -= 2
            if count == 1:
                break
        return x, count


class Containers(nn.Module):
    """Lists, dictionaries, tuples, strings, comprehensions and slices."""

    def forward(self, xs: List[Tensor], named: Dict[str, Tensor], numbers: List[int]) -> Dict[str, List[Tensor]]:
        out: Dict[str, List[Tensor]] = {}
        pairs = [(n, i) for i, n in enumerate(numbers)]
        squares = [n * n for n in numbers]
        for key, value in named.items():
            if key in out:
                out[key].append(value)
            else:
                out[key] = [value, value[1:, ::2], value[..., 0], value[None]]
        for x, n in zip(xs, numbers):
            out[f"item {n}"] = [x] * 2 + [x[n]]
        first, second = pairs[0]
        if len(squares) > 2 and first + second not in squares:
            del out["gone"]
        numbers[0] = 5
        numbers += [1, 2]
        name = "a,b".split(",")[0]
        out[name.upper()] = list(named.values())[:-1]
        a, b = torch.split(xs[0], 1)
        out["cat"] = [torch.cat([a, b]), torch.stack(xs, dim=0), xs[-1].view(-1, 2)]
        return out


class Numbers(nn.Module):
    """Arithmetic of Python's numbers, conversions and tensors of numbers."""

    def forward(self, x: Tensor, a: int, b: float, s: str) -> Tuple[int, float, Tensor, bool]:
        c = a // 2 + a % 3 - (a << 1) ^ 2
        d = b / a + float(a) + float(s) + abs(-a) + min(a, 3) + max(b, 2.0)
        e = int(x.sum()) + int(b) + int(True) + ord("c") + int(round(2.5))
        f = bool(x.any()) and not (a == b) or (a is not None)
        y = torch.tensor([a, e]) + torch.tensor(b) + torch.tensor([[1.0, 2.0]]) + x.item()
        z = torch.full([2, a], 1.5, dtype=torch.float64, device=torch.device("cpu")) + torch.zeros(2, 1).to(x)
        w = y.sum() + z.sum() + x.to(torch.int64).sum() + x.to("cpu").sum() + x.type_as(y).sum()
        return c + e, d + float("inf"), w, f


class Structures(nn.Module):
    """A named tuple, an enum, a class with state, and unions."""

    def __init__(self) -> None:
        super().__init__()
        self.colour = Colour.RED
        self.table = {"a": 1, "b": 2}
        self.sizes = [1, 2, 3]
        self.pair = (1, "two")
        self.nothing: Optional[Tensor] = None

    def forward(self, x: Tensor, other: Union[int, str], anything: Optional[List[Tensor]] = None) -> Point:
        counter = Counter(3)
        counter.add(self.table["a"])
        if self.colour == Colour.BLUE:
            x = x + counter[0]
        if isinstance(other, int):
            x = x * other
        else:
            x = x + len(other)
        if isinstance(anything, List[Tensor]):
            x = anything[0]
        point = Point(x, x + self.sizes[1])
        kept = self.nothing
        if kept is not None:
            return Point(kept, point.y)
        return Point(point.y, x * counter.total + self.pair[0])


class State(nn.Module):
    """Buffers that are written, attributes that are set, and methods beside forward."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(4))
        self.weight = nn.Parameter(torch.randn(4))
        self.calls = 0
        self.names = ["a"]

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.total.add_(x)
        self.total = self.total * 0.5
        self.names.append("b")
        x += self.weight
        x[0] = 3.0
        x[1:3] = self.total[1:3]
        self.note(x)
        return torch.relu_(x.clone())

    @torch.jit.export
    def note(self, x: Tensor) -> int:
        if len(self.names) > 30:
            print("names", self.names, x.shape)
        return self.calls

    @torch.jit.unused
    def untouched(self, x: Tensor) -> Tensor:
        return x.numpy()


class Calls(nn.Module):
    """Functions that call functions, submodules in lists and dictionaries, and an interface."""

    step: Step

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(4, 4), nn.ReLU(), nn.BatchNorm1d(4)])
        self.heads = nn.ModuleDict({"left": nn.Linear(4, 2), "right": nn.Linear(4, 3)})
        self.step = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.1))
        self.chain = nn.Sequential(nn.Conv1d(1, 2, 3), nn.BatchNorm1d(2), nn.GELU(), nn.Flatten())

    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        x = deeper(scaled(x), 3)
        for i, block in enumerate(self.blocks):
            x = block(x) + i
        x = self.step.forward(x)
        out = {"chain": self.chain(x.unsqueeze(1))}
        for name, head in self.heads.items():
            out[name] = head(x)
        return out


class Recurrent(nn.Module):
    """Cells in a loop with carried state, and an optional state."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(4, 6)
        self.gru = nn.GRU(6, 3, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor, state: Optional[Tuple[Tensor, Tensor]] = None) -> Tensor:
        if state is None:
            zeros = torch.zeros(x.size(0), 6, dtype=x.dtype, device=x.device)
            state = (zeros, zeros)
        outputs: List[Tensor] = []
        for step in x.unbind(1):
            state = self.cell(step, state)
            outputs.append(state[0])
        return self.gru(torch.stack(outputs, 1))[0]


class Parallel(nn.Module):
    """Forks, waits, context managers and no_grad."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        waiting: List[torch.jit.Future[Tensor]] = []
        for i in range(2):
            waiting.append(torch.jit.fork(scaled, x, float(i)))
        with torch.no_grad():
            y = self.linear(x)
        later = torch.jit.fork(self.linear, x)
        with torch.autograd.profiler.record_function("part"):
            y = y + torch.jit.wait(later)
        for one in waiting:
            y = y + torch.jit.wait(one)
        return y


class Unused(nn.Module):
    """What dead code elimination, folding and pooling are for."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.constant = 4

    def forward(self, x: Tensor) -> Tensor:
        unused = [1, 2]
        unused.append(3)
        dead = self.linear(x) * 2
        width = self.constant * 2 - 3 + len([1, 2, 3])
        label = "a" + "b"
        if width > 100:
            x = x + dead
        a, b = (x, width)
        for _ in range(3):
            ignored = a + 1
        if label == "ab":
            return a * b + 1 * 2 + (1 + 2) / 3
        return x


class Upsampled(nn.Module):
    """Operators with overloads that torch resolves by type, and complex numbers."""

    def forward(self, x: Tensor, size: Optional[List[int]] = None) -> Tuple[Tensor, Tensor]:
        y = nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")
        y = nn.functional.interpolate(y, size=(8, 8), mode="bilinear", align_corners=False)
        y = nn.functional.pad(y, [1, 1, 0, 2], mode="constant", value=0.5)
        y = torch.div(y, 2, rounding_mode="floor") + torch.max(y) + torch.max(y, dim=1, keepdim=True)[0]
        z = torch.fft.fft(y) * (1 + 2j)
        y = y[y > 0] if size is None else y.reshape(size)
        return torch.where(y != y, y.mean(), y), z.real


class Attention(nn.Module):
    """A small BERT layer: embedding, attention with a mask, layer norm, GELU."""

    def __init__(self, width: int = 8, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.embedding = nn.Embedding(10, width)
        self.position = nn.Embedding(16, width)
        self.register_buffer("places", torch.arange(16).unsqueeze(0), persistent=False)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norms = nn.ModuleList([nn.LayerNorm(width, eps=1e-12) for _ in range(2)])
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, tokens: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        batch, length = tokens.shape
        x = self.embedding(tokens) + self.position(self.places[:, :length])
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        scores = q @ k.transpose(-2, -1) / q.size(-1) ** 0.5
        if mask is not None:
            scores = scores + (1.0 - mask[:, None, None, :].to(scores.dtype)) * -10000.0
        mixed = (scores.softmax(dim=-1) @ v).transpose(1, 2).reshape(batch, length, -1)
        x = self.norms[0](x + nn.functional.dropout(self.out(mixed), 0.1, self.training))
        return self.norms[1](x + self.mlp(x))


class Constants(nn.Module):
    """Tensors that are no parameters, devices and dtypes written out."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = torch.tensor([0.5, 0.25])
        self.device = torch.device("cpu")

    def forward(self, x: Tensor) -> Tensor:
        grid = torch.arange(x.size(1), device=self.device, dtype=torch.float32)
        if x.device != grid.device or x.dtype == torch.float16:
            grid = grid.to(x.device, x.dtype, non_blocking=True)
        return (x - self.mean.to(x)) * grid + torch.ones_like(x) + torch.tensor(3)


SCRIPTED: tuple[Callable[[], nn.Module], ...] = (
    Branches,
    EarlyExit,
    Containers,
    Numbers,
    Structures,
    State,
    Calls,
    Recurrent,
    Parallel,
    Unused,
    Upsampled,
    Attention,
    Constants,
)
TRACED: dict[Callable[[], nn.Module], Callable[[], tuple[Tensor, ...]]] = {
    Branches: lambda: (torch.randn(3, 4),),
    Calls: lambda: (torch.randn(3, 4),),
    Recurrent: lambda: (torch.randn(2, 5, 4),),
    Attention: lambda: (torch.zeros(2, 6, dtype=torch.long), torch.ones(2, 6)),
    Upsampled: lambda: (torch.randn(1, 2, 4, 4),),
    Constants: lambda: (torch.randn(3, 2),),
    State: lambda: (torch.randn(4),),
}

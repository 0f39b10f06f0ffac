"""Programs that scripts/target_tables.py saves for the lite interpreter, by the node that only they have.

A `with` is `prim::Enter` and `prim::Exit`; the first stands for both.

Each is scripted and saved with `_save_for_lite_interpreter`; where torch refuses, the interpreter lacks the node.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Doubled(NamedTuple):
    twice: Tensor


@torch.jit.script
class Holder:
    def __init__(self, value: Tensor) -> None:
        self.value = value


class Enters(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            y = x * 2
        return x + y


class Forks(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.jit.wait(torch.jit.fork(torch.neg, x))


class Makes(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return Holder(x).value


class Names(nn.Module):
    def forward(self, x: Tensor) -> Doubled:
        return Doubled(x * 2)


class Maps(nn.Module):
    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"x": x}


class Raises(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.size(0) > 100:
            raise ValueError("too long")
        return x


class Prints(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        print(x.size(0))
        return x


class Loops(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        for row in range(x.size(0)):
            x = x + row
        return x


class Lists(nn.Module):
    def forward(self, x: Tensor) -> list[float]:
        values: list[float] = x.tolist()
        return values[:1]


class Unpacks(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        first, second = x.unbind(0)
        return first + second


PROBES: dict[str, type[nn.Module]] = {
    "prim::Enter": Enters,
    "prim::fork": Forks,
    "prim::CreateObject": Makes,
    "prim::TupleConstruct": Names,
    "prim::DictConstruct": Maps,
    "prim::RaiseException": Raises,
    "prim::Print": Prints,
    "prim::Loop": Loops,
    "prim::tolist": Lists,
    "prim::ListUnpack": Unpacks,
}

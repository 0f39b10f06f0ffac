"""Operator that takes a number read from a tensor

## What happens
The dtype of `x * number` depends on the kind of the number, and of one that `.item()`, `float()` or `int()` read from
a tensor the fuser does not know it. The operator is in no group, and on a GPU the read is a wait as well.

The finding stands where the number is read, and counts what is not fused because of it.

## Example
```python fusion
@torch.jit.script
def scaled(x: Tensor) -> Tensor:
    largest = x.max().item()  # TSL810
    y = torch.sigmoid(x) * torch.tanh(x)
    return torch.exp(y * largest) + x


class Scaled(nn.Module):
    def forward(self, x):
        return scaled(x)


def entry():
    return Scaled().eval(), torch.randn(4, 8)
```

## Use instead
```python fusion
@torch.jit.script
def scaled(x: Tensor) -> Tensor:
    largest = x.max()
    y = torch.sigmoid(x) * torch.tanh(x)
    return torch.exp(y * largest) + x


class Scaled(nn.Module):
    def forward(self, x):
        return scaled(x)


def entry():
    return Scaled().eval(), torch.randn(4, 8)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, run_rule

if TYPE_CHECKING:
    from tsl.ir.fused_facts import FusionFacts


@run_rule(
    "TSL810", severity="warning", since="0.2", help="keep the number a tensor without dimensions: leave .item() out"
)
def number_unfused(fusion: FusionFacts) -> Iterator[Finding]:
    for spot in fusion.unfused("number"):
        noun = "operator that takes it is" if spot.many == 1 else "operators that take it are"
        yield spot, f"`{spot.op}`{spot.where} reads a number, and {spot.many} {noun} in no fusion group"

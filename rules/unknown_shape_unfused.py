"""Operator on a value whose shape was not the same each time

## What happens
The fuser writes a kernel for the shapes that the first call showed. A value that had two shapes in that call, or that
no part of the call reached, has none to write a kernel for, and what is computed from it is not fused.

## Example
```python fusion
@torch.jit.script
def grown(x: Tensor, y: Tensor, times: int) -> Tensor:
    for _ in range(times):
        y = torch.cat([y, x])
        x = torch.sigmoid(y) * torch.tanh(y)  # TSL802
    return x


class Grown(nn.Module):
    def forward(self, x):
        return grown(x, x, 3)


def entry():
    return Grown().eval(), torch.randn(4, 8)
```

## Use instead
```python fusion
@torch.jit.script
def kept(x: Tensor, y: Tensor, times: int) -> Tensor:
    for _ in range(times):
        y = torch.sigmoid(y) * torch.tanh(x)
    return y


class Kept(nn.Module):
    def forward(self, x):
        return kept(x, x, 3)


def entry():
    return Kept().eval(), torch.randn(4, 8)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, run_rule

if TYPE_CHECKING:
    from tsl.ir.fused_facts import FusionFacts


@run_rule(
    "TSL802",
    severity="warning",
    since="0.2",
    help="give the value one dtype, device and shape on every path, and call the model with inputs that take it",
)
def unknown_shape_unfused(fusion: FusionFacts) -> Iterator[Finding]:
    for spot in fusion.unfused("shape unknown", "symbolic shape"):
        yield spot, f"`{spot.op}`{spot.where} is in no fusion group: {spot.why}"

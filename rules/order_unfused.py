"""Operator that may not be moved next to its group

## What happens
A group stands at one place of the graph, so what joins it must be movable there. An operator that reads what is
written in between may not be moved, and a view that is used outside of the group as well is not pulled in. Both stay
on their own.

## Example
```python fusion
@torch.jit.script
def pushed(x: Tensor, y: Tensor) -> Tensor:
    a = torch.sigmoid(x)  # TSL807
    x.copy_(y)
    return torch.tanh(a) * x


class Pushed(nn.Module):
    def forward(self, x, y):
        return pushed(x, y)


def entry():
    return Pushed().eval(), (torch.randn(4, 8), torch.randn(4, 8))
```

## Use instead
```python fusion
@torch.jit.script
def pushed(x: Tensor, y: Tensor) -> Tensor:
    a = torch.sigmoid(x)
    return torch.tanh(a) * y


class Pushed(nn.Module):
    def forward(self, x, y):
        return pushed(x, y)


def entry():
    return Pushed().eval(), (torch.randn(4, 8), torch.randn(4, 8))
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, run_rule

if TYPE_CHECKING:
    from tsl.ir.fused_facts import FusionFacts


@run_rule(
    "TSL807",
    severity="info",
    since="0.2",
    help="write a view where it is used, and nothing in place between operators that belong together",
)
def order_unfused(fusion: FusionFacts) -> Iterator[Finding]:
    for spot in fusion.unfused("order", "two uses", "list", "arguments"):
        yield spot, f"`{spot.op}`{spot.where} is in no fusion group: {spot.why}"

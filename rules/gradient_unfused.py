"""Operator under a graph for derivatives

## What happens
Where a gradient has to be recorded, torch.jit puts what it concerns into graphs for derivatives, and fuses inside of
each, from the third call on, and never across their borders. Inference that forgot `torch.no_grad()` pays for it with
memory and with kernels that could have been one.

`tsl fusion` calls the model without gradients, and with them where `--grad` says so.

## Example
```python fusion
# options: --grad
class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(8))

    def forward(self, x):
        return torch.tanh(x * self.scale) * 2  # TSL808


def entry():
    return Scaled().eval(), torch.randn(4, 8)
```

## Use instead
```python fusion
class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(8))

    def forward(self, x):
        return torch.tanh(x * self.scale) * 2


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
    "TSL808", severity="warning", since="0.2", help="call the model under torch.inference_mode() or torch.no_grad()"
)
def gradient_unfused(fusion: FusionFacts) -> Iterator[Finding]:
    for spot in fusion.unfused("requires grad"):
        yield spot, f"`{spot.op}`{spot.where} is in no fusion group of its own graph: {spot.why}"

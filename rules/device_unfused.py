"""Operator whose tensors are on more than one device

## What happens
A kernel runs on one device. An operator that takes tensors of two, which only a tensor without dimensions allows,
such as a scale that was left on the CPU, is in no group, and the chain is cut there.

It can only be seen on a machine that has two devices, or under `--predict`, which foretells CUDA without one.

## Example
```python fusion
# options: --predict --device cuda --capture script
class Scaled(nn.Module):
    def forward(self, x):
        y = torch.sigmoid(x) * torch.tanh(x)
        y = y * torch.tensor(0.5, device="cpu")  # TSL804
        return torch.relu(y) + x


def entry():
    return Scaled().eval(), torch.randn(4, 8)
```

## Use instead
```python fusion
# options: --predict --device cuda
class Scaled(nn.Module):
    def forward(self, x):
        y = torch.sigmoid(x) * torch.tanh(x)
        y = y * 0.5
        return torch.relu(y) + x


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


@run_rule("TSL804", severity="warning", since="0.2", help="move every tensor of a chain to one device before it begins")
def device_unfused(fusion: FusionFacts) -> Iterator[Finding]:
    for spot in fusion.unfused("devices"):
        yield spot, f"`{spot.op}`{spot.where} takes tensors on {spot.about}, and is in no fusion group"

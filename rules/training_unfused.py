"""Operator that runs as in training, or asks whether it does

## What happens
Batch normalization is fused where it normalizes by what it has learned. In training it counts its batch instead, and
dropout draws random numbers: neither is fused, and each cuts the chain it stands in.

A scripted module reads its flag when it runs, and is not fused there either until it is frozen; that is an info.

## Example
```python fusion
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(8)

    def forward(self, x):
        y = torch.sigmoid(x) * 2
        y = self.norm(y)  # TSL809
        return torch.relu(y) + x


def entry():
    return Block(), torch.randn(4, 8)
```

## Use instead
```python fusion
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(8)

    def forward(self, x):
        y = torch.sigmoid(x) * 2
        y = self.norm(y)
        return torch.relu(y) + x


def entry():
    return Block().eval(), torch.randn(4, 8)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.diagnostic import Severity
from tsl.rule import Finding, run_rule

if TYPE_CHECKING:
    from tsl.ir.fused_facts import FusionFacts


@run_rule(
    "TSL809",
    severity="warning",
    since="0.2",
    help="call eval() before the model is captured, and freeze a scripted one",
)
def training_unfused(fusion: FusionFacts) -> Iterator[Finding]:
    for spot in fusion.unfused("training"):
        yield spot, f"`{spot.op}`{spot.where} is in no fusion group: {spot.why}"
    for spot in fusion.unfused("training flag"):
        yield spot, f"`{spot.op}`{spot.where} is fused in a frozen model only: {spot.why}", Severity.INFO

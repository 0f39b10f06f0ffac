"""Operator in place, which no fusion group takes

## What happens
TorchScript's fuser makes one kernel of operators that work element by element. It takes none that writes into its
input (`relu_`, `add_`, `x += y`, `nn.ReLU(inplace=True)`), so that a chain is cut where one stands: the operators
before and after it become groups of their own, and each group reads and writes memory once more.

Out of place the same operator is part of the kernel, and its result never reaches memory at all.

## Example
```python fusion
class Gate(nn.Module):
    def forward(self, x):
        y = torch.sigmoid(x) * 2
        y = F.relu(y, inplace=True)  # TSL801
        return torch.tanh(y) * x


def entry():
    return Gate().eval(), torch.randn(4, 8)
```

## Use instead
```python fusion
class Gate(nn.Module):
    def forward(self, x):
        y = torch.sigmoid(x) * 2
        y = F.relu(y)
        return torch.tanh(y) * x


def entry():
    return Gate().eval(), torch.randn(4, 8)
```

## Silent cases
What a module keeps count of in place, such as the batches a BatchNorm has seen, is no part of a chain.
```python fusion
class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(8)

    def forward(self, x):
        return torch.relu(self.norm(torch.sigmoid(x)))


def entry():
    return Norm().eval(), torch.randn(4, 8)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, run_rule

if TYPE_CHECKING:
    from tsl.ir.fused_facts import FusionFacts


@run_rule(
    "TSL801", severity="warning", since="0.2", help="write it out of place: `x = F.relu(x)`, `x = x + y`, `nn.ReLU()`"
)
def in_place_unfused(fusion: FusionFacts) -> Iterator[Finding]:
    for spot in fusion.unfused("in place"):
        yield spot, f"`{spot.op}`{spot.where} is in no fusion group: {spot.why}"

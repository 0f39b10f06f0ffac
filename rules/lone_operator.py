"""Operator that could be fused, with nothing beside it

## What happens
A group of one operator would save nothing, so none is made: what is before and after is of another kind, a matrix
product, a convolution, a pooling. Nothing is lost by this one; a model made of such places is one that fusion does
not speed up.

## Example
```python fusion
class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x):
        return self.two(torch.relu(self.one(x)))  # TSL806


def entry():
    return Layer().eval(), torch.randn(4, 8)
```

## Use instead
```python fusion
class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x):
        return self.two(torch.relu(self.one(x)) + x)


def entry():
    return Layer().eval(), torch.randn(4, 8)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, run_rule

if TYPE_CHECKING:
    from tsl.ir.fused_facts import FusionFacts


@run_rule(
    "TSL806", severity="info", since="0.2", help="bring operators that work element by element next to each other"
)
def lone_operator(fusion: FusionFacts) -> Iterator[Finding]:
    for spot in fusion.unfused("alone"):
        yield spot, f"`{spot.op}`{spot.where} is in no fusion group: {spot.why}"

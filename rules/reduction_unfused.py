"""Reduction between operators that are fused

## What happens
`sum`, `softmax` and `log_softmax` have code in the fuser, which is off by default, because it is rarely faster than
torch's own. A reduction is a kernel of its own, and ends the group before it.

This is how it should be, most often; it is told so that the number of groups can be understood.

## Example
```python fusion
class Weighed(nn.Module):
    def forward(self, x):
        y = torch.sigmoid(x) * 2
        y = y / y.sum()  # TSL805
        return torch.tanh(y) * x


def entry():
    return Weighed().eval(), torch.randn(4, 8)
```

## Use instead
```python fusion
class Weighed(nn.Module):
    def forward(self, x):
        y = torch.sigmoid(x) * 2
        return torch.tanh(y) * x


def entry():
    return Weighed().eval(), torch.randn(4, 8)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, run_rule

if TYPE_CHECKING:
    from tsl.ir.fused_facts import FusionFacts


@run_rule("TSL805", severity="info", since="0.2", help="keep reductions at the ends of a chain")
def reduction_unfused(fusion: FusionFacts) -> Iterator[Finding]:
    for spot in fusion.unfused("reduction"):
        yield spot, f"`{spot.op}`{spot.where} ends a fusion group: {spot.why}"

"""ModuleList indexed by a variable

## What happens
Each module of a ModuleList has a type of its own, so that the compiler unrolls loops over it. An index that is not
written out, a slice that is iterated and a `zip` with a plain list are refused.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])

    def forward(self, x: torch.Tensor):
        for i in range(2):
            x = self.layers[i](x)  # TSL230
        return x
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])

    def forward(self, x: torch.Tensor):
        for layer in self.layers:
            x = layer(x)
        return x
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL230",
    severity="error",
    since="0.1",
    help="iterate: for i, layer in enumerate(self.layers)",
    fix="loop-over-modules",
)
def module_list_index(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("module-list"):
        yield refusal, refusal.text

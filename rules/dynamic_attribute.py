"""Attribute whose name is computed

## What happens
The compiler resolves attributes by name when it compiles: `getattr` takes a string that is written out.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc0 = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor):
        for i in range(1):
            x = getattr(self, f"fc{i}")(x)  # TSL243
        return x
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc0 = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor):
        return getattr(self, "fc0")(x)
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL243", severity="error", since="0.1", help="use a ModuleList or ModuleDict")
def dynamic_attribute(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("dynamic-attribute"):
        yield refusal, refusal.text

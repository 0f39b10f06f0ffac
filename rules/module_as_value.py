"""Module or function used as a value

## What happens
A module has no type in TorchScript that a name, a parameter or a choice could have.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.ReLU(), nn.GELU()
        self.c = nn.Linear(4, 4)
        self.d = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor):
        act = self.c if x.size(0) > 3 else self.d  # TSL242
        return act(x)
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Linear(4, 4)
        self.d = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor):
        return self.c(x) if x.size(0) > 3 else self.d(x)
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL242",
    severity="error",
    since="0.1",
    help="call it in each arm; write a method in the place of a function that takes a module",
)
def module_as_value(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("first-class"):
        yield refusal, refusal.text

"""Attribute that is made or changes its type while the model runs

## What happens
The attributes of a scripted module and their types are settled when it is compiled. One that `__init__` did not
make cannot be set, nor a Final one, nor one by a value of another type.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        self.last = x  # TSL232
        return x
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = torch.zeros(1)

    def forward(self, x: torch.Tensor):
        self.last = x
        return x
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL232", severity="error", since="0.1", help="make it in __init__, with the type it will have")
def new_attribute(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("new-attribute"):
        yield refusal, refusal.text

"""Attribute the compiled module does not have

## What happens
A scripted module takes over parameters, buffers, modules and plain values found on the object. An empty list, a
plain list of modules, a lambda, an object of another class and what stands on the class alone are left behind.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(4, 4), nn.Linear(4, 4)]

    def forward(self, x: torch.Tensor):
        for layer in self.layers:  # TSL231
            x = layer(x)
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
    "TSL231",
    severity="error",
    since="0.1",
    help="annotate it on the class, use ModuleList, or list the name in __constants__",
    fix="container-of-modules",
)
def module_attribute(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("module-attribute"):
        yield refusal, refusal.text

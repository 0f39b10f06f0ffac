"""Example whose sizes the first layer refuses

## What happens
The example input is what a trace or an export runs the model on. Where `forward` hands it to a layer as it came, and
the layer is made for another number of channels, features or dimensions, that run raises and nothing is captured.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        return self.stem(x).relu()


@torch.no_grad()
def export(path):
    torch.jit.trace(Net().eval(), torch.ones(1, 224, 224, 3)).save(path)  # TSL316
```

## Use instead
Channels come before height and width:
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        return self.stem(x).relu()


@torch.no_grad()
def export(path):
    torch.jit.trace(Net().eval(), torch.ones(1, 3, 224, 224)).save(path)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL316",
    severity="error",
    since="0.1",
    help="give the example the sizes the layer takes: a batch first, then channels",
)
def example_shape(function: Function) -> Iterator[Finding]:
    for step in function.steps("sizes"):
        yield step, f"the capture raises: the example for `{step.text}` {step.about}"

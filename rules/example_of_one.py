"""Dynamic axis of length one in the example

## What happens
Length one is special: what is one long is stretched to any other length. The older exporter keeps the stretching, drops
the dimension or fixes the axis, and says nothing. The default one of torch 2.13 keeps the axis as one that is never of
length one, so that `squeeze` does nothing to it, or raises. The first axis is left out: a batch of one is usual.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(x)


def export(path):
    model = Net().eval()
    axes = {"x": {0: "batch", 1: "length"}}
    example = torch.ones(1, 1, 4)
    torch.onnx.export(model, example, path, input_names=["x"], dynamic_axes=axes, dynamo=False)  # TSL335
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(x)


def export(path):
    model = Net().eval()
    axes = {"x": {0: "batch", 1: "length"}}
    example = torch.ones(2, 7, 4)
    torch.onnx.export(model, example, path, input_names=["x"], dynamic_axes=axes, dynamo=False)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL335", severity="warning", since="0.1", help="make the example longer than one along every axis that is dynamic"
)
def example_of_one(function: Function) -> Iterator[Finding]:
    for step in function.steps("one"):
        yield step, f"axis {step.about} of `{step.text}` is declared dynamic, and the example has length one there"

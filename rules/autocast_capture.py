"""Capture under autocast

## What happens
Autocast acts while Python runs. A trace under it has the casts that were made for the example in its graph, each time
from the weights as they are: the saved module is in mixed precision wherever it runs, with the dtype of the example's
device, and casts its weights anew on every call.

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


@torch.no_grad()
def export(path):
    model = Net().eval()
    with torch.autocast("cuda", dtype=torch.float16):
        traced = torch.jit.trace(model, torch.ones(1, 4))  # TSL306
    traced.save(path)
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


@torch.no_grad()
def export(path):
    model = Net().eval().half()
    torch.jit.trace(model, torch.ones(1, 4, dtype=torch.float16)).save(path)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL306",
    severity="warning",
    since="0.1",
    help="capture outside of autocast, and convert with `half()`, or run the result under autocast",
)
def autocast_capture(function: Function) -> Iterator[Finding]:
    for step in function.steps("autocast"):
        yield step, f"the casts that autocast made for the example stay in the capture of `{step.text}`"

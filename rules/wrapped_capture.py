"""Wrapper captured instead of the model

## What happens
`torch.compile` returns a module that compiles itself when it is called: tracing refuses it ("FX to torch.jit.trace a
dynamo-optimized function") and so does scripting. `DataParallel` does not script; traced, it keeps the split over the
devices that were there, a warning.

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
    model = torch.compile(Net().eval())
    torch.jit.trace(model, torch.ones(1, 4)).save(path)  # TSL314
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
    model = Net().eval()
    fast = torch.compile(model)
    fast(torch.ones(1, 4))
    torch.jit.trace(model, torch.ones(1, 4)).save(path)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule("TSL314", severity="error", since="0.1", help="capture the model itself, before it is wrapped")
def wrapped_capture(function: Function) -> Iterator[Finding]:
    for step in function.steps("wrapped"):
        yield step, f"the capture meets {step.about} in `{step.text}`, and not the model"

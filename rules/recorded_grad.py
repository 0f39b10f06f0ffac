"""Trace with gradients on

## What happens
A trace that is made while gradients are recorded keeps the model's parameters as ones that require a gradient. Each run
of the result then builds what a backward pass would need, which costs time and memory, and its output cannot be read
by NumPy without `detach()`.

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
    torch.jit.trace(model, torch.ones(1, 4)).save(path)  # TSL303
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
    torch.jit.trace(model, torch.ones(1, 4)).save(path)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL303", severity="info", since="0.1", help="trace inside `torch.no_grad()`", fix="no-grad-around-capture"
)
def recorded_grad(function: Function) -> Iterator[Finding]:
    for step in function.steps("grad"):
        yield step, f"each run of the traced `{step.text}` also records what a backward pass would need"

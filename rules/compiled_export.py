"""Scripted or traced module given to `torch.export`

## What happens
`torch.export.export` reads Python. A module that is scripted or traced has none left, and is refused: "Exporting a
ScriptModule is not supported". The way off TorchScript starts at the model, before it is scripted.

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


def export():
    scripted = torch.jit.script(Net().eval())
    return torch.export.export(scripted, (torch.ones(2, 4),))  # TSL344
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


def export():
    return torch.export.export(Net().eval(), (torch.ones(2, 4),))
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule("TSL344", severity="error", since="0.1", help="export the model itself, before it is compiled")
def compiled_export(function: Function) -> Iterator[Finding]:
    for step in function.steps("compiled"):
        yield step, f"torch.export refuses `{step.text}`, which is {step.about}"

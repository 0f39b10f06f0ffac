"""Module frozen in train mode

## What happens
`torch.jit.freeze` refuses a module in train mode: "Freezing is currently only implemented for modules in eval mode".
`optimize_for_mobile` folds and fuses as if it were in eval mode.

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
    scripted = torch.jit.script(Net())
    torch.jit.freeze(scripted).save(path)  # TSL307
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
    scripted = torch.jit.script(Net().eval())
    torch.jit.freeze(scripted).save(path)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule("TSL307", severity="error", since="0.1", help="call `eval()` before freezing", fix="eval-before-freeze")
def frozen_training(function: Function) -> Iterator[Finding]:
    for step in function.steps("freeze"):
        yield step, f"torch refuses to freeze `{step.text}`, which is in train mode"

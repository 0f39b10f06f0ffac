"""Capture on a Python that torch.jit does not support

## What happens
torch.jit does not support Python 3.14 and later. Reported is a capture in a file whose `requires-python` asks for one.

## Example
```python
# /// script
# requires-python = ">=3.14"
# ///
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(x)


def export(path):
    torch.jit.script(Net().eval()).save(path)  # TSL342
```

## Use instead
```python
# /// script
# requires-python = ">=3.14"
# ///
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(x)


def export(path):
    torch.export.save(torch.export.export(Net().eval(), (torch.ones(1, 4),)), path)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL342", severity="warning", since="0.1", help="capture with torch.export, or build with Python 3.13 or older"
)
def unsupported_python(function: Function) -> Iterator[Finding]:
    for step in function.steps("python"):
        yield step, f"`{step.text}` is not supported on Python {step.about}, which this file asks for"

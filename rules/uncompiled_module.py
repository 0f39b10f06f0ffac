"""Module frozen or saved before it is compiled

## What happens
`torch.jit.freeze`, `torch.jit.optimize_for_inference` and `torch.jit.save` take what `torch.jit.script` or
`torch.jit.trace` made. Of a plain module they raise "Freezing expects a ScriptModule as input", or that it has no
attribute save_to_buffer.

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
    torch.jit.save(model, path)  # TSL313
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
    torch.jit.save(torch.jit.script(model), path)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule("TSL313", severity="error", since="0.1", help="script or trace it first")
def uncompiled_module(function: Function) -> Iterator[Finding]:
    for step in function.steps("uncompiled"):
        yield step, f"{step.about} refuses `{step.text}`, which is neither scripted nor traced"

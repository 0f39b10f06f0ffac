"""Archive loaded to the device it was saved from

## What happens
`torch.jit.load` without `map_location` puts every tensor where it was when it was saved. On a machine without that
device it raises; with several it takes the first. A `.to(device)` after it comes too late.

Reported is a file that the same file is seen to save from another device than the CPU, and a module that is moved after
it was loaded.

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


def load(path, device):
    model = torch.jit.load(path)  # TSL321
    return model.to(device).eval()
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


def load(path, device):
    return torch.jit.load(path, map_location=device).eval()
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL321", severity="warning", since="0.1", help="give `map_location=` the device it is to run on", fix="load-to-cpu"
)
def load_device(function: Function) -> Iterator[Finding]:
    for step in function.steps("load-device"):
        if step.about == "moved":
            yield step, f"loading `{step.text}` needs the device it was saved from, and it is moved only after that"
        else:
            device = step.about.replace("|", " or ")
            yield step, f"loading `{step.text}` needs {device}, the device it was saved from"

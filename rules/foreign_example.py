"""Example on another device than the model

## What happens
Tracing runs the model once on the example. Where the model was moved and the example was not, the run fails at the
first layer; where it does not fail, the device of the example is in the graph. It is a warning where the device is
chosen at run time, such as by `torch.cuda.is_available()`.

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
    model = Net().cuda().eval()
    example = torch.ones(1, 4)
    torch.jit.trace(model, example).save(path)  # TSL304
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
def export(path, device="cuda"):
    model = Net().to(device).eval()
    example = torch.ones(1, 4, device=device)
    torch.jit.trace(model, example).save(path)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL304",
    severity="error",
    since="0.1",
    help="make the example with `device=` of the model, or move it there",
    fix="example-on-device",
)
def foreign_example(function: Function) -> Iterator[Finding]:
    for step in function.steps("device"):
        example, _, model = step.about.partition(", ")
        yield step, f"the capture fails or mixes devices: the example is on {example}, and `{step.text}` on {model}"

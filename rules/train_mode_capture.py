"""Model captured in train mode

## What happens
A model is in train mode when it is made. Tracing records what train mode does: dropout goes on dropping, batch
normalisation goes on using the statistics of each batch and changing its own. `eval()` on the traced module does not
undo it, for the mode is a constant of the graph, and no warning is given. `torch.onnx.export` without `dynamo=False`
captures the mode as it stands, too.

Reported is a model that is in train mode on every path and holds something that depends on the mode; where a part of it
cannot be read, it is a warning.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(self.fc(x))


def export(path):
    model = Net()
    with torch.no_grad():
        traced = torch.jit.trace(model, torch.ones(1, 4))  # TSL301
    traced.eval()
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
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(self.fc(x))


def export(path):
    model = Net().eval()
    with torch.no_grad():
        traced = torch.jit.trace(model, torch.ones(1, 4))
    traced.save(path)
```

## Silent cases
Where nothing in a model depends on its mode, the mode does no harm. Where the mode comes from outside, it is unknown.
```python
import torch
from torch import nn


def export(model: nn.Module, path):
    with torch.no_grad():
        torch.jit.trace(model, torch.ones(1, 4)).save(path)
        torch.jit.trace(nn.Linear(4, 2), torch.ones(1, 4)).save(path)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL301",
    severity="error",
    since="0.1",
    help="call `eval()` on the model before the capture",
    fix="eval-before-capture",
)
def train_mode_capture(function: Function) -> Iterator[Finding]:
    for step in function.steps("training"):
        part = f": `{step.about}` in it depends on the mode" if step.about else ""
        yield step, f"the capture keeps what train mode does to `{step.text}`{part}"

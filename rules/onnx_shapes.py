"""Dynamic shapes in the form of the other exporter

## What happens
The exporter built on torch.export takes `dynamic_shapes`, the older one `dynamic_axes`. `dynamic_shapes` with
`dynamo=False` raises. `dynamic_axes` with `dynamo=True` are converted as well as that goes, which is a warning.

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
    shapes = {"x": {0: "batch"}}
    torch.onnx.export(model, (torch.ones(2, 4),), path, dynamo=False, dynamic_shapes=shapes)  # TSL334
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
    shapes = {"x": {0: torch.export.Dim("batch")}}
    torch.onnx.export(model, (torch.ones(2, 4),), path, dynamo=True, dynamic_shapes=shapes)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL334",
    severity="error",
    since="0.1",
    help="`dynamic_shapes` go with `dynamo=True`, `dynamic_axes` with `dynamo=False`",
)
def onnx_shapes(function: Function) -> Iterator[Finding]:
    for step in function.steps("shapes"):
        other = "are refused" if step.text == "dynamic_shapes" else "are converted as well as that goes"
        yield step, f"`{step.text}` {other} by the exporter of `{step.about}`"

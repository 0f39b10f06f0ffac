"""ONNX export written for the old default

## What happens
Since torch 2.9 `torch.onnx.export` uses the exporter that is built on torch.export, unless `dynamo=False` is given. A
call with `dynamic_axes`, an `opset_version` below 18 or an argument that only the older exporter reads was written for
that one: the new one derives shapes from `dynamic_axes` as well as it can, writes opset 18 and converts down, and
ignores the rest. The graph has other names, other nodes and perhaps other dynamic axes.
A scripted or traced module it refuses, which is an error.

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
    axes = {"x": {0: "batch"}}
    torch.onnx.export(model, (torch.ones(2, 4),), path, input_names=["x"], dynamic_axes=axes)  # TSL331
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

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL331",
    severity="warning",
    since="0.1",
    help="say `dynamo=False` for the old exporter, or move to `dynamic_shapes` and opset 18",
    fix="old-exporter",
)
def onnx_default(function: Function) -> Iterator[Finding]:
    for step in function.steps("default"):
        if step.about == "script":
            yield (
                step,
                f"the default exporter refuses the scripted or traced `{step.text}`",
                Severity.ERROR,
            )
            continue
        yield step, f"`{step.text}` is written for the exporter that was the default before torch 2.9"

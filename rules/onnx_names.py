"""Names of an ONNX export that do not fit

## What happens
`input_names` are given to the parameters of `forward` in order; more of them than parameters name nothing. A key of
`dynamic_axes` that is no input or output name is passed over with a warning, and its axis stays fixed. A key of
`dynamic_shapes` that is no parameter of `forward` raises.

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
    axes = {"input": {0: "batch"}}
    torch.onnx.export(  # TSL333
        model, (torch.ones(2, 4),), path, input_names=["x"], dynamic_axes=axes, dynamo=False
    )
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
    axes = {"x": {0: "batch"}}
    torch.onnx.export(model, (torch.ones(2, 4),), path, input_names=["x"], dynamic_axes=axes, dynamo=False)
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
    "TSL333",
    severity="warning",
    since="0.1",
    help="name inputs in the order of forward, and use these names in the dynamic axes",
)
def onnx_names(function: Function) -> Iterator[Finding]:
    for step in function.steps("names"):
        if step.about.startswith("axis"):
            yield step, f"`{step.text}` has no {step.about} axes in the example", Severity.ERROR
            continue
        fits = "is no parameter of forward" if step.about != "dynamic_axes" else "is no input or output"
        yield step, f"`{step.text}` in {step.about} {fits}"

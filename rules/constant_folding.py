"""Constants folded in an export for training

## What happens
`training=TrainingMode.TRAINING` asks the TorchScript exporter for a graph that can be trained on. Constant folding,
which is on unless it is turned off, computes what depends on weights alone and writes the result: a folded weight is
no longer one, and training does not reach it. torch warns while it exports; the file says nothing.

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
    torch.onnx.export(  # TSL337
        Net(), (torch.ones(1, 4),), path, training=torch.onnx.TrainingMode.TRAINING, dynamo=False
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
    mode = torch.onnx.TrainingMode.TRAINING
    torch.onnx.export(Net(), (torch.ones(1, 4),), path, training=mode, do_constant_folding=False, dynamo=False)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule("TSL337", severity="warning", since="0.1", help="turn folding off: do_constant_folding=False")
def constant_folding(function: Function) -> Iterator[Finding]:
    for step in function.steps("folded"):
        yield step, f"weights are folded into constants that `{step.text}` cannot train"

"""Symbolic function the default exporter does not read

## What happens
A function given to `register_custom_op_symbolic` is read by the TorchScript exporter alone. Since torch 2.9 that one
runs only with `dynamo=False`; the default reads `custom_translation_table`.

## Example
```python
import torch


def inverse(g, x):
    return g.op("com.microsoft::Inverse", x)


def setup():
    torch.onnx.register_custom_op_symbolic("aten::linalg_inv", inverse, 13)  # TSL332
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


def export(path, table):
    model = Net().eval()
    torch.onnx.export(model, (torch.ones(2, 4),), path, dynamo=True, custom_translation_table=table)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL332",
    severity="info",
    since="0.1",
    help="give the export `custom_translation_table=` as well, or say `dynamo=False`",
)
def onnx_symbolic(function: Function) -> Iterator[Finding]:
    for step in function.steps("symbolic"):
        yield step, f"the default exporter does not read the symbolic function of `{step.text}`"

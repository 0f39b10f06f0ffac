"""ONNX export of an operator that the exporter does not have

## What happens
An exporter of torch.onnx turns operators into those of ONNX one by one. With `dynamo=False` it has a list for every
opset: `einsum` came with opset 12, `tril` with 14, `grid_sample` with 16, and `quantile` never did. The exporter of
`dynamo=True` has a list of its own, which is longer and lacks others, such as `torch.linalg.inv`. An operator that is
not on the list ends the export: "Exporting the operator 'aten::einsum' to ONNX opset version 11 is not supported".

tsl reads the model that an export is given, as far as its class is in files it can read, and holds the calls of torch's
functions and methods that it reaches in evaluation mode to the list of the exporter that the call picks. What only one
arm of an `if` calls is an info, and so is what the older exporter lacks where the call does not say which one is meant.

## Example
```python
import torch
from torch import nn


class Scores(nn.Module):
    def __init__(self):
        super().__init__()
        self.query = nn.Linear(8, 8)

    def forward(self, x):
        return torch.einsum("bid,bjd->bij", self.query(x), x)


def export(path):
    model = Scores().eval()
    torch.onnx.export(model, (torch.ones(2, 3, 8),), path, opset_version=11, dynamo=False)  # TSL338
```

## Use instead
Name a later opset, where the finding knows one that has the operator; or write it with operators that the exporter has.
```python
import torch
from torch import nn


class Scores(nn.Module):
    def __init__(self):
        super().__init__()
        self.query = nn.Linear(8, 8)

    def forward(self, x):
        return torch.einsum("bid,bjd->bij", self.query(x), x)


def export(path):
    model = Scores().eval()
    torch.onnx.export(model, (torch.ones(2, 3, 8),), path, opset_version=17, dynamo=False)
```

## Silent cases
Who hands over a translation of their own is not told what the exporter lacks.
```python
import torch
from torch import nn


class Solved(nn.Module):
    def forward(self, x):
        return torch.linalg.inv(x)


def export(path, inverse):
    model = Solved().eval()
    table = {torch.ops.aten.linalg_inv.default: inverse}
    torch.onnx.export(model, (torch.eye(4),), path, dynamo=True, custom_translation_table=table)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function

HELP = "raise `opset_version` where a later one has it, or write the model with operators that the exporter has"


@source_rule("TSL338", severity="error", since="0.1", help=HELP)
def onnx_operator(function: Function) -> Iterator[Finding]:
    for step in function.steps("operator"):
        severity, calls = (Severity.ERROR, "calls") if step.certain else (Severity.INFO, "may call")
        yield step, f"{step.about} {step.text}, which the model {calls}", severity

"""Function or argument that torch.onnx no longer has

## What happens
`torch.onnx.dynamo_export` and what belonged to it are gone: they became `torch.onnx.export` with `dynamo=True`, the
default. Arguments such as `example_outputs`, `use_external_data_format` and `enable_onnx_checker` are gone too, and a
call with one raises TypeError.

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
    torch.onnx.dynamo_export(model, torch.ones(2, 4)).save(path)  # TSL336
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
    torch.onnx.export(model, (torch.ones(2, 4),), path, dynamo=True)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL336",
    severity="error",
    since="0.1",
    help="read the signature of torch.onnx.export in torch 2.13",
    fix="drop-arguments",
)
def onnx_removed(function: Function) -> Iterator[Finding]:
    for step in function.steps("removed"):
        yield step, f"torch 2.13 does not know the {step.about or 'function'} `{step.text}` any more"

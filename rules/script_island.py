"""Compiled function inside a model

## What happens
A function under `torch.jit.script` keeps its loops and branches in a trace, and that is what it is for. torch.export
and the ONNX exporter built on it do not enter it: it is what stands in the way once the model is to leave TorchScript.

## Example
```python
import torch
from torch import nn


@torch.jit.script  # TSL341
def halve(x):
    while bool(x.sum() > 1):
        x = x / 2
    return x


class Net(nn.Module):
    def forward(self, x):
        return halve(x)
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        return x / x.sum().clamp(min=1)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL341",
    severity="info",
    since="0.1",
    help="write the loop with tensors or torch.while_loop before the move to torch.export",
)
def script_island(function: Function) -> Iterator[Finding]:
    for step in function.steps("island"):
        yield step, f"torch.export does not enter `{step.text}`, which models of this file call"

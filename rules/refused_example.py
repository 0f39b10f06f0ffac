"""Example of a type that the capture does not take

## What happens
`torch.jit.trace` takes tensors, and lists, tuples and dicts of tensors: with a number or None among the example inputs
it raises "cannot be traced". `torch.onnx.export` takes a tuple; a dict in its place is no keyword arguments for
`forward`, which are given as `kwargs=`.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x, mask=None):
        return self.fc(x) if mask is None else self.fc(x) * mask


@torch.no_grad()
def export(path):
    torch.jit.trace(Net().eval(), (torch.ones(1, 4), None)).save(path)  # TSL311
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x, mask=None):
        return self.fc(x) if mask is None else self.fc(x) * mask


@torch.no_grad()
def export(path):
    torch.jit.trace(Net().eval(), (torch.ones(1, 4),)).save(path)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule("TSL311", severity="error", since="0.1", help="give tensors only; bind the rest with a wrapper module")
def refused_example(function: Function) -> Iterator[Finding]:
    for step in function.steps("example"):
        if step.about == "dict":
            yield step, f"the dict `{step.text}` is one positional argument, and no keyword arguments of forward"
        else:
            yield step, f"tracing refuses {step.about} among the example inputs `{step.text}`"

"""Trace of a model that data decides in

## What happens
Tracing runs the model once. Where the numbers in a tensor decide what Python does, what the example decided is in the
graph, and every other input gets it as well. The places themselves are the findings TSL10x; this one stands where the
trace is made, and names the first of them.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x
        return -x


@torch.no_grad()
def export(path):
    torch.jit.trace(Net().eval(), torch.ones(3)).save(path)  # TSL305
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x
        return -x


def export(path):
    torch.jit.script(Net().eval()).save(path)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL305", severity="warning", since="0.1", help="script the model, or the part that decides, before it is traced"
)
def lossy_trace(function: Function) -> Iterator[Finding]:
    for step in function.steps("hazard"):
        yield step, f"the trace of `{step.text}` does for every input what its example decided, in {step.about}"

"""Gradient mode set by a decorator

## What happens
`torch.jit.script` compiles the body of a method and drops a `no_grad`, `inference_mode` or `enable_grad` around
it, without a word. What it returns requires a gradient again.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    @torch.no_grad()  # TSL280
    def forward(self, x: torch.Tensor):
        return x + 1
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        with torch.no_grad():
            return x + 1
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL280",
    severity="warning",
    since="0.1",
    help="write with torch.no_grad(): inside of the method",
    fix="context-for-decorator",
)
def dropped_decorator(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("decorator"):
        yield refusal, refusal.text

"""Annotation without a value, or of an attribute

## What happens
TorchScript reads an annotation together with the value it is given. One without a value is refused, and so is one
of `self.x` outside of `__init__`.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.n = 0

    def forward(self, x: torch.Tensor):
        self.n: int = 3  # TSL209
        return x
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.n = 0

    def forward(self, x: torch.Tensor):
        self.n = 3
        return x
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL209",
    severity="error",
    since="0.1",
    help="annotate where the first value is assigned, or on the class",
    fix="drop-annotation",
)
def bare_annotation(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("bare-annotation"):
        yield refusal, refusal.text

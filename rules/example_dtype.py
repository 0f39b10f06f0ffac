"""Example of another floating dtype than the model

## What happens
After `half()` a model takes float16. Tracing it with an example in float32 fails at the first layer, "mat1 and mat2
must have the same dtype", unless the model casts its input.

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


@torch.no_grad()
def export(path):
    model = Net().half().eval()
    torch.jit.trace(model, torch.ones(1, 4)).save(path)  # TSL315
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


@torch.no_grad()
def export(path):
    model = Net().half().eval()
    torch.jit.trace(model, torch.ones(1, 4).half()).save(path)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL315",
    severity="warning",
    since="0.1",
    help="make the example with the dtype of the model",
    fix="example-of-dtype",
)
def example_dtype(function: Function) -> Iterator[Finding]:
    for step in function.steps("dtype"):
        example, _, model = step.about.partition(", ")
        yield step, f"the example is {example}, and `{step.text}` is {model}: its first layer refuses that"

"""Constant from outside of the function

## What happens
Compiled code reads functions, classes and modules of its file, and no numbers, strings or lists: `python value of
type 'int' cannot be used as a value`. A Final annotation on the module level does not help.

## Example
```python
import torch
from torch import nn

SCALE = 2

class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        return x * SCALE  # TSL220
```

## Use instead
```python
import torch
from torch import nn

SCALE = 2

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = SCALE

    def forward(self, x: torch.Tensor):
        return x * self.scale
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL220",
    severity="error",
    since="0.1",
    help="make it an attribute of the module, a parameter, or a default",
    fix="constant-as-attribute",
)
def outside_constant(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("global"):
        yield refusal, refusal.text

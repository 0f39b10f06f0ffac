"""Module made, or called through its class, while the model runs

## What happens
Compiled code holds the modules it was made with. A module cannot be made in it, nor a method called through
`super()` or through a class.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        return nn.ReLU()(x)  # TSL241
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.act = nn.ReLU()

    def forward(self, x: torch.Tensor):
        return self.act(x)
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL241",
    severity="error",
    since="0.1",
    help="make the module in __init__; give the inherited method a name of its own",
)
def module_in_forward(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("module-made"):
        yield refusal, refusal.text

"""Function of torch that is no operator of TorchScript

## What happens
Not all that torch offers can be compiled: `torch.is_tensor`, `torch.finfo` and the old constructors cannot, and an
operator of an extension only once it is registered.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        if torch.is_tensor(x):  # TSL234
            return x + 1
        return x
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        return x + 1
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL234", severity="error", since="0.1", help="use an operator, or compute the value in __init__")
def missing_operator(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("operator-missing"):
        yield refusal, refusal.text

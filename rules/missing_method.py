"""Attribute or method that TorchScript's types do not have

## What happens
Values of compiled code are no Python objects. A Tensor has no `numpy()`, `new_tensor()` or `grad_fn` there, and a
str has not all methods of Python's.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        return x.new_tensor([1.0])  # TSL224
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        return torch.tensor([1.0], dtype=x.dtype, device=x.device)
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL224",
    severity="error",
    since="0.1",
    help="use an operator of torch, or mark the function with @torch.jit.ignore",
)
def missing_method(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("attribute"):
        yield refusal, refusal.text

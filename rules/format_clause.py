"""Conversion or format in an f-string

## What happens
TorchScript puts values into f-strings as they are: `!r`, `=` and `:.2f` are refused, in messages of exceptions
too.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        print(f"{x.size(0):>4}")  # TSL205
        return x
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        print(f"{x.size(0)}")
        return x
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL205", severity="error", since="0.1", help="put the value in as it is, or format it outside of what is compiled"
)
def format_clause(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("format"):
        yield refusal, refusal.text

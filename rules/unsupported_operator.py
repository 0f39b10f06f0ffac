"""Operator the scripting compiler does not know

## What happens
`//=` and `@=` are refused, as are numbers of more than 64 bits. At a `+` before a value the compiler fails without
telling a line.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        n = x.size(0)
        n //= 2  # TSL208
        return x[:n]
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        n = x.size(0)
        n = n // 2
        return x[:n]
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL208", severity="error", since="0.1", help="write the operation out: `n = n // 2`", fix="write-out-operator"
)
def unsupported_operator(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("operator"):
        yield refusal, refusal.text

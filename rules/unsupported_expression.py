"""Expression the scripting compiler does not know

## What happens
A lambda, a set, `yield`, `await` and `:=` have no form in TorchScript. The whole function is refused, even where
the expression would never be reached.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        if (n := x.size(0)) > 3:  # TSL202
            x = x[:n]
        return x
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        n = x.size(0)
        if n > 3:
            x = x[:n]
        return x
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL202", severity="error", since="0.1", help="write a function, a list or an assignment of its own instead"
)
def unsupported_expression(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("expression"):
        yield refusal, refusal.text

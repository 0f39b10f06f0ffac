"""Context manager the compiler does not know

## What happens
`with torch.no_grad()` compiles; `torch.enable_grad`, `torch.inference_mode` and context managers of Python do not.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        with torch.inference_mode():  # TSL240
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


@source_rule("TSL240", severity="error", since="0.1", help="enter it around the call of the scripted model")
def context_manager(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("context"):
        yield refusal, refusal.text

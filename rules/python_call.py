"""Call of a Python function the compiler does not know

## What happens
Compiled code runs without Python. Functions of `random`, `os`, NumPy and their like, and builtins such as `next`
or `open`, are refused.

## Example
```python
import torch
from torch import nn

import random

class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        k = random.random()  # TSL233
        return x * k
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        return x * torch.rand(1)
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL233", severity="error", since="0.1", help="use torch's own, or mark the caller with @torch.jit.ignore")
def python_call(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("python-call"):
        yield refusal, refusal.text

"""Function that calls itself

## What happens
TorchScript knows no recursion, through other functions either.

## Example
```python
import torch


@torch.jit.script
def halved(x: torch.Tensor, n: int) -> torch.Tensor:
    if n == 0:
        return x
    return halved(x / 2, n - 1)  # TSL244
```

## Use instead
```python
import torch


@torch.jit.script
def halved(x: torch.Tensor, n: int) -> torch.Tensor:
    for _ in range(n):
        x = x / 2
    return x
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL244", severity="error", since="0.1", help="write a loop")
def recursive_call(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("recursion"):
        yield refusal, refusal.text

"""Tensor assigned to a name that was a number

## What happens
A name keeps the type it had before a loop or branch. A Tensor assigned to one that was an int is converted to an
int where it is compiled: the fraction is lost, and the gradient.

## Example
```python
import torch


@torch.jit.script
def loss(x: torch.Tensor, n: int):
    total = 0
    for _ in range(n):
        total = total + x.sum()  # TSL283
    return total
```

## Use instead
```python
import torch


@torch.jit.script
def loss(x: torch.Tensor, n: int):
    total = torch.zeros(())
    for _ in range(n):
        total = total + x.sum()
    return total
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL283", severity="warning", since="0.1", help="start with a Tensor: torch.zeros(())", fix="start-with-tensor"
)
def silent_conversion(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("conversion"):
        yield refusal, refusal.text

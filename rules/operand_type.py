"""Operator between types that it does not take

## What happens
TorchScript looks operators up by the types of both sides. A str and a number, a list and a Tensor, or a value that
is Any until it is asked, have none.

## Example
```python
import torch


@torch.jit.script
def named(x: torch.Tensor, n: int):
    print("n=" + n)  # TSL226
    return x
```

## Use instead
```python
import torch


@torch.jit.script
def named(x: torch.Tensor, n: int):
    print("n=" + str(n))
    return x
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL226", severity="error", since="0.1", help="convert one side, or ask isinstance first")
def operand_type(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("operand"):
        yield refusal, refusal.text

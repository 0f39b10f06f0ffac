"""`and` and `or` of numbers or strings

## What happens
In Python `n or 3` is n or 3. In TorchScript it is True or False, as an int 1 or 0.

## Example
```python
import torch


@torch.jit.script
def scaled(x: torch.Tensor, n: int):
    return x * (n or 3)  # TSL281
```

## Use instead
```python
import torch


@torch.jit.script
def scaled(x: torch.Tensor, n: int):
    return x * (n if n != 0 else 3)
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL281", severity="warning", since="0.1", help="write n if n != 0 else 3", fix="choose-number")
def boolean_of_numbers(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("boolean"):
        yield refusal, refusal.text

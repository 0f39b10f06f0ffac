"""Default that is not of the parameter's type

## What happens
A parameter that says no type is a Tensor, whatever its default. A default of another type is refused, and so is
one that can change, such as a list.

## Example
```python
import torch


@torch.jit.script
def scaled(x: torch.Tensor, k=2.0):  # TSL223
    return x * k
```

## Use instead
```python
import torch


@torch.jit.script
def scaled(x: torch.Tensor, k: float = 2.0):
    return x * k
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL223", severity="error", since="0.1", help="annotate the parameter", fix="annotate-default")
def untyped_default(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("default"):
        yield refusal, refusal.text

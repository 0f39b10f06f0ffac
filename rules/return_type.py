"""Return of a type that is not promised

## What happens
What a function returns has one type, its annotation's or that of its first `return`. An int is no float there, and
a path without a `return` is None.

## Example
```python
import torch


@torch.jit.script
def count(x: torch.Tensor) -> float:
    return x.size(0)  # TSL229
```

## Use instead
```python
import torch


@torch.jit.script
def count(x: torch.Tensor) -> float:
    return float(x.size(0))
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL229", severity="error", since="0.1", help="return the same type on every path, and annotate it")
def return_type(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("return"):
        yield refusal, refusal.text

"""Name that is not defined on every path

## What happens
Python binds a name when it gets there; TorchScript wants it bound on each path that leads to its use. A name bound
in one arm, or in a loop alone, is undefined after it.

## Example
```python
import torch


@torch.jit.script
def scaled(x: torch.Tensor, flag: bool):
    if flag:
        k = 2
    return x * k  # TSL221
```

## Use instead
```python
import torch


@torch.jit.script
def scaled(x: torch.Tensor, flag: bool):
    k = 1
    if flag:
        k = 2
    return x * k
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL221", severity="error", since="0.1", help="bind the name before the branch")
def undefined_name(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("undefined"):
        yield refusal, refusal.text

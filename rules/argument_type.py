"""Argument of a type that is not taken

## What happens
An int is no float in TorchScript, a number is no Tensor where a function is called, and a parameter that says no
type takes a Tensor alone.

## Example
```python
import torch


def padded(x, n):
    return torch.cat([x, n])


@torch.jit.script
def use(x: torch.Tensor):
    return padded(x, 3)  # TSL225
```

## Use instead
```python
import torch


def padded(x, n: int):
    return torch.cat([x, x[:n]])


@torch.jit.script
def use(x: torch.Tensor):
    return padded(x, 3)
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL225", severity="error", since="0.1", help="annotate the parameter, or convert the argument")
def argument_type(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("argument"):
        yield refusal, refusal.text

"""Parameters of any number, or by name alone

## What happens
A compiled function takes a fixed list of parameters. `*args`, `**kwargs` and defaults of keyword-only parameters
are refused, and parameters before a `/` vanish: the compiler later reads an undefined name.

## Example
```python
import torch


def joined(*parts):  # TSL203
    return torch.cat(parts)


@torch.jit.script
def total(x: torch.Tensor):
    return joined(x, x)
```

## Use instead
```python
import torch
from typing import List


def joined(parts: List[torch.Tensor]):
    return torch.cat(parts)


@torch.jit.script
def total(x: torch.Tensor):
    return joined([x, x])
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL203", severity="error", since="0.1", help="name each parameter, or give one list of them")
def open_signature(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("varargs"):
        yield refusal, refusal.text

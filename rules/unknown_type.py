"""Annotation the scripting compiler has no type for

## What happens
TorchScript has Tensor, numbers, str, device, List, Dict, Tuple, Optional and Union of these, and classes it
compiles. `dict` and `list` alone, `Callable`, `Sequence`, type variables, NumPy arrays and modules are refused.

## Example
```python
import torch


@torch.jit.script
def total(x: torch.Tensor, options: dict):  # TSL222
    return x
```

## Use instead
```python
import torch
from typing import Dict


@torch.jit.script
def total(x: torch.Tensor, options: Dict[str, float]):
    return x
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL222",
    severity="error",
    since="0.1",
    help="say of what: Dict[str, Tensor]; or mark the function with @torch.jit.ignore",
)
def unknown_type(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("annotation"):
        yield refusal, refusal.text

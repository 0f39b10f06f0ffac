"""Strings compared with `is`

## What happens
`mode is "sum"` mostly holds in Python, where equal short strings are one object. Compiled it never does.

## Example
```python
import torch


@torch.jit.script
def pooled(x: torch.Tensor, mode: str):
    return x.sum() if mode is "sum" else x  # TSL282
```

## Use instead
```python
import torch


@torch.jit.script
def pooled(x: torch.Tensor, mode: str):
    return x.sum() if mode == "sum" else x
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL282", severity="warning", since="0.1", help="compare with ==", fix="compare-equal")
def identity_of_strings(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("identity"):
        yield refusal, refusal.text

"""Element that is not of the container's type

## What happens
A list or dict has elements of one type. An empty list is one of Tensors and an empty dict maps str to Tensor,
unless they say otherwise.

## Example
```python
import torch


@torch.jit.script
def sizes(x: torch.Tensor):
    out = []
    out.append(x.size(0))  # TSL236
    return out
```

## Use instead
```python
import torch
from typing import List


@torch.jit.script
def sizes(x: torch.Tensor):
    out: List[int] = []
    out.append(x.size(0))
    return out
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL236",
    severity="error",
    since="0.1",
    help="annotate the empty container: out: List[int] = []",
    fix="annotate-container",
)
def element_type(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("element"):
        yield refusal, refusal.text

"""Optional value used before it is known not to be None

## What happens
The compiler follows `is not None` for names alone. An Optional is no condition by itself, and an attribute stays
Optional after it was asked.

## Example
```python
import torch
from typing import Optional


@torch.jit.script
def masked(x: torch.Tensor, mask: Optional[torch.Tensor]):
    return x * mask  # TSL227
```

## Use instead
```python
import torch
from typing import Optional


@torch.jit.script
def masked(x: torch.Tensor, mask: Optional[torch.Tensor]):
    if mask is not None:
        x = x * mask
    return x
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL227", severity="error", since="0.1", help="ask `is not None` of a local name: y = self.y", fix="optional-value"
)
def optional_value(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("optional"):
        yield refusal, refusal.text

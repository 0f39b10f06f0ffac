"""Comprehension with a filter or two loops

## What happens
TorchScript has comprehensions of one `for` and no `if`.

## Example
```python
import torch
from typing import List


@torch.jit.script
def kept(xs: List[torch.Tensor]):
    return [x for x in xs if x.numel() > 0]  # TSL204
```

## Use instead
```python
import torch
from typing import List


@torch.jit.script
def kept(xs: List[torch.Tensor]):
    result: List[torch.Tensor] = []
    for x in xs:
        if x.numel() > 0:
            result.append(x)
    return result
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL204", severity="error", since="0.1", help="write the loop out")
def comprehension_clause(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("comprehension"):
        yield refusal, refusal.text

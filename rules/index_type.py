"""Index of a type that is not taken

## What happens
A tuple of several types is indexed with a number that is written out, a list with an int, a Tensor with ints,
slices, lists and tensors. A slice of a list cannot be assigned.

## Example
```python
import torch
from typing import List


@torch.jit.script
def reset(xs: List[int], x: torch.Tensor):
    xs[0:2] = [0, 0]  # TSL238
    return x
```

## Use instead
```python
import torch
from typing import List


@torch.jit.script
def reset(xs: List[int], x: torch.Tensor):
    xs[0] = 0
    xs[1] = 0
    return x
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL238", severity="error", since="0.1", help="write the number out, or assign elements one by one")
def index_type(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("slice"):
        yield refusal, refusal.text

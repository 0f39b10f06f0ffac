"""`else` of a loop

## What happens
TorchScript has no `else` of `for` and `while`. For the second the compiler fails without telling a line.

## Example
```python
import torch
from typing import List


@torch.jit.script
def found(xs: List[torch.Tensor]):
    n = 0
    for x in xs:  # TSL206
        n += x.size(0)
    else:
        n += 1
    return n
```

## Use instead
```python
import torch
from typing import List


@torch.jit.script
def found(xs: List[torch.Tensor]):
    n = 0
    for x in xs:
        n += x.size(0)
    return n + 1
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL206", severity="error", since="0.1", help="set a flag in the loop, and test it after")
def loop_else(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("loop-else"):
        yield refusal, refusal.text

"""List taken apart where its length is not known

## What happens
How many elements a tuple has is part of its type; of a list and of a Tensor the compiler does not know. `f(*xs)`
and `tuple(xs)` of a list, and a Tensor unpacked into names, are refused.

## Example
```python
import torch
from typing import List


def add(a, b):
    return a + b


@torch.jit.script
def use(xs: List[torch.Tensor]):
    return add(*xs)  # TSL237
```

## Use instead
```python
import torch
from typing import List


def add(a, b):
    return a + b


@torch.jit.script
def use(xs: List[torch.Tensor]):
    return add(xs[0], xs[1])
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL237", severity="error", since="0.1", help="index the list, or use a tuple")
def unpacked_list(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("unpack"):
        yield refusal, refusal.text

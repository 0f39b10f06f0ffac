"""Class the compiler takes only in part

## What happens
A class that compiled code makes objects of is compiled whole: it wants an `__init__` that makes every attribute,
and inherits nothing.

## Example
```python
import torch


class Tag:
    pass


@torch.jit.script
def tagged(x: torch.Tensor):
    tag = Tag()  # TSL239
    return x
```

## Use instead
```python
import torch


class Tag:
    def __init__(self):
        self.n = 1


@torch.jit.script
def tagged(x: torch.Tensor):
    tag = Tag()
    return x * tag.n
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL239", severity="error", since="0.1", help="make each attribute in __init__")
def script_class(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("script-class"):
        yield refusal, refusal.text

"""Name of one type in one arm and of another in the other

## What happens
A name has one type where paths meet. What an arm or a loop assigns has to be of the type the name had before.

## Example
```python
import torch


@torch.jit.script
def scaled(x: torch.Tensor, flag: bool):
    if flag:  # TSL228
        k = 2
    else:
        k = 0.5
    return x * k
```

## Use instead
```python
import torch


@torch.jit.script
def scaled(x: torch.Tensor, flag: bool):
    if flag:
        k = 2.0
    else:
        k = 0.5
    return x * k
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL228",
    severity="error",
    since="0.1",
    help="give both arms the same type, or annotate an Optional or Union before the branch",
)
def arm_types(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("branch"):
        yield refusal, refusal.text

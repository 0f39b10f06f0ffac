"""Function whose source the compiler cannot take

## What happens
The compiler reads a function from its `def` in a file. A lambda, an async function and the `__init__` that
`dataclass` writes have none.

## Example
```python
import torch


async def half(x):  # TSL210
    return x / 2


@torch.jit.script
def use(x: torch.Tensor):
    y = half(x)
    return x
```

## Use instead
```python
import torch


def half(x):
    return x / 2


@torch.jit.script
def use(x: torch.Tensor):
    y = half(x)
    return y
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL210", severity="error", since="0.1", help="write a def, or a NamedTuple in the place of the dataclass")
def unreadable_source(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("no-source"):
        yield refusal, refusal.text

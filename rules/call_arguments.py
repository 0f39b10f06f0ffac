"""Call whose arguments the function does not take

## What happens
The arguments of a call are held against the parameters when it is compiled: too many, too few or unknown names are
refused, whether the call is reached or not.

## Example
```python
import torch


def add(a, b):
    return a + b


@torch.jit.script
def use(x: torch.Tensor):
    return add(x, x, x)  # TSL235
```

## Use instead
```python
import torch


def add(a, b):
    return a + b


@torch.jit.script
def use(x: torch.Tensor):
    return add(x, x)
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL235", severity="error", since="0.1", help="give each parameter once")
def call_arguments(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("signature"):
        yield refusal, refusal.text

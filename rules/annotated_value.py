"""Value that is not of the annotated type

## What happens
An annotation is held against the value when it is compiled, and converts nothing: `y: float = 1` is refused.

## Example
```python
import torch


@torch.jit.script
def scaled(x: torch.Tensor):
    k: float = 2  # TSL245
    return x * k
```

## Use instead
```python
import torch


@torch.jit.script
def scaled(x: torch.Tensor):
    k: float = 2.0
    return x * k
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL245", severity="error", since="0.1", help="write the value in the annotated type: 1.0", fix="float-literal"
)
def annotated_value(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("annotated-value"):
        yield refusal, refusal.text

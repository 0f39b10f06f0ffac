"""Dict expanded with `**`

## What happens
Names of arguments and keys are not known when a function is compiled: `f(**options)` and `{**d}` are refused. For
a second expansion in a dict the compiler fails without telling a line.

## Example
```python
import torch
from typing import Dict


@torch.jit.script
def more(d: Dict[str, torch.Tensor], x: torch.Tensor):
    return {**d, "x": x}  # TSL207
```

## Use instead
```python
import torch
from typing import Dict


@torch.jit.script
def more(d: Dict[str, torch.Tensor], x: torch.Tensor):
    d["x"] = x
    return d
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL207", severity="error", since="0.1", help="name the arguments, or update a dict")
def keyword_expansion(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("expansion"):
        yield refusal, refusal.text

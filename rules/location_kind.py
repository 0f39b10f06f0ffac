"""Function or dict given as `map_location` to `torch.jit.load`

## What happens
`torch.load` takes a function or a dict that says where each storage goes; `torch.jit.load` takes one device. Of
anything else it raises "map_location should be either None, string or torch.device".

## Example
```python
import torch


def load(path):
    return torch.jit.load(path, map_location=lambda storage, where: storage)  # TSL326
```

## Use instead
```python
import torch


def load(path):
    return torch.jit.load(path, map_location="cpu")


def load_weights(path):
    return torch.load(path, map_location=lambda storage, where: storage, weights_only=True)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule("TSL326", severity="error", since="0.1", help="name one device: a text or a torch.device")
def location_kind(function: Function) -> Iterator[Finding]:
    for step in function.steps("mapping"):
        yield step, f"torch.jit.load refuses `{step.text}`, which is no device"

"""Scripted or traced module given to `torch.save`

## What happens
`torch.save` pickles, and a compiled module does not pickle: it raises "Tried to serialize object ... which does not
have a __getstate__ method defined".

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(x)


def export(path):
    scripted = torch.jit.script(Net().eval())
    torch.save(scripted, path)  # TSL323
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(x)


def export(path):
    scripted = torch.jit.script(Net().eval())
    torch.jit.save(scripted, path)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL323", severity="error", since="0.1", help="save it with `torch.jit.save` or its own `save()`", fix="save-script"
)
def pickled_script(function: Function) -> Iterator[Finding]:
    for step in function.steps("pickled"):
        kind, _, within = step.about.partition(", ")
        what = f"holds a {kind} module" if within else f"is {kind}"
        yield step, f"torch.save cannot write `{step.text}`, which {what}"

"""Exported method lost by freezing

## What happens
Freezing a module, optimizing it for inference or for mobile, keeps `forward` and what it is asked to keep. A method
that was marked with `torch.jit.export` is gone, and whoever loads the file finds out.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    @torch.jit.export
    def embed(self, x):
        return self.fc(x)

    def forward(self, x):
        return self.embed(x).relu()


def export(path):
    scripted = torch.jit.script(Net().eval())
    torch.jit.freeze(scripted).save(path)  # TSL309
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    @torch.jit.export
    def embed(self, x):
        return self.fc(x)

    def forward(self, x):
        return self.embed(x).relu()


def export(path):
    scripted = torch.jit.script(Net().eval())
    torch.jit.freeze(scripted, preserved_attrs=["embed"]).save(path)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL309",
    severity="warning",
    since="0.1",
    help="name the methods in `preserved_attrs`, `other_methods` or `preserved_methods`",
    fix="keep-methods",
)
def lost_method(function: Function) -> Iterator[Finding]:
    for step in function.steps("lost-method"):
        told = step._replace(about=f"{step.about}: {step.text}")
        yield told, f"the result has lost `{step.text}`, which the model exports and `{step.about}` does not name"

"""Requirement files that name different versions of torch

## What happens
An archive of a newer torch may not load in an older one: operators get new overloads, and the format new versions.
And a trace runs the operators of the torch that traced. Where a project captures a model, the exact versions of torch
that its requirement files, conda environments, Dockerfiles and the file itself name should agree in their first two
numbers.

## Example
```python
# /// script
# dependencies = ["torch==2.13.0"]
# ///
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(x)


SERVED_WITH = ["torch==2.4.0"]


def export(path):
    torch.jit.script(Net().eval()).save(path)  # TSL343
```

## Use instead
```python
# /// script
# dependencies = ["torch==2.13.0"]
# ///
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(x)


SERVED_WITH = ["torch==2.13.1"]


def export(path):
    torch.jit.script(Net().eval()).save(path)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL343",
    severity="warning",
    since="0.1",
    help="train, export and deploy with one version of torch, or check the archive with --target libtorch:VERSION",
)
def version_pins(function: Function) -> Iterator[Finding]:
    for step in function.steps("pins"):
        new, _, old = step.about.partition(", ")
        yield step, f"what `{step.text}` makes with torch {new} may not load with torch {old}, which is named as well"

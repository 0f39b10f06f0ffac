"""Trace left unchecked where it needs the check

## What happens
`torch.jit.trace` runs what it made once more and compares. `check_trace=False` turns that off. In a model that draws
random numbers, or in which data decides, the check is what would have said that the trace is not the model.

`strict=False` lets a trace record dicts and lists: what they hold, and how many, is as the example had it. In a model
in which data decides that is one more thing the trace loses without a word.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(x + torch.randn_like(x))


@torch.no_grad()
def export(path):
    torch.jit.trace(Net().eval(), torch.ones(1, 4), check_trace=False).save(path)  # TSL312
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x, noise):
        return self.fc(x + noise)


@torch.no_grad()
def export(path):
    torch.jit.trace(Net().eval(), (torch.ones(1, 4), torch.randn(1, 4))).save(path)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL312", severity="warning", since="0.1", help="leave the check on and take the random numbers as an input"
)
def unchecked_trace(function: Function) -> Iterator[Finding]:
    for step in function.steps("unchecked"):
        if step.about == "strict":
            yield step, f"what `{step.text}` puts into a dict or list is recorded once, and data decides in it"
            continue
        why = "draws random numbers" if step.about == "draws" else "decides by data"
        yield step, f"the check that is turned off is the one that `{step.text}`, which {why}, needs"

"""Result of `optimize_for_inference` saved

## What happens
`torch.jit.optimize_for_inference` puts weights into the form of the machine it runs on. `save` writes such a module
without a word, and `torch.jit.load` then fails with "required keyword attribute 'value' is undefined".

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
    frozen = torch.jit.freeze(torch.jit.script(Net().eval()))
    fast = torch.jit.optimize_for_inference(frozen)
    fast.save(path)  # TSL308
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
    torch.jit.freeze(torch.jit.script(Net().eval())).save(path)


def load(path):
    return torch.jit.optimize_for_inference(torch.jit.load(path, map_location="cpu"))
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL308",
    severity="error",
    since="0.1",
    help="save the frozen module, and call optimize_for_inference where it is loaded",
)
def optimized_save(function: Function) -> Iterator[Finding]:
    for step in function.steps("optimized"):
        yield step, f"`{step.text}` is saved in the form of this machine, which `torch.jit.load` cannot read"

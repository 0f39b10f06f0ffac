"""Archive saved without a note of what made it

## What happens
An archive records the version of its format and not the torch, the commit or the data it was made with. Once it is
deployed nobody can tell. `_extra_files` of `save` puts texts into the archive, which `torch.jit.load` and LibTorch
give back. This rule is optional: it is asked where `[tool.tsl]` says `extend-select = ["unstamped-save"]`.

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
    torch.jit.save(torch.jit.script(Net().eval()), path)  # TSL325
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
    stamp = {"made_with": torch.__version__}
    torch.jit.save(torch.jit.script(Net().eval()), path, _extra_files=stamp)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL325",
    severity="warning",
    since="0.1",
    help="pass _extra_files with the version of torch and the commit",
    optional=True,
)
def unstamped_save(function: Function) -> Iterator[Finding]:
    for step in function.steps("unstamped"):
        yield step, f"nothing in the archive will say what `{step.text}` was made with"

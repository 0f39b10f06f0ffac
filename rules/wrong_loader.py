"""File read by the loader of the other kind

## What happens
There are two kinds of files, and their names tell nothing: `torch.jit.save` and `.save()` of a scripted module write
TorchScript, `torch.save` writes a pickle. `torch.jit.load` of a pickle raises; `torch.load` of TorchScript raises since
torch 2.6, and hands over to `torch.jit.load` with `weights_only=False`, a warning.

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


def train(path):
    torch.save(Net().state_dict(), path)


def main(path):
    train(path)
    return torch.jit.load(path, map_location="cpu")  # TSL322
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


def train(path):
    torch.save(Net().state_dict(), path)


def main(path):
    train(path)
    model = Net()
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model.eval()
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL322",
    severity="error",
    since="0.1",
    help="read TorchScript with `torch.jit.load`, and what `torch.save` wrote with `torch.load`",
    fix="right-loader",
)
def wrong_loader(function: Function) -> Iterator[Finding]:
    for step in function.steps("kind"):
        loader, _, writer = step.about.partition(", ")
        if writer:
            yield step, f"{loader} cannot read `{step.text}`, which {writer} wrote"
        elif step.about == "jit.load":
            yield step, f"torch.jit.load cannot read `{step.text}`, which torch.save wrote"
        else:
            yield step, f"torch.load is not the reader of `{step.text}`, which holds TorchScript"

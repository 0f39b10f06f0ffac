"""File from elsewhere loaded by what may run its code

## What happens
A saved model is a program. `torch.jit.load` has no safe mode: what is in the file is compiled and run. `torch.load`
with `weights_only=False` unpickles, which runs what the file says, and so does `torch.utils.model_dump`, though it only
reports. Reported is the load of a file that the same file is seen to fetch, each use of
model_dump, and as an info `weights_only=False` for a path of which nothing is known.

## Example
```python
import urllib.request

import torch


def fetch(url, path):
    urllib.request.urlretrieve(url, path)


def load(path):
    fetch("https://example.org/model.pt", path)
    return torch.jit.load(path, map_location="cpu")  # TSL324
```

## Use instead
```python
import torch


def load(path):
    return torch.load(path, map_location="cpu", weights_only=True)

```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, source_rule

if TYPE_CHECKING:
    from tsl.source.facts import Function


@source_rule(
    "TSL324",
    severity="warning",
    since="0.1",
    help="look at the file with `tsl inspect`, compare its digest, or load weights only",
    fix="weights-only",
)
def untrusted_load(function: Function) -> Iterator[Finding]:
    for step in function.steps("untrusted"):
        yield step, f"{step.about} may run code that is in `{step.text}`"

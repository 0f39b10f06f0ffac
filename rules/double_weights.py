"""Weights of float64

## What happens
NumPy makes float64, and a table that came from it stays so: a mean, a filter, weights of another program. One such
tensor turns what it meets into float64, which takes twice the memory and, on a GPU, up to 64 times the time. A
convolution or a matrix product refuses to mix the two.

It is a warning where other weights are narrower, for then it is most likely an accident, and an info where all are
float64. Numbers, which are tensors without dimensions, change the type of nothing and are not reported.

## Example
```python archive
import numpy


class Normalize(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(numpy.ones(3)))
        self.scale = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.scale(x - self.mean.float())


torch.jit.save(torch.jit.script(Normalize().eval()), "model.pt")  # TSL708
```

## Use instead
Convert once, where it is made: `torch.from_numpy(mean).float()`, or `model.float()` before the export.
```python archive
class Normalize(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.ones(3))
        self.scale = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.scale(x - self.mean)


torch.jit.save(torch.jit.script(Normalize().eval()), "model.pt")
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.diagnostic import Severity
from tsl.rule import Finding, archive_rule

if TYPE_CHECKING:
    from tsl.archive.facts import ArchiveFacts


@archive_rule("TSL708", severity="warning", since="0.1", help="convert it with float(), or say so in its name")
def double_weights(archive: ArchiveFacts) -> Iterator[Finding]:
    for weight in archive.wide_weights():
        if weight.detail == "all":
            sentence = f"all weights take twice the memory: `{weight.text}`{weight.more} are float64"
            yield weight, sentence, Severity.INFO
        else:
            yield weight, f"what meets these weights becomes float64: `{weight.text}`{weight.more}, among narrower ones"

"""Batch normalization that freezing would fold away

## What happens
In evaluation a batch normalization multiplies and adds the same numbers on every run, which the convolution before it
could do at no cost. `torch.jit.freeze` makes constants of the parameters and folds the one into the other; an archive
that is not frozen runs both, and reads each parameter from its module.

It is an info, for whoever serves the file may freeze it after loading. A model that `--entry` exports is tsl's own
archive, and not asked.

## Example
```python archive
model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU()).eval()
torch.jit.save(torch.jit.script(model), "model.pt")  # TSL554
```

## Use instead
```python archive
model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU()).eval()
torch.jit.save(torch.jit.freeze(torch.jit.script(model)), "model.pt")
```

## Silent cases
What reads the convolution as well keeps the two apart.
```python archive
class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolve = nn.Conv2d(1, 2, 3)
        self.normalize = nn.BatchNorm2d(2)

    def forward(self, x):
        x = self.convolve(x)
        return x, self.normalize(x)


torch.jit.save(torch.jit.script(Both().eval()), "model.pt")
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts


@ir_rule("TSL554", severity="info", since="0.1", help="freeze it with torch.jit.freeze before it is saved, or after")
def not_frozen(graph: GraphFacts) -> Iterator[Finding]:
    for part, count in graph.foretold.foldable():
        times = "a batch normalization" if count == 1 else f"{count} batch normalizations"
        yield part, f"`{part.name}` computes {times} that freezing folds into the convolution before"

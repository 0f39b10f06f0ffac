"""Branch on a size of an input

## What happens
While tracing, `x.shape[0]` is a recorded number, and arithmetic with it stays in the graph. An `if` on it does not:
Python asks for its truth and takes one arm, and the traced model takes that arm at every size. A model that pads to a
multiple, traced at a size that needed no padding, never pads.

torch warns ("Converting a tensor to a Python boolean"), as it does for tests of sizes that do no harm. tsl tells these
apart: arms that are the same are silent, an arm that only raises or warns makes it a [size-check](size-check.md).

## Example
```python
def forward(self, x):
    missing = -x.shape[-1] % 8
    if missing > 0:  # TSL111
        x = F.pad(x, (0, missing))
    return x.unflatten(-1, (-1, 8))
```
```python
def forward(self, x):
    scale = 2.0 if x.shape[-1] > 512 else 1.0  # TSL111
    return x * scale
```

## Use instead
One formula for all sizes. Padding by nothing, slicing past the end and repeating once are all allowed:
```python
def forward(self, x):
    missing = -x.shape[-1] % 8
    return F.pad(x, (0, missing)).unflatten(-1, (-1, 8))
```
A comparison of sizes counts as 0 or 1 and stays in the graph:
```python
def forward(self, x):
    return x * (1.0 + (x.shape[-1] > 512))
```
Where the arms have nothing in common, script the function that branches: scripting keeps the `if`.
```python
@torch.jit.script_if_tracing
def shortened(x):
    if x.shape[-1] > 512:
        return F.avg_pool1d(x, 2)
    return x


class Encoder(nn.Module):
    def forward(self, x):
        return shortened(x)
```

## Silent cases
The length of a tuple is no size, and neither is the rank, which is [rank-branch](rank-branch.md):
```python
class Resize(nn.Module):
    def __init__(self, size=(8, 8)):
        super().__init__()
        self.size = size

    def forward(self, x):
        if len(self.size) == 2:
            x = F.interpolate(x, self.size)
        return x
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL111",
    severity="error",
    since="0.1",
    help="write one formula for all sizes, or script the function that branches",
)
def size_branch(function: Function) -> Iterator[Finding]:
    for use in function.conversions("if", "match", "ternary"):
        if use.depends_on.size and not use.only_checks:
            yield use, f"tracing keeps only the branch the example input's size takes: `{use.text}` depends on a size"

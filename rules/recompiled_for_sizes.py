"""Group that is compiled again for other sizes

## What happens
A kernel is written for the sizes of the first calls. On another size the model takes the way that is not fused, and
in the second call with it compiles again: for one more size by itself, from then on once more for all sizes, in code
that is slower than that for one. Each time the model stalls for as long as compiling takes.

`tsl fusion` counts this where `--input` leaves sizes open, as in `x=float32[1..64,8]`, or the entry gives further
inputs.

## Example
```python fusion
class Gate(nn.Module):
    def forward(self, x):
        return torch.tanh(torch.sigmoid(x) * 2)  # TSL812


def entry():
    return Gate().eval(), torch.randn(4, 8), torch.randn(7, 8)
```

## Use instead
```python fusion
class Gate(nn.Module):
    def forward(self, x):
        return torch.tanh(torch.sigmoid(x) * 2)


def entry():
    return Gate().eval(), torch.randn(4, 8), torch.zeros(4, 8)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, run_rule

if TYPE_CHECKING:
    from tsl.ir.fused_facts import FusionFacts


@run_rule(
    "TSL812",
    severity="warning",
    since="0.2",
    help="give the model one size, pad to a few, or warm it up with each size it will meet",
)
def recompiled_for_sizes(fusion: FusionFacts) -> Iterator[Finding]:
    sizes, times = len(fusion.shapes), fusion.compilations
    told = f"{times} compilation{'s' if times > 1 else ''} for {sizes} more size{'s' if sizes > 1 else ''}"
    for spot in fusion.recompiled():
        yield spot, f"the group that begins with `{spot.op}` is not for every size: {told}"

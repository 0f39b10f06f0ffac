"""Operator on a dtype that the fuser has no code for

## What happens
The fuser takes float32, float64 and most integers. It takes no `uint8`, no complex and no quantized tensor anywhere,
and on the CPU no `float16`, nor `bfloat16` without LLVM. A chain ends where such a tensor comes in, and begins again
after it.

The finding stands where the dtype comes in, and counts what is not fused because of it.

## Example
```python fusion
class Mixed(nn.Module):
    def forward(self, x):
        y = torch.sigmoid(x) * 2
        half = y.half()  # TSL803
        z = torch.tanh(half) * half
        return torch.relu(z.float()) + y


def entry():
    return Mixed().eval(), torch.randn(4, 8)
```

## Use instead
```python fusion
class One(nn.Module):
    def forward(self, x):
        y = torch.sigmoid(x) * 2
        z = torch.tanh(y) * y
        return torch.relu(z) + y


def entry():
    return One().eval(), torch.randn(4, 8)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, run_rule

if TYPE_CHECKING:
    from tsl.ir.fused_facts import FusionFacts


@run_rule(
    "TSL803",
    severity="warning",
    since="0.2",
    help="compute in float32 on the CPU, and convert uint8 and complex tensors outside of the chain",
)
def dtype_unfused(fusion: FusionFacts) -> Iterator[Finding]:
    for spot in fusion.unfused("dtype", "complex"):
        told = f"with `{spot.about}` here, {spot.many}" if spot.about else f"{spot.many}"
        noun = "operator is" if spot.many == 1 else "operators are"
        yield spot, f"`{spot.op}`{spot.where}: {told} {noun} in no fusion group, for {spot.why}"

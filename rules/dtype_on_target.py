"""Dtype that a target has no tensors of

## What happens
TensorRT has no float64, and no complex numbers. Torch-TensorRT refuses a part of a model that such a tensor goes into,
unless it is told to truncate (`truncate_long_and_double=True`), which computes in float32: "Unable to process subgraph
input type of at::kLong/at::kDouble".

Reported is the operation that makes the first such tensor, whether it was asked for by name or came of a float64
constant.

## Example
```python archive
# target: tensorrt
class Sums(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cumsum(x, 1, dtype=torch.float64).to(x.dtype)


torch.jit.save(torch.jit.trace(Sums(), torch.ones(2, 3)), "model.pt")  # TSL605
```

## Use instead
```python archive
# target: tensorrt
class Sums(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cumsum(x, 1)


torch.jit.save(torch.jit.trace(Sums(), torch.ones(2, 3)), "model.pt")
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, target_rule

if TYPE_CHECKING:
    from tsl.target.facts import TargetFacts

HELP = "compute in float32 there, or let Torch-TensorRT truncate, with truncate_long_and_double"


@target_rule("TSL605", severity="warning", since="0.1", help=HELP)
def dtype_on_target(model: TargetFacts) -> Iterator[Finding]:
    for term in model.dtypes():
        yield term, f"{term.text} has no `{term.words}`, which `{term.operator}` makes here"

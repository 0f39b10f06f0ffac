"""Everything computed in float64 from here on

## What happens
An operation on a float32 and a float64 tensor computes in float64, and so does all that takes its result: twice the
memory, and on most GPUs at a thirty-second of the speed. The float64 often comes from NumPy, whose arrays are float64,
or from a `dtype` that was forgotten. A float64 tensor without dimensions promotes nothing.

Reported is the first operation that makes float64 of a tensor that is less.

## Example
```ir
graph(%x : Tensor, %none : NoneType):
  %two : int = prim::Constant[value=2]()
  %double : int = prim::Constant[value=7]()
  %single : int = prim::Constant[value=6]()
  %sizes : int[] = prim::ListConstruct(%two)
  %wide : Tensor = aten::zeros(%sizes, %double, %none, %none, %none)
  %narrow : Tensor = aten::zeros(%sizes, %single, %none, %none, %none)
  %product : Tensor = aten::mul(%narrow, %wide)  # TSL511
  return (%product)
```
```python archive
class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.ones(3, dtype=torch.float64))

    def forward(self, x):
        return x * self.scale


torch.jit.save(torch.jit.trace(Scaled(), torch.ones(2, 3)), "model.pt")  # TSL511, TSL708
```

## Use instead
```python archive
class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.ones(3))

    def forward(self, x):
        return x * self.scale


torch.jit.save(torch.jit.trace(Scaled(), torch.ones(2, 3)), "model.pt")
```

## Silent cases
```ir
graph(%x : Tensor, %none : NoneType):
  %two : int = prim::Constant[value=2]()
  %double : int = prim::Constant[value=7]()
  %single : int = prim::Constant[value=6]()
  %sizes : int[] = prim::ListConstruct(%two)
  %number : Tensor = aten::scalar_tensor(%two, %double, %none, %none, %none)
  %narrow : Tensor = aten::zeros(%sizes, %single, %none, %none, %none)
  %product : Tensor = aten::mul(%narrow, %number)
  return (%product)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts


@ir_rule("TSL511", severity="warning", since="0.1", help="make the float64 tensor float32 before the model is exported")
def float64_promotion(graph: GraphFacts) -> Iterator[Finding]:
    for found in graph.promotions("float64"):
        yield found, f"from `{found.kind}` on the model computes in float64: {found.words}"

"""Half precision that ends at a float32 tensor

## What happens
An operation on a half and a float32 tensor computes in float32, and so does all that takes its result, until a layer
refuses the mixture or a cast ends it: twice the memory, and no tensor cores. The float32 is often a table or a buffer
that nobody thought of: `torch.linspace`, a position encoding. Some runtimes do not promote and refuse the model.

Reported is the first operation at which a tensor that the model holds or makes widens a float16 or bfloat16 one; a
result that is cast at once was widened on purpose, and so was an input.

## Example
```ir
graph(%x : Tensor, %none : NoneType):
  %two : int = prim::Constant[value=2]()
  %half : int = prim::Constant[value=5]()
  %single : int = prim::Constant[value=6]()
  %sizes : int[] = prim::ListConstruct(%two)
  %table : Tensor = aten::zeros(%sizes, %single, %none, %none, %none)
  %narrow : Tensor = aten::zeros(%sizes, %half, %none, %none, %none)
  %product : Tensor = aten::mul(%narrow, %table)  # TSL513
  return (%product)
```
```python archive
class Placed(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("table", torch.linspace(0, 1, 3))

    def forward(self, x):
        return torch.cat([x, self.table.expand(x.shape[0], -1)], 1)


torch.jit.save(torch.jit.trace(Placed(), torch.ones(2, 3).half()), "model.pt")  # TSL513
```

## Use instead
```python archive
class Placed(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("table", torch.linspace(0, 1, 3))

    def forward(self, x):
        return torch.cat([x, self.table.to(x.dtype).expand(x.shape[0], -1)], 1)


torch.jit.save(torch.jit.trace(Placed(), torch.ones(2, 3).half()), "model.pt")
```

## Silent cases
What is computed in float32 with care and cast back.
```ir
graph(%x : Tensor, %none : NoneType):
  %two : int = prim::Constant[value=2]()
  %half : int = prim::Constant[value=5]()
  %single : int = prim::Constant[value=6]()
  %false : bool = prim::Constant[value=0]()
  %sizes : int[] = prim::ListConstruct(%two)
  %weight : Tensor = aten::zeros(%sizes, %single, %none, %none, %none)
  %narrow : Tensor = aten::zeros(%sizes, %half, %none, %none, %none)
  %product : Tensor = aten::mul(%narrow, %weight)
  %back : Tensor = aten::to(%product, %half, %false, %false, %none)
  return (%back)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts


@ir_rule("TSL513", severity="warning", since="0.1", help="keep what the model holds in the dtype of the input")
def half_promotion(graph: GraphFacts) -> Iterator[Finding]:
    for found in graph.promotions("float32"):
        yield found, f"from `{found.kind}` on the model computes in float32: {found.words}"

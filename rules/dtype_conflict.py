"""Dtypes that do not go together

## What happens
A matrix product, a convolution or a linear layer takes tensors of one dtype and raises an error for two: "expected m1
and m2 to have the same dtype". Scripting writes the operation down without asking whether it can run: a table that was
made with `torch.arange`, an input that is half where the weights are not.

Reported is what fails whatever is not known. Under autocast dtypes are other than the graph says, and nothing is told.

## Example
```ir
graph(%x : Tensor, %none : NoneType):
  %two : int = prim::Constant[value=2]()
  %half : int = prim::Constant[value=5]()
  %single : int = prim::Constant[value=6]()
  %sizes : int[] = prim::ListConstruct(%two, %two)
  %left : Tensor = aten::zeros(%sizes, %half, %none, %none, %none)
  %right : Tensor = aten::zeros(%sizes, %single, %none, %none, %none)
  %product : Tensor = aten::matmul(%left, %right)  # TSL512
  return (%product)
```
```python archive
class Places(nn.Module):
    def __init__(self):
        super().__init__()
        self.project = nn.Linear(4, 4)
        self.register_buffer("places", torch.arange(4))

    def forward(self, x):
        return x + self.project(self.places)


torch.jit.save(torch.jit.script(Places().eval()), "model.pt")  # TSL512
```

## Use instead
```python archive
class Places(nn.Module):
    def __init__(self):
        super().__init__()
        self.project = nn.Linear(4, 4)
        self.register_buffer("places", torch.arange(4, dtype=torch.float32))

    def forward(self, x):
        return x + self.project(self.places)


torch.jit.save(torch.jit.script(Places().eval()), "model.pt")
```

## Silent cases
Operations that promote: a sum of two dtypes is of the wider one.
```ir
graph(%x : Tensor, %none : NoneType):
  %two : int = prim::Constant[value=2]()
  %one : int = prim::Constant[value=1]()
  %long : int = prim::Constant[value=4]()
  %single : int = prim::Constant[value=6]()
  %sizes : int[] = prim::ListConstruct(%two, %two)
  %left : Tensor = aten::zeros(%sizes, %long, %none, %none, %none)
  %right : Tensor = aten::zeros(%sizes, %single, %none, %none, %none)
  %sum : Tensor = aten::add(%left, %right, %one)
  return (%sum)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts


@ir_rule("TSL512", severity="error", since="0.1", help="cast one of them to the dtype of the other")
def dtype_conflict(graph: GraphFacts) -> Iterator[Finding]:
    for conflict in graph.conflicts("dtype"):
        if conflict.certain:
            yield conflict, f"`{conflict.kind}` fails {conflict.when}: {conflict.words}"

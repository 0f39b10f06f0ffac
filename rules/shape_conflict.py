"""Shapes that do not go together

## What happens
Scripting writes an operation down without asking whether it can run. Sizes of weights, and those that tracing made
constants, are in the archive; where they do not fit each other, or do not fit the input that was recorded or is
described with `--input`, the operation raises an error on every run.

Reported is what fails whatever is not known: a size without a number fits every other one.

## Example
```ir
graph(%x : Tensor, %none : NoneType):
  %two : int = prim::Constant[value=2]()
  %three : int = prim::Constant[value=3]()
  %two_three : int[] = prim::ListConstruct(%two, %three)
  %left : Tensor = aten::zeros(%two_three, %none, %none, %none, %none)
  %right : Tensor = aten::zeros(%two_three, %none, %none, %none, %none)
  %product : Tensor = aten::matmul(%left, %right)  # TSL521
  return (%product)
```
```python archive
class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.project = nn.Linear(4, 4)
        self.classify = nn.Linear(5, 2)

    def forward(self, x):
        return self.classify(self.project(x.view(-1, 4)))


torch.jit.save(torch.jit.script(Head()), "model.pt")  # TSL521
```

## Use instead
```python archive
class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.project = nn.Linear(4, 4)
        self.classify = nn.Linear(4, 2)

    def forward(self, x):
        return self.classify(self.project(x.view(-1, 4)))


torch.jit.save(torch.jit.script(Head()), "model.pt")
```

## Silent cases
What fails in a branch that may not be taken.
```ir
graph(%x : Tensor, %test : bool, %none : NoneType):
  %two : int = prim::Constant[value=2]()
  %three : int = prim::Constant[value=3]()
  %two_three : int[] = prim::ListConstruct(%two, %three)
  %left : Tensor = aten::zeros(%two_three, %none, %none, %none, %none)
  %either : Tensor = prim::If(%test)
    block0():
      %product : Tensor = aten::matmul(%left, %left)
      -> (%product)
    block1():
      -> (%left)
  return (%either)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts


@ir_rule("TSL521", severity="error", since="0.1", help="make the sizes fit, or describe the input with --input")
def shape_conflict(graph: GraphFacts) -> Iterator[Finding]:
    for conflict in graph.conflicts("shape"):
        if conflict.certain:
            yield conflict, f"`{conflict.kind}` fails {conflict.when}: {conflict.words}"

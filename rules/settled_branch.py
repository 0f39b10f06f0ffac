"""Branch that always goes one way

## What happens
A script asks a tensor for its rank, its dtype or a size, and what is known of the tensor settles the answer: sizes of
weights, the input that is described with `--input`. The other arm is code that never runs, and is never
tested; often the question was meant to be another one.

It is an info. Silent is a branch on what the module holds, which is settled by design; one on a device; one in a
function that is no method, which may be made for other callers; one that goes both ways in different calls; and what
only an example settles, whether it was recorded or `--entry` gave it.

## Example
```ir
graph(%x : Tensor, %none : NoneType):
  %two : int = prim::Constant[value=2]()
  %three : int = prim::Constant[value=3]()
  %one : int = prim::Constant[value=1]()
  %sizes : int[] = prim::ListConstruct(%two, %three)
  %table : Tensor = aten::zeros(%sizes, %none, %none, %none, %none)
  %rank : int = aten::dim(%table)
  %is_flat : bool = aten::eq(%rank, %one)
  %r : Tensor = prim::If(%is_flat)  # TSL552
    block0():
      %more : Tensor = aten::neg(%x)
      -> (%more)
    block1():
      -> (%x)
  return (%r)
```
```python archive
class Flat(nn.Module):
    def __init__(self):
        super().__init__()
        self.project = nn.Linear(3, 3)

    def forward(self, x):
        y = self.project(x.view(-1, 3))
        if y.dim() == 3:
            y = y.mean(0)
        return y


torch.jit.save(torch.jit.script(Flat().eval()), "model.pt")  # TSL552
```

## Use instead
Leave the branch out.
```python archive
class Flat(nn.Module):
    def __init__(self):
        super().__init__()
        self.project = nn.Linear(3, 3)

    def forward(self, x):
        return self.project(x.view(-1, 3))


torch.jit.save(torch.jit.script(Flat().eval()), "model.pt")
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts


@ir_rule("TSL552", severity="info", since="0.1", help="leave the branch out, or ask what was meant")
def settled_branch(graph: GraphFacts) -> Iterator[Finding]:
    for node, arm in graph.foretold.settled_branches():
        yield node, f"this `if` always goes one way: its {arm} arm never runs"

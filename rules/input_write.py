"""Input that the model writes to

## What happens
An operation in place (`add_`, `masked_fill_`, `x[:, 0] = 0`) on an input, or on a view of it, changes the caller's own
tensor. Whoever calls the model twice with one tensor gets another result the second time; what reads the tensor
afterwards reads what the model left there; and in a server that shares buffers it is somebody else's request.

It is an info where what is written to may be a copy: `contiguous`, `reshape` and `to` make one only if they have to.

## Example
```ir
graph(%x : Tensor, %one : int):
  %zero : int = prim::Constant[value=0]()
  %row : Tensor = aten::select(%x, %zero, %zero)
  %more : Tensor = aten::add_(%row, %row, %one)  # TSL541
  return (%more)
```
```python archive
class Shift(nn.Module):
    def forward(self, x):
        x += 1
        return x


torch.jit.save(torch.jit.trace(Shift().eval(), torch.ones(2, 3)), "model.pt")  # TSL541
```

## Use instead
```ir
graph(%x : Tensor, %one : int):
  %more : Tensor = aten::add(%x, %x, %one)
  %most : Tensor = aten::add_(%more, %more, %one)
  return (%most)
```
```python archive
class Shift(nn.Module):
    def forward(self, x):
        x = x + 1
        return x


torch.jit.save(torch.jit.trace(Shift().eval(), torch.ones(2, 3)), "model.pt")
```

## Silent cases
An operation in place on what the model made itself, and on a copy.
```ir
graph(%x : Tensor, %one : int, %none : NoneType):
  %copy : Tensor = aten::clone(%x, %none)
  %more : Tensor = aten::add_(%copy, %x, %one)
  return (%more)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts


@ir_rule("TSL541", severity="warning", since="0.1", help="write to a clone, or use the operation that is not in place")
def input_write(graph: GraphFacts) -> Iterator[Finding]:
    for found in graph.foretold.written_inputs():
        what = f"the caller's `{found.name}`" if found.certain else f"what may be the caller's `{found.name}`"
        yield found, f"`{found.node.kind}` writes to {what}"

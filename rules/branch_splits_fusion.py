"""Branch or loop between operators that could be fused

## What happens
The fuser works inside one block of the graph. What stands in a branch or a loop is never in a group with what stands
around it, so that a chain with an `if` in its middle becomes three groups instead of one.

Where the flag is an argument or an attribute of a scripted module it is decided when the model runs. A constant is
decided when it is compiled, and the branch is gone. It is an info, and told of archives under `--deploy cuda` alone:
on the CPU PyTorch fuses only when it is told to. `tsl fusion` tells it of a run.

## Example
```ir cuda
graph(%x : Tensor, %flag : bool, %two : int, %one : int):
  %a : Tensor = aten::sigmoid(%x)
  %b : Tensor = prim::If(%flag)  # TSL811
    block0():
      %c : Tensor = aten::mul(%a, %two)
      -> (%c)
    block1():
      -> (%a)
  %d : Tensor = aten::tanh(%b)
  return (%d)
```
```python archive cuda
class Gate(nn.Module):
    def forward(self, x: Tensor, double: bool) -> Tensor:
        y = torch.sigmoid(x) * x
        if double:
            y = torch.relu(y) + x
        return torch.tanh(y) * x


torch.jit.save(torch.jit.script(Gate()), "model.pt")  # TSL811
```
```python fusion
# options: --capture script
class Gate(nn.Module):
    def forward(self, x, double: bool = True):
        y = torch.sigmoid(x) * x
        if double:  # TSL811
            y = torch.relu(y) + x
        return torch.tanh(y) * x


def entry():
    return Gate().eval(), torch.randn(4, 8)
```

## Use instead
```python fusion
# options: --capture script
class Gate(nn.Module):
    double: Final[bool]

    def __init__(self):
        super().__init__()
        self.double = True

    def forward(self, x):
        y = torch.sigmoid(x) * x
        if self.double:
            y = torch.relu(y) + x
        return torch.tanh(y) * x


def entry():
    return Gate().eval(), torch.randn(4, 8)
```
```python archive cuda
class Gate(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(torch.relu(torch.sigmoid(x) * x) + x)


torch.jit.save(torch.jit.script(Gate()), "model.pt")
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts


@ir_rule(
    "TSL811",
    severity="info",
    since="0.2",
    help="decide before the model is captured: freeze the module, make the flag Final, or choose with torch.where",
)
def branch_splits_fusion(graph: GraphFacts) -> Iterator[Finding]:
    for spot in graph.splits():
        what = "branch" if spot.kind == "prim::If" else "loop"
        yield spot, f"the {what} at `{spot.kind}` keeps the operators before, in and after it out of one fusion group"

"""Tensors on two devices

## What happens
An operation takes tensors that are on one device; the exception is a tensor without dimensions, and an index. A model
that is deployed takes its parameters, its buffers and its inputs to the device it runs on. What the graph makes on the
CPU stays there, and the first operation that joins the two fails: `Expected all tensors to be on the same device`.

Reported under `--deploy DEVICE` is the operation that fails there, with the device of each operand and what put it
there. It is a warning where a branch decides whether it runs. What depends on what it makes is not reported again.

## Example
```ir cuda
graph(%x : Tensor, %n : int, %one : int, %none : NoneType):
  %device : Device = prim::Constant[value="cpu"]()
  %steps : Tensor = aten::arange(%n, %none, %none, %device, %none)
  %sum : Tensor = aten::add(%x, %steps, %one)  # TSL502
  %more : Tensor = aten::add(%sum, %steps, %one)
  return (%more)
```
```python archive cuda
class Steps(nn.Module):
    def forward(self, x):
        return x + torch.arange(x.shape[-1])


torch.jit.save(torch.jit.script(Steps()), "model.pt")  # TSL502
```

## Use instead
Make tensors from tensors, or ask one for its device in a script.
```ir cuda
graph(%x : Tensor, %n : int, %one : int, %none : NoneType):
  %device : Device = prim::device(%x)
  %steps : Tensor = aten::arange(%n, %none, %none, %device, %none)
  %sum : Tensor = aten::add(%x, %steps, %one)
  return (%sum)
```
```python archive cuda
class Steps(nn.Module):
    def forward(self, x):
        return x + torch.arange(x.shape[-1], device=x.device)


torch.jit.save(torch.jit.script(Steps()), "model.pt")
```

## Silent cases
A tensor without dimensions and an index on the CPU go with any device.
```ir cuda
graph(%x : Tensor, %n : int, %one : int, %none : NoneType):
  %device : Device = prim::Constant[value="cpu"]()
  %index : Tensor = aten::arange(%n, %none, %none, %device, %none)
  %indices : Tensor[] = prim::ListConstruct(%index)
  %chosen : Tensor = aten::index(%x, %indices)
  %half : Tensor = aten::scalar_tensor(%one, %none, %none, %device, %none)
  %scaled : Tensor = aten::mul(%chosen, %half)
  return (%scaled)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts


@ir_rule("TSL502", severity="error", since="0.1", help="make the odd one from a tensor that is on the right device")
def device_mix(graph: GraphFacts) -> Iterator[Finding]:
    for conflict in graph.conflicts("device", "mixed"):
        yield conflict, f"`{conflict.kind}` fails on `{conflict.deploy.device}`: {conflict.words}"

"""Device written into the graph

## What happens
Tracing writes the device of every tensor that is made into the graph, and so does `torch.device("cpu")` in a script; a
script that makes one without a device makes it on the CPU. A model is moved by `.to("cuda")` or `map_location`, and
with it go its parameters and buffers; what the graph makes on a device that is written into it stays there. The first
operation that joins the two fails.

Reported is such a node, where what it makes is joined with a tensor that moves: with an input, a parameter, or what was
computed from them. Such a model runs on the kind of device it was made on and on no other. Under `--deploy DEVICE`
those that surely fail there are [device-mix](device-mix.md); what torch's own code makes is
[library-device](library-device.md).

## Example
```ir
graph(%x : Tensor, %n : int, %one : int, %none : NoneType):
  %device : Device = prim::Constant[value="cpu"]()
  %steps : Tensor = aten::arange(%n, %none, %none, %device, %none)  # TSL501
  %sum : Tensor = aten::add(%x, %steps, %one)
  return (%sum)
```
```python archive
class Steps(nn.Module):
    def forward(self, x):
        return x + torch.arange(x.shape[-1], device=x.device)


torch.jit.save(torch.jit.trace(Steps(), torch.ones(2, 3)), "model.pt")  # TSL501
```

## Use instead
Make tensors from tensors, as [baked-device](baked-device.md) shows; script what has to ask for a device; or keep a
table in a buffer, which moves.
```ir
graph(%x : Tensor, %n : int, %one : int, %none : NoneType):
  %device : Device = prim::device(%x)
  %steps : Tensor = aten::arange(%n, %none, %none, %device, %none)
  %sum : Tensor = aten::add(%x, %steps, %one)
  return (%sum)
```
```python archive
class Steps(nn.Module):
    def forward(self, x):
        return x + (x.new_ones(x.shape[-1]).cumsum(0) - 1)


torch.jit.save(torch.jit.trace(Steps(), torch.ones(2, 3)), "model.pt")
```

## Silent cases
What stays among its own kind does no harm, and neither does a tensor without dimensions, or an index.
```ir
graph(%x : Tensor, %n : int, %one : int, %none : NoneType):
  %device : Device = prim::Constant[value="cpu"]()
  %index : Tensor = aten::arange(%n, %none, %none, %device, %none)
  %indices : Tensor[] = prim::ListConstruct(%index)
  %chosen : Tensor = aten::index(%x, %indices)
  %half : Tensor = aten::scalar_tensor(%one, %none, %none, %device, %none)
  %scaled : Tensor = aten::mul(%chosen, %half)
  return (%scaled)
```

## Known limits
Weights that a frozen model holds as constants do not move with `.to` and do with `map_location`: they are not reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts


@ir_rule("TSL501", severity="error", since="0.1", help="make it from an input with new_zeros and its kin, or script it")
def device_literal(graph: GraphFacts) -> Iterator[Finding]:
    for node in graph.literals():
        if (meeting := node.met_by) and not node.of_torch:
            place = node.beside(meeting, "joined here with a tensor that moves")
            made = f"`{node.kind}` makes its tensor on `{node.device}` whatever the model is moved to"
            yield place, f"{made}, and `{meeting.kind}` joins it with one that moves"

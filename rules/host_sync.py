"""Wait for the GPU while the model runs

## What happens
Python and TorchScript run ahead of the GPU: they queue an operation and go on. Some operations need a number back, and
then nothing is queued until the GPU has finished all that came before: reading an element, `if` and `while` on a
tensor, an index with a mask, `nonzero`, a copy to the CPU. The GPU is idle until the next operation arrives.

Reported is what the graph runs on tensors that are where the model runs, or that may be. The arithmetic of sizes, which
tracing records as tensors, stays on the CPU and waits for nothing.

It is a warning in a loop, which waits each time around, and where the model was saved from a GPU or `--deploy` says
that the tensor surely is on one. Otherwise it is an info, for a model that only ever runs on a CPU loses nothing.

## Example
```ir
graph(%x : Tensor, %zero : int, %dtype : NoneType, %true : bool):
  %mask : Tensor = aten::gt(%x, %zero)
  %masks : Tensor[] = prim::ListConstruct(%mask)
  %hits : Tensor = aten::index(%x, %masks)  # TSL401
  %sum : Tensor = aten::sum(%hits, %dtype)
  %n : int = aten::Int(%sum)  # TSL401
  %last : Tensor = prim::Loop(%n, %true, %x)
    block0(%i : int, %old : Tensor):
      %new : Tensor = aten::nonzero(%old)  # TSL401
      -> (%true, %new)
  %copy : Tensor = aten::cpu(%last)  # TSL401
  return (%copy)
```
```python archive
class Crop(nn.Module):
    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        return x[: int(length)]


torch.jit.save(torch.jit.script(Crop()), "model.pt")  # TSL401
```

## Use instead
Stay with tensors: choose with `torch.where`, multiply by the mask, take sizes as integers from the caller, and copy
once, after the model.
```ir
graph(%x : Tensor, %other : Tensor, %zero : int):
  %mask : Tensor = aten::gt(%x, %zero)
  %chosen : Tensor = aten::where(%mask, %x, %other)
  return (%chosen)
```
```python archive
class Crop(nn.Module):
    def forward(self, x: Tensor, length: int) -> Tensor:
        return x[:length]


torch.jit.save(torch.jit.script(Crop()), "model.pt")
```

## Silent cases
A size is on the CPU, and so is what is computed from it.
```ir
graph(%x : Tensor, %zero : int):
  %size : int = aten::size(%x, %zero)
  %tensor : Tensor = prim::NumToTensor(%size)
  %half : Tensor = aten::floor_divide(%tensor, %tensor)
  %n : int = aten::Int(%half)
  return (%n)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.diagnostic import Severity
from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts


@ir_rule("TSL401", severity="warning", since="0.1", help="stay with tensors, or read them once, after the model")
def host_sync(graph: GraphFacts) -> Iterator[Finding]:
    for wait in graph.waits():
        grave = wait.in_loop or wait.sure or (graph.is_on_accelerator and not graph.deploy)
        severity = Severity.WARNING if grave else Severity.INFO
        yield wait, f"the CPU waits for the GPU{wait.times}: at `{wait.node.kind}` {wait.why}", severity

"""Python function left in the graph

## What happens
A `torch.autograd.Function` that tracing met, and a function under `torch.jit.ignore`, stay in the graph as a call of
Python. Such a model runs in the process that made it and nowhere else: `torch.jit.save` raises `Could not export Python
function call`.

No runtime that a model is saved for has the Python that it calls: LibTorch, ONNX, TensorRT, Core ML, a phone.

Reported is each call, in the graphs of models that were not saved yet: no archive holds one. `tsl check model.py
--entry build` makes such a graph. What a `torch.autograd.Function` did with tensors was traced beside the call, and
is checked in its place; `torch.onnx.export` of the module itself writes that in its place too.

## Example
```ir
graph(%x : Tensor):
  %y : Tensor = prim::PythonOp(%x)  # TSL603
  return (%y)
```

## Use instead
Write it with operators of torch, or register an operator of your own with `torch.library`.
```ir
graph(%x : Tensor, %low : int, %high : int):
  %y : Tensor = aten::clamp(%x, %low, %high)
  return (%y)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts


@ir_rule("TSL603", severity="error", since="0.1", help="write it with operators of torch, or register one of your own")
def python_operator(graph: GraphFacts) -> Iterator[Finding]:
    for node in graph.nodes("prim::PythonOp"):
        yield node, f"`{node.kind}` calls Python: the model cannot be saved"

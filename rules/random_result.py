"""Operator whose result differs from run to run

## What happens
An operator that draws random numbers gives another result at each call: what tracing recorded is the drawing, not what
was drawn. On a GPU, operators that add values up at positions that an index names do so in an order that changes from
run to run, and the last digits of a sum with it.

It is an info: drawing may be what the model is for.

## Example
```ir
graph(%x : Tensor, %index : Tensor, %none : NoneType):
  %zero : int = prim::Constant[value=0]()
  %noise : Tensor = aten::rand_like(%x, %none, %none, %none, %none, %none)  # TSL532
  %sums : Tensor = aten::scatter_add(%x, %zero, %index, %noise)  # TSL532
  return (%sums)
```
```python archive
class Sampler(nn.Module):
    def forward(self, x):
        return torch.bernoulli(x)


torch.jit.save(torch.jit.script(Sampler().eval()), "model.pt")  # TSL532
```

## Use instead
Let the caller draw, and take what was drawn as an input.
```ir
graph(%x : Tensor, %noise : Tensor):
  %less : Tensor = aten::lt(%noise, %x)
  return (%less)
```
```python archive
class Sampler(nn.Module):
    def forward(self, x, noise):
        return (noise < x).to(x.dtype)


torch.jit.save(torch.jit.script(Sampler().eval()), "model.pt")
```

## Silent cases
What is drawn in training only, in a model that is not in training; dropout, which
[training-operator](training-operator.md) tells of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts

DRAWS = """rand rand_like randn randn_like randint randint_like randperm bernoulli bernoulli_ multinomial normal normal_
uniform_ random_ exponential_ cauchy_ geometric_ log_normal_ poisson""".split()
ADDS_UP = "scatter_add scatter_add_ index_add index_add_ scatter_reduce scatter_reduce_ histc".split()


@ir_rule("TSL532", severity="info", since="0.1", help="take random numbers as an input where results must repeat")
def random_result(graph: GraphFacts) -> Iterator[Finding]:
    for node in graph.running(*(f"aten::{name}" for name in DRAWS)):
        yield node, f"`{node.kind}` draws random numbers, so that no two runs on the same input agree"
    for node in graph.running(*(f"aten::{name}" for name in ADDS_UP)):
        yield node, f"`{node.kind}` adds up in an order that changes from run to run on a GPU"

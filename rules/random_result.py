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
  %true : bool = prim::Constant[value=1]()
  %indices : Tensor[] = prim::ListConstruct(%index)
  %more : Tensor = aten::index_put(%sums, %indices, %noise, %true)  # TSL532
  return (%more)
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

# Those with the tag nondeterministic_seeded (aten/src/ATen/native/tags.yaml) that are not made for training.
DRAWS = """rand rand_like randn randn_like randint randint_like randperm bernoulli bernoulli_ multinomial normal normal_
uniform uniform_ random random_ exponential exponential_ cauchy cauchy_ geometric geometric_ log_normal log_normal_
poisson binomial _standard_gamma _sample_dirichlet""".split()
# What torch.use_deterministic_algorithms lists of forward operations; those below add up only where this is True.
ADDS_UP = "scatter_add scatter_add_ index_add index_add_ scatter_reduce scatter_reduce_ histc".split()
ACCUMULATES = "index_put index_put_ put put_ _index_put_impl_".split()


@ir_rule("TSL532", severity="info", since="0.1", help="take random numbers as an input where results must repeat")
def random_result(graph: GraphFacts) -> Iterator[Finding]:
    for node in graph.running(*(f"aten::{name}" for name in DRAWS)):
        yield node, f"`{node.kind}` draws random numbers, so that no two runs on the same input agree"
    for node in graph.running(*(f"aten::{name}" for name in ADDS_UP)):
        yield node, f"`{node.kind}` adds up in an order that changes from run to run on a GPU"
    for node in graph.running(*(f"aten::{name}" for name in ACCUMULATES)):
        if node.argument("accumulate") == 1:
            yield node, f"`{node.kind}` adds up in an order that changes from run to run on a GPU"

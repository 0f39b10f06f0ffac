"""Output that is the same for every input

## What happens
A tensor that the model returns is made of constants of the graph alone. In a trace it is what the example input gave:
it went through NumPy, through `.item()` or `torch.tensor(list)`, and what came back was written down as a number. Every
caller gets that number.

Silent is an output that the module holds, such as the scale of CLIP, one that is drawn, and one of a script, which has
it from the source.

## Example
```ir
graph(%x : Tensor):
  %none : NoneType = prim::Constant()
  %two : int = prim::Constant[value=2]()
  %sizes : int[] = prim::ListConstruct(%two)
  %count : Tensor = aten::zeros(%sizes, %none, %none, %none, %none)  # TSL553
  %twice : Tensor = aten::mul(%x, %two)
  %both : (Tensor, Tensor) = prim::TupleConstruct(%twice, %count)
  return (%both)
```
```python archive
class Counts(nn.Module):
    def forward(self, x):
        return x * 2, torch.from_numpy(x.numpy().sum(1))


torch.jit.save(torch.jit.trace(Counts().eval(), torch.ones(2, 3)), "model.pt")  # TSL553
```

## Use instead
```python archive
class Counts(nn.Module):
    def forward(self, x):
        return x * 2, x.sum(1)


torch.jit.save(torch.jit.trace(Counts().eval(), torch.ones(2, 3)), "model.pt")
```

## Silent cases
What is written to before it is returned.
```ir
graph(%x : Tensor, %false : bool):
  %none : NoneType = prim::Constant()
  %zero : int = prim::Constant[value=0]()
  %two : int = prim::Constant[value=2]()
  %sizes : int[] = prim::ListConstruct(%two)
  %count : Tensor = aten::zeros(%sizes, %none, %none, %none, %none)
  %row : Tensor = aten::unsqueeze(%count, %zero)
  %done : Tensor = aten::copy_(%row, %x, %false)
  return (%count)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts


DRAWS = """rand rand_like randn randn_like randint randint_like randperm bernoulli bernoulli_ multinomial normal normal_
uniform uniform_ random random_ exponential exponential_ cauchy cauchy_ geometric geometric_ log_normal log_normal_
poisson binomial empty empty_like empty_strided""".split()


@ir_rule("TSL553", severity="warning", since="0.1", help="compute it from the input with operations of torch")
def constant_output(graph: GraphFacts) -> Iterator[Finding]:
    for place, words in graph.constant_outputs(DRAWS):
        yield place, f"`{words}` is the same for every input: it is made of constants of the graph"

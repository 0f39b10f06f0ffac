"""Size of the example that the graph insists on

## What happens
Tracing writes a size down where Python had made a number of it: `int(x.shape[0])`, `len(x)`, a size that went through
arithmetic or a configuration. The graph then takes an input of that size and no other: it raises an error, or worse,
mixes up what is in a batch.

Reported is what is proven. With twice the size in one dimension of a recorded input an operation fails; were the number
in the graph twice as large as well, it would not. What the model's weights ask for is not reported, and neither is what
gives a wrong result without an error.

## Example
```python archive
class Rows(nn.Module):
    def forward(self, x):
        rows = int(x.shape[0])
        return x.reshape(rows, 12)


torch.jit.save(torch.jit.trace(Rows().eval(), torch.ones(2, 3, 4)), "model.pt")  # TSL522
```
```python archive
class Places(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("table", torch.ones(64, 4))

    def forward(self, x):
        return x + self.table[: int(x.shape[1])]


torch.jit.save(torch.jit.trace(Places().eval(), torch.ones(2, 8, 4)), "model.pt")  # TSL522
```

## Use instead
```python archive
class Rows(nn.Module):
    def forward(self, x):
        return x.reshape(x.shape[0], 12)


torch.jit.save(torch.jit.trace(Rows().eval(), torch.ones(2, 3, 4)), "model.pt")
```

## Silent cases
The width that a layer takes, though the same number is written elsewhere.
```python archive
class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.project = nn.Linear(4, 8)

    def forward(self, x):
        return self.project(x).reshape(-1, 4, 2)


torch.jit.save(torch.jit.trace(Head().eval(), torch.ones(3, 4)), "model.pt")
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts


@ir_rule("TSL522", severity="error", since="0.1", help="use x.shape as it is, or script what computes with it")
def baked_size(graph: GraphFacts) -> Iterator[Finding]:
    for node, baked in graph.foretold.baked_sizes():
        which = f"dimension {baked.dimension} of `{baked.input}`"
        yield node, f"the graph insists on {baked.size} in {which}: with {baked.tried} `{baked.fails.node.kind}` fails"

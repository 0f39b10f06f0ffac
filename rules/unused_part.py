"""Input or parameter that nothing reads

## What happens
An input that no operation of a method reads changes nothing, whatever the caller passes: often tracing took the other
branch, or read a number out of it. A parameter that no method reads is loaded, moved and kept in memory all the same;
often it belongs to a head that only training needs.

## Example
```python archive
class Masked(nn.Module):
    def forward(self, x, mask):
        return x * 2


torch.jit.save(torch.jit.script(Masked().eval()), "model.pt")  # TSL551
```
```python archive
class Headed(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 3)
        self.spare = nn.Linear(3, 3)

    def forward(self, x):
        return self.head(x)


torch.jit.save(torch.jit.trace(Headed().eval(), torch.ones(2, 3)), "model.pt")  # TSL551
```

## Use instead
Leave it out.
```python archive
class Headed(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 3)

    def forward(self, x):
        return self.head(x)


torch.jit.save(torch.jit.trace(Headed().eval(), torch.ones(2, 3)), "model.pt")
```

## Known limits
Of a model that calls methods of an interface, or more than can be read, nothing is said about parameters.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts


@ir_rule("TSL551", severity="info", since="0.1", help="leave it out of the model that is exported")
def unused_part(graph: GraphFacts) -> Iterator[Finding]:
    for part in graph.foretold.unused_inputs():
        yield part, f"nothing reads the input `{part.name}`: it makes no difference"
    parameters = graph.foretold.unread_parameters()
    if parameters:
        more = f" and {len(parameters) - 1} more" if parameters[1:] else ""
        yield parameters[0], f"no method reads the parameter `{parameters[0].name}`{more}: memory that is never used"

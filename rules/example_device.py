"""Traced on another device than the weights are on

## What happens
Tracing writes devices into the graph: of every tensor that the model makes, and of every `.to(x.device)`. They are
those of the example inputs. Where the weights were on another device when the model was saved, it was moved after it
was traced, and the graph still says where it was: the model fails at the first operation that joins the two, or copies
back and forth.

The archive of a traced model keeps the device of its example inputs, and the device of each weight.

## Example
```python archive
class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, x):
        return x * self.weight


traced = torch.jit.trace(Scale(), torch.ones(2, 3))
torch.jit.save(traced.to("meta"), "model.pt")  # TSL706
```

## Use instead
Trace on the device the model is to run on, or script it; move nothing in between.
```python archive
traced = torch.jit.trace(nn.Linear(3, 3).eval(), torch.ones(2, 3))
torch.jit.save(traced, "model.pt")
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, archive_rule

if TYPE_CHECKING:
    from tsl.archive.facts import ArchiveFacts


@archive_rule("TSL706", severity="warning", since="0.1", help="trace on the device the model runs on, or script it")
def example_device(archive: ArchiveFacts) -> Iterator[Finding]:
    for method in archive.examples_elsewhere():
        weights = ", ".join(sorted(archive.devices))
        yield method, f"`{method.text}` was traced on `{method.detail}`, and the weights are on `{weights}`"

"""Tensor that stays behind

## What happens
`.to("cuda")` moves what is registered: parameters and buffers. A tensor that is a plain attribute, an element of a
list, or a constant that tracing found outside of the module, is in the archive as well, and stays on the device it
was saved on; the first operation that joins it with an input fails. `torch.jit.freeze` makes constants of all
weights, and then `.to` moves none. `torch.jit.load(file, map_location="cuda")` moves every one of them.

Reported under `--deploy DEVICE` is the operation that fails there. `DEVICE:map_location` and `DEVICE:frozen` ask about
the other ways to get to a device.

## Example
```python archive cuda
class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.ones(3)

    def forward(self, x):
        return x * self.scale


torch.jit.save(torch.jit.trace(Scaled(), torch.ones(2, 3)), "model.pt")  # TSL503
```
```python archive cuda
model = torch.jit.script(nn.Linear(3, 3).eval())
torch.jit.save(torch.jit.freeze(model), "model.pt")  # TSL503
```

## Use instead
Register it as a buffer; load what is frozen with `map_location`.
```python archive cuda
class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.ones(3))

    def forward(self, x):
        return x * self.scale


torch.jit.save(torch.jit.trace(Scaled(), torch.ones(2, 3)), "model.pt")
```

## Silent cases
A tensor without dimensions goes with any device.
```python archive cuda
class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.tensor(2.0)

    def forward(self, x):
        return x * self.scale


torch.jit.save(torch.jit.trace(Scaled(), torch.ones(2, 3)), "model.pt")
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts


@ir_rule("TSL503", severity="error", since="0.1", help="register it as a buffer, or load the file with map_location")
def tensor_left_behind(graph: GraphFacts) -> Iterator[Finding]:
    for conflict in graph.conflicts("device", "left behind"):
        deploy = conflict.deploy
        yield conflict, f"`{conflict.kind}` fails on `{deploy.device}` after `{deploy.mode}`: {conflict.words}"

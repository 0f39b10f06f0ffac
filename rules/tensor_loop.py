"""Loop until the data of an input says stop

## What happens
Tracing has no loops. The body of a `while` is recorded as often as the example input made Python run it, and the
graph repeats these steps for every input: too few for one that needs more, too many for one that needs less. A
condition that was false at once leaves no step at all.

torch warns at each test ("Converting a tensor to a Python boolean"), but only while tracing.

## Example
```python
def forward(self, x):
    while x.norm() > 1:  # TSL102
        x = x * 0.5
    return x
```
Traced with an input that takes three rounds, the model halves every input three times. An iteration that stops when it
has converged is the same loop:
```python
def forward(self, x):
    change = x
    while change.abs().max() > 1e-3:  # TSL102
        change = torch.cos(x) - x
        x = x + change
    return x
```

## Use instead
A fixed number of steps, with finished ones masked; tracing unrolls it, and the graph is right for every input that
needs no more steps than that:
```python
def forward(self, x):
    for _ in range(16):
        x = torch.where(x.norm() > 1, x * 0.5, x)
    return x
```
Or script the function that loops: scripting keeps the `while`, and the traced model calls it.
```python
@torch.jit.script_if_tracing
def shrunk(x):
    while bool(x.norm() > 1):
        x = x * 0.5
    return x


class Shrink(nn.Module):
    def forward(self, x):
        return shrunk(x)
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL102",
    severity="error",
    since="0.1",
    help="run a fixed number of steps and mask the finished ones, or script the function that loops",
)
def tensor_loop(function: Function) -> Iterator[Finding]:
    for use in function.conversions("while"):
        if use.depends_on.data:
            yield use, f"tracing loops as often as the example input did: `{use.text}` depends on the input's data"

"""Attribute of the module assigned while it runs

## What happens
The assignment happens once, while tracing, and is not recorded. What is kept from one call to the next, such as a
counter, the previous frame or a running mean, stands still in the traced model: every call sees what the attribute was
when the model was traced. That holds for buffers as well, when they are assigned and not written in place.

torch gives **no warning**. An attribute that takes a tensor or a size is a warning. Other values are an info: many of
them are set and read in the same call, and then nothing is lost.

## Example
```python
class Smooth(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = None

    def forward(self, x):
        if self.last is not None:
            x = 0.5 * (x + self.last)
        self.last = x.relu()  # TSL133
        return x
```
```python
class Warm(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls = self.calls + 1  # TSL133
        return x * min(self.calls, 10)
```

## Use instead
Take the state as an argument and return the new one:
```python
def forward(self, x, last):
    x = 0.5 * (x + last)
    return x, x.relu()
```
Or register a buffer and write to it in place, with `copy_`, `add_` or an index: that is recorded, and the state is
saved with the model.
```python
class Warm(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("last", torch.zeros(3))

    def forward(self, x):
        self.last.copy_(x)
        return x * 2
```
"""

from collections.abc import Iterator

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule
from tsl.source.facts import Function
from tsl.source.values import TRACED


@source_rule("TSL133", severity="info", since="0.1", help="take and return the state, or write to a buffer in place")
def python_state(function: Function) -> Iterator[Finding]:
    if function.qualname.endswith("__init__"):
        return
    for write in function.writes():
        severity = Severity.WARNING if write.value.is_only(TRACED) else Severity.INFO
        yield write, f"the traced model never does this again: `{write.text}` is assigned while tracing", severity

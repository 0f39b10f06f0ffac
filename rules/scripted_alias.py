"""Tensor read after a scripted function that may return it

## What happens
A call of a scripted function is one operation of the trace. If it returns the very tensor it was given, as the example
may make it do, the tracer takes every later mention of that tensor for the result of the call. At an input for which
the function returns something else, all that reads the old tensor reads the new one.

torch gives **no warning**.

## Example
```python
@torch.jit.script
def shortened(t: Tensor):
    if t.size(0) > 4:
        return t[:4]
    return t


def forward(self, x):
    y = shortened(x)  # TSL138
    return y.sum() + x.sum()
```

## Use instead
A function that returns a new tensor on each path:
```python
@torch.jit.script
def shortened(t: Tensor):
    if t.size(0) > 4:
        return t[:4]
    return t.clone()


def forward(self, x):
    y = shortened(x)
    return y.sum() + x.sum()
```

## Silent cases
The tensor is not read again:
```python
@torch.jit.script_if_tracing
def shortened(t: Tensor):
    if t.size(0) > 4:
        t = t[:4]
    return t


def forward(self, x):
    x = shortened(x)
    return x.sum()
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL138", severity="warning", since="0.1", help="return t.clone() where the function returns its input")
def scripted_alias(function: Function) -> Iterator[Finding]:
    for call in function.events("handed"):
        yield call, f"the trace reads the result of `{call.text}` wherever its input is read after it"

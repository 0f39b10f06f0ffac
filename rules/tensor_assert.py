"""Assertion about the data of an input

## What happens
Python makes the check while tracing, on the example input, and the graph keeps nothing of it. The traced model takes
inputs that the eager model refuses, and returns whatever the operations make of them: often NaN, with no error. Results
for good inputs are unchanged, so this is an info.

`torch._assert` is lost in the same way. `torch._assert_async` with a tensor gives no warning and is lost as well: no
output depends on it, so it is removed from the graph (torch 2.13). `torch._check` raises while tracing.

## Example
```python
def forward(self, x):
    assert (x >= 0).all(), "a square root needs numbers from 0"  # TSL103
    return x.sqrt()
```

## Use instead
Check where the model is called, before the traced part. Where the check has to travel with the model, script it: a
scripted function keeps its `assert` and `raise`, and the traced model calls it.
```python
@torch.jit.script_if_tracing
def checked(x):
    assert bool((x >= 0).all()), "a square root needs numbers from 0"
    return x


class Root(nn.Module):
    def forward(self, x):
        return checked(x).sqrt()
```

## Silent cases
Types, ranks and dtypes belong to the kind of input a model is for, and not to its data:
```python
def forward(self, x):
    assert isinstance(x, Tensor)
    assert x.dim() == 4 and x.dtype == torch.float32
    return x.mean((2, 3))
```
An assertion about a size is [size-check](size-check.md).
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL103",
    severity="info",
    since="0.1",
    help="check before calling the model, or in a function decorated with torch.jit.script_if_tracing",
)
def tensor_assert(function: Function) -> Iterator[Finding]:
    for use in function.conversions("assert"):
        if use.depends_on.data:
            yield use, f"the traced model no longer makes this check: `{use.text}` depends on the input's data"

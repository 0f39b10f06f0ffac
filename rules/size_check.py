"""Check of a size of an input

## What happens
Python makes the check while tracing, for the example input, and the graph keeps nothing of it. The traced model is as
right as the eager one wherever the check would have passed; where it would have failed, the traced model goes on, and
some later operation fails with a worse message, or broadcasts and does not fail at all.

A lost check is not a lost result, so this is an info. torch gives the same warning as for a branch that changes the
result ("Converting a tensor to a Python boolean"); in transformers such checks are what it warns of most.

## Example
```python
def forward(self, x, y):
    assert x.shape[1] == 4, "expected four channels"  # TSL151
    if x.shape != y.shape:  # TSL151
        raise ValueError("x and y differ in shape")
    return x * y
```

## Use instead
Nothing, where a wrong size makes an operation fail anyway. Let the operation demand the size:
```python
def forward(self, x, y):
    return x.unflatten(1, (4, 1)).flatten(1, 2) * y.expand_as(x)
```
Or keep the check with the model in a scripted function, which the traced model calls:
```python
@torch.jit.script_if_tracing
def four_channels(x):
    assert x.shape[1] == 4, "expected four channels"
    return x


class Checked(nn.Module):
    def forward(self, x, y):
        return four_channels(x) * y
```
Or leave the check out of the trace on purpose, and say so:
```python
def forward(self, x, y):
    if not torch.jit.is_tracing() and x.shape != y.shape:
        raise ValueError("x and y differ in shape")
    return x * y
```

## Silent cases
Checks of rank, dtype and type belong to the kind of input a model is for:
```python
def forward(self, x):
    if x.dim() != 4 or not x.is_floating_point():
        raise ValueError("expected images")
    return x.mean((2, 3))
```
A check of the data is [tensor-assert](tensor-assert.md).
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function
from tsl.source.ways import WAYS

OTHERS = {"constructor", "data", "numpy", "layout"}  # what is lost there is no check of a size
CHECKED = [how for how in WAYS if how not in OTHERS]


@source_rule(
    "TSL151",
    severity="info",
    since="0.1",
    help="check before calling the model, or in a function decorated with torch.jit.script_if_tracing",
)
def size_check(function: Function) -> Iterator[Finding]:
    for use in function.conversions(*CHECKED):
        if use.only_checks and use.depends_on.size:
            yield use, f"the traced model no longer makes this check: `{use.text}` depends on a size"

"""Tensor read through .data

## What happens
Tracing does not follow `.data`: what it returns is a constant of the graph, with the values and the size of the example
input. So is all that is computed from it, sizes included. A write through it, such as `y.data.clamp_(0)`, happens while
tracing and is not recorded.

torch gives **no warning**. `detach()` is followed, and so is everything that comes after it.

## Example
```python
def forward(self, x):
    peak = x.data.abs().amax()  # TSL131
    return x / peak
```
```python
def forward(self, x):
    y = x * 1.0
    y.data.clamp_(max=1)  # TSL131
    return y
```
```python
def forward(self, x):
    n = x.data.size(0)  # TSL131
    return x.new_zeros(n)
```

## Use instead
`detach()`; and where the value of one tensor is to have the gradient of another, their difference, detached:
```python
def forward(self, x):
    peak = x.detach().abs().amax()
    return x / peak
```
```python
def forward(self, x):
    y = x * 1.0
    return y + (y.clamp(max=1) - y).detach()
```
```python
def forward(self, x):
    return x.new_zeros(x.detach().size(0))
```

## Silent cases
`.data` of something that is no tensor is an attribute like any other:
```python
from typing import NamedTuple


class Box(NamedTuple):
    data: Tensor


class Net(nn.Module):
    def forward(self, x):
        return Box(x).data * 2
```
The `.data` of a weight is a constant too, and is [static-value](static-value.md).
"""

from collections.abc import Iterator

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL131", severity="error", since="0.1", help="use detach(), which tracing follows", fix="detached")
def frozen_data(function: Function) -> Iterator[Finding]:
    for use in function.conversions("data"):
        if not use.depends_on.only_static:
            severity = Severity.INFO if use.only_checks else Severity.ERROR
            yield use, f"tracing keeps the example input's values: `{use.text}` is not followed", severity

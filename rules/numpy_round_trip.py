"""Tensor handed to NumPy

## What happens
An array has left the graph. What NumPy computes is computed once, while tracing, from the example input's values, and a
tensor made of the result is a constant: the traced model returns it for every input, on the CPU.

torch gives **no warning** for `.numpy()`; it does for `np.asarray(x)`, which is [tensor-to-list](tensor-to-list.md).

## Example
```python
def forward(self, x):
    loudest = float(x.detach().numpy().max())  # TSL132
    return x / loudest
```
```python
def forward(self, x):
    keep = x[:, 0].detach().cpu().numpy() > 0  # TSL132
    return x[keep]
```

## Use instead
The operation of torch; most of NumPy has one, and masks and indices may be tensors:
```python
def forward(self, x):
    return x / x.detach().max()
```
```python
def forward(self, x):
    return x[x[:, 0] > 0]
```
What only NumPy or another library can do belongs before or after the traced part. Where it has to be inside, write a
custom operator (`torch.library`), which the graph then names.

## Silent cases
Arrays that are no tensors, and sizes made into a shape:
```python
import numpy as np


class Table(nn.Module):
    def __init__(self):
        super().__init__()
        values = np.linspace(0.0, 1.0, 4).astype("float32")
        self.register_buffer("values", torch.from_numpy(values))

    def forward(self, x):
        return x * self.values
```
"""

from collections.abc import Iterator

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL132", severity="error", since="0.1", help="use the operation of torch, or a custom operator")
def numpy_round_trip(function: Function) -> Iterator[Finding]:
    for use in function.conversions("numpy"):
        if not use.depends_on.only_static:
            severity = Severity.INFO if use.only_checks else Severity.ERROR
            yield use, f"tracing keeps the example input's values: `{use.text}` leaves the graph", severity

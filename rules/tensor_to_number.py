"""Tensor turned into a Python number

## What happens
`.item()`, `int()`, `float()` and the functions of `math` hand Python the number the example input gives. From there
on it is a constant like any other: each operation that uses it is recorded with the example's number, and no later
input changes it. Max, min and sorted of several tensors compare them the same way and keep the example's order.

torch warns for most of these while tracing, but not for a tensor that is given to range(), or used as an index into
a Python list.

## Example
```python
def forward(self, x):
    return x / x.max().item()  # TSL106
```
```python
def forward(self, x):
    length = int(x[0].sum())  # TSL106
    return x[:, :length]
```
```python
def forward(self, x):
    temperature = math.sqrt(x.var())  # TSL106
    return torch.softmax(x / temperature, -1)
```

## Use instead
A tensor without dimensions works wherever a number does, also as the bound of a slice, and stays in the graph:
```python
def forward(self, x):
    return x / x.max()
```
```python
def forward(self, x):
    length = x[0].sum().long()
    return x[:, :length]
```
```python
def forward(self, x):
    return torch.softmax(x / x.var().sqrt(), -1)
```

## Silent cases
Numbers that the model is made with are the same for every input:
```python
class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = float(torch.ones(1))

    def forward(self, x):
        return x * self.scale
```
A number that is only formatted, or only checked, is an info. Sizes are [size-to-number](size-to-number.md), weights
[static-value](static-value.md).
"""

from collections.abc import Iterator

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule
from tsl.source.facts import Function

HOW = ("number", "item", "math", "extreme", "len", "index", "range", "argument", "format")


@source_rule("TSL106", severity="error", since="0.1", help="keep it a tensor: one without dimensions works as a number")
def tensor_to_number(function: Function) -> Iterator[Finding]:
    for use in function.conversions(*HOW):
        if use.depends_on.data:
            severity = Severity.INFO if use.how == "format" or use.only_checks else Severity.ERROR
            yield use, f"tracing keeps the example input's number: `{use.text}` depends on the input's data", severity

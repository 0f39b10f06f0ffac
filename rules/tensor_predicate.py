"""Comparison that answers with a Python bool

## What happens
`torch.equal`, `torch.allclose` and `torch.is_nonzero`, and the methods of these names, look at the data and return a
plain True or False. There is nothing to record: the graph holds no comparison, and whatever follows from the answer is
what followed for the example input. Since no tensor is converted, torch gives **no warning at all**, neither here nor
at the `if` the answer goes into.

## Example
```python
def forward(self, x, y):
    if torch.equal(x, y):  # TSL109
        return torch.ones_like(x)
    return (x - y).abs()
```
Traced with two different inputs, the test is gone. The answer may travel first:
```python
def forward(self, x, previous):
    settled = x.allclose(previous, atol=1e-3)  # TSL109
    step = 0.0 if settled else 0.1
    return x + step * (x - previous)
```

## Use instead
Comparisons that return a tensor, and `torch.where` to choose:
```python
def forward(self, x, y):
    return torch.where((x == y).all(), 1.0, (x - y).abs())
```
```python
def forward(self, x, previous):
    settled = torch.isclose(x, previous, atol=1e-3).all()
    step = torch.where(settled, 0.0, 0.1)
    return x + step * (x - previous)
```
`x != 0` is what `torch.is_nonzero(x)` asks.

## Silent cases
`is` compares objects and no data, and comes out alike for every input:
```python
class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = self.other = nn.Linear(2, 2)

    def forward(self, x):
        return x * 2 if self.one is self.other else x
```
A comparison of weights with each other is [static-value](static-value.md).
"""

from collections.abc import Iterator

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL109", severity="error", since="0.1", help="compare with (a == b).all() and choose with torch.where")
def tensor_predicate(function: Function) -> Iterator[Finding]:
    for use in function.conversions("predicate"):
        if use.depends_on.data:
            severity = Severity.INFO if use.only_checks else Severity.ERROR
            yield use, f"tracing keeps the example input's answer, silently: `{use.text}` is a Python bool", severity

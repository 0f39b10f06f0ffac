"""Tensor decided by and, or, not, in, any() or a filter

## What happens
`and`, `or` and `not` ask an operand for its truth, and so do a chained comparison, any(), all() and the `if` of a
comprehension; `in` compares element by element until one is equal. While tracing, Python does this on the example
input. What comes out is True, False or one of the operands, the same for every later input: the graph has no boolean
operator, and a filtered list keeps the entries the example kept.

torch warns while tracing ("Converting a tensor to a Python boolean").

## Example
```python
def forward(self, x):
    return x + (not x.any())  # TSL105
```
`a and b` tests `a` alone and hands `b` through, so half of the condition is lost:
```python
def forward(self, x, y):
    both = x.any() and y.any()  # TSL105
    return y * both
```
A comprehension that filters keeps as many rows as the example had:
```python
def forward(self, rows: list[Tensor]):
    return torch.stack([row for row in rows if row.sum() > 0])  # TSL105
```

## Use instead
`&`, `|` and `~` (or `torch.logical_and` and its kin, for tensors that are not bool) stay in the graph:
```python
def forward(self, x):
    return x + ~x.any()
```
```python
def forward(self, x, y):
    both = x.any() & y.any()
    return y * both
```
Filter with a mask; a traced index follows the data:
```python
def forward(self, rows: list[Tensor]):
    stacked = torch.stack(rows)
    return stacked[stacked.sum(1) > 0]
```

## Silent cases
An operand that is no tensor is not lost, and the last operand of `and` and `or` is handed on unconverted:
```python
def forward(self, x, mask=None):
    keep = mask is not None and mask.any()
    return x * mask if mask is not None else x
```
Where only an assertion or an arm that raises depends on it, the finding is an info.
"""

from collections.abc import Iterator

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL105", severity="error", since="0.1", help="combine tensors with &, | and ~, and filter with a mask")
def tensor_boolean(function: Function) -> Iterator[Finding]:
    for use in function.conversions("boolean", "filter", "contains"):
        if use.depends_on.data:
            reason = f"`{use.text}` depends on the input's data"
            severity = Severity.INFO if use.only_checks else Severity.ERROR
            yield use, f"tracing decides this once, on the example input: {reason}", severity

"""Size of an input decided by and, or, not, in, any() or a filter

## What happens
A comparison of sizes is recorded while tracing, and is neither True nor False. `and`, `or`, `not`, any(), all(), all
links but the last of a chained comparison, `==` of two shapes and `in` a list ask for its truth, and keep the answer of
the example input's size.

torch warns ("Converting a tensor to a Python boolean"). It does not for `n in {2, 4}` and for `table.get(n)`: sets and
dicts look the recorded number up by its identity, and find nothing **even at the example's own size**.

## Example
```python
def forward(self, x):
    n = x.shape[-1]
    return x * (1 + (n > 2 and n < 8))  # TSL114
```
```python
def forward(self, x):
    n = x.shape[-1]
    return x * (1 + (2 < n < 8))  # TSL114
```
```python
def forward(self, x, y):
    alike = x.shape == y.shape  # TSL114
    return x * (1 + alike)
```
```python
def forward(self, x):
    return x * (1 + (x.shape[-1] in {2, 4}))  # TSL114
```

## Use instead
`&` and `|` between comparisons in brackets stay in the graph:
```python
def forward(self, x):
    n = x.shape[-1]
    return x * (1 + ((n > 2) & (n < 8)))
```
```python
def forward(self, x):
    n = x.shape[-1]
    return x * (1 + ((n == 2) | (n == 4)))
```
For an `if` that is no help, for it converts what they return: see [size-branch](size-branch.md).

## Silent cases
A rank is no size, and the layers of a model have theirs before the first input comes:
```python
class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.other = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        if x.dim() not in (2, 3):
            raise ValueError("expected vectors")
        alike = self.one.in_features == self.other.in_features
        return self.one(x) if alike else self.other(x)
```
A test of the shape of a weight is [static-value](static-value.md), a branch on the rank [rank-branch](rank-branch.md).
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL114", severity="warning", since="0.1", help="combine comparisons of sizes with & and |")
def size_boolean(function: Function) -> Iterator[Finding]:
    for use in function.conversions("boolean", "filter", "contains", "predicate"):
        if use.depends_on.size and not use.only_checks:
            yield use, f"tracing decides this once, for the example input's size: `{use.text}` depends on a size"

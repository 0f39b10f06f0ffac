"""Branch on the number of dimensions

## What happens
The rank of a tensor is a plain int, also while tracing. The graph keeps the arm that the example input's rank takes,
and nothing of the test: a model that takes an image or a batch of images takes one of the two once it is traced. Given
the other, it reduces the wrong dimensions, or fails in an operation far from the test.

torch gives **no warning**. A model is mostly deployed for the rank it was traced with, so this is an info.

## Example
```python
def forward(self, x):
    if x.dim() == 3:  # TSL121
        return x.mean((1, 2))
    return x.mean((2, 3))
```
```python
def forward(self, x):
    flat = x if x.ndim == 2 else x.flatten(1)  # TSL121
    return flat.sum(1)
```

## Use instead
Count dimensions from the end; one formula then serves every rank:
```python
def forward(self, x):
    return x.mean((-2, -1))
```
```python
def forward(self, x):
    return x.flatten(1).sum(1)
```
Or bring the input to one rank where the model is called, and trace that.

## Silent cases
A check of the rank says what the model is for, and is lost without harm:
```python
def forward(self, x):
    if x.dim() != 4:
        raise ValueError("expected a batch of images")
    assert x.ndim == 4
    return x.mean((2, 3))
```
So is a number of loop rounds or of arguments that follows from the rank:
```python
def forward(self, x):
    return x.sum(tuple(range(1, x.dim())))
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import TESTS, Function


@source_rule(
    "TSL121",
    severity="info",
    since="0.1",
    help="count dimensions from the end, or bring the input to one rank before the model",
)
def rank_branch(function: Function) -> Iterator[Finding]:
    for use in function.conversions(*TESTS):
        if use.depends_on.metadata == "rank" and not use.only_checks:
            yield use, f"tracing keeps only the branch for the example input's rank: `{use.text}`"

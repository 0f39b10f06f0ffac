"""Branch on how a tensor lies in memory

## What happens
`is_contiguous()`, `stride()`, `layout` and `is_sparse` are plain values, also while tracing. The graph keeps the arm
that the example input takes. Traced with a contiguous tensor, `if not x.is_contiguous()` is gone, and a transposed view
meets the `view` that the test was there for.

torch gives **no warning**. Most models are given contiguous tensors for ever, so this is an info.

## Example
```python
def forward(self, x):
    if not x.is_contiguous():  # TSL124
        x = x.contiguous()
    return x.view(-1)
```
```python
def forward(self, x):
    if x.stride(-1) == 1:  # TSL124
        return x.view(-1)
    return x.reshape(-1)
```

## Use instead
Always call `contiguous()`, which costs nothing where there is nothing to do, or an operation that takes any layout:
```python
def forward(self, x):
    return x.contiguous().view(-1)
```
```python
def forward(self, x):
    return x.reshape(-1)
```

## Silent cases
```python
def forward(self, x):
    assert x.is_contiguous()
    return x.view(-1)
```
A stride that is used as a number is [layout-number](layout-number.md).
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import TESTS, Function


@source_rule(
    "TSL124",
    severity="info",
    since="0.1",
    help="call contiguous() always, or use reshape, which takes any layout",
)
def layout_branch(function: Function) -> Iterator[Finding]:
    for use in function.conversions(*TESTS):
        if use.depends_on.metadata == "layout" and not use.only_checks:
            yield use, f"tracing keeps only the branch for the example input's layout: `{use.text}`"

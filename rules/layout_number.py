"""Stride or storage offset used as a number

## What happens
`x.stride(0)` looks like `x.shape[0]` and is not: tracing records sizes and does not record strides. A stride is the
example input's number, and as the stride of one dimension is the product of the sizes behind it, it is wrong at every
other size. `as_strided` and custom kernels then read other elements, or past the end.

torch gives **no warning**.

## Example
```python
def forward(self, x):
    y = x.contiguous()
    pairs = y.as_strided((y.size(0), 2), (y.stride(0), 1))  # TSL127
    return pairs.sum(1)
```
```python
def forward(self, x):
    start = x[1:].storage_offset()  # TSL127
    return x.flatten()[start:]
```

## Use instead
Slices, `unfold` and views, which say what is meant and are recorded as such:
```python
def forward(self, x):
    return x[:, :2].sum(1)
```
```python
def forward(self, x):
    return x[1:].flatten()
```
Where it has to be a stride, a product of sizes is one, and is recorded:
```python
def forward(self, x):
    y = x.contiguous()
    return y.as_strided((y.size(0), 2), (y.size(1), 1)).sum(1)
```

## Silent cases
```python
def forward(self, x):
    windows = x.unfold(1, 2, 1)
    return F.max_pool1d(x, 2, stride=1) + windows.amax(-1)
```
A stride that is only compared is [layout-branch](layout-branch.md).
"""

from collections.abc import Iterator

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule
from tsl.source.facts import TESTS, Function


@source_rule("TSL127", severity="error", since="0.1", help="slice, unfold, or compute the stride from sizes")
def layout_number(function: Function) -> Iterator[Finding]:
    tested = [use.text for use in function.conversions(*TESTS) if use.depends_on.metadata == "layout"]
    for use in function.conversions("layout"):
        if not use.depends_on.only_static and not any(use.text in test for test in tested):
            severity = Severity.INFO if use.only_checks else Severity.ERROR
            yield use, f"tracing keeps the example input's number: `{use.text}` is not recorded", severity

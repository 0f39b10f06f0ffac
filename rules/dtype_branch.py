"""Branch on the type of the elements

## What happens
The dtype of a tensor is a plain constant, also while tracing. The graph keeps the arm that the example input's dtype
takes: a model that scales bytes to floats, traced with floats, never scales.

torch gives **no warning**. A model is mostly deployed for the dtype it was traced with, so this is an info; but
`traced.half()` changes the dtype of the weights and nothing of what was decided by it.

## Example
```python
def forward(self, x):
    if x.dtype == torch.uint8:  # TSL122
        x = x.float() / 255
    return x - 0.5
```
```python
def forward(self, x):
    return x if x.is_floating_point() else x / 10  # TSL122
```

## Use instead
Convert where the model is called, and trace what comes after. Or convert always: a cast to the dtype a tensor has
already costs nothing.
```python
def forward(self, x):
    return x.float() - 0.5
```
Where the dtype is that of another tensor, `type_as` follows it in the graph:
```python
def forward(self, x, y):
    return x.type_as(y) * y
```

## Silent cases
A check of the dtype, and casts:
```python
def forward(self, x):
    if not x.is_floating_point():
        raise TypeError("expected floats")
    return x.float().softmax(-1)
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import TESTS, Function


@source_rule(
    "TSL122",
    severity="info",
    since="0.1",
    help="convert before the model, or always; type_as follows another tensor's dtype",
)
def dtype_branch(function: Function) -> Iterator[Finding]:
    for use in function.conversions(*TESTS):
        if use.depends_on.metadata == "dtype" and not use.only_checks:
            yield use, f"tracing keeps only the branch for the example input's dtype: `{use.text}`"

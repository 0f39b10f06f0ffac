"""Conditional expression on the data of an input

## What happens
`a if test else b` is a branch: while tracing, Python asks the tensor for its truth and evaluates one of the two
expressions. The graph holds the one the example input chose, and returns it for every input.

torch warns once, while tracing ("Converting a tensor to a Python boolean"); the saved model says nothing.

## Example
```python
def forward(self, x):
    scale = 2.0 if x.mean() > 0 else 0.5  # TSL104
    return x * scale
```
The traced model multiplies by the same number for ever. An argument picked that way is no better:
```python
def forward(self, x, hint):
    peak = x.amax(0)
    return torch.clamp(x, max=1.0 if hint.any() else 6.0) + peak  # TSL104
```

## Use instead
`torch.where` takes numbers and tensors, and a condition of one element serves the whole tensor:
```python
def forward(self, x):
    scale = torch.where(x.mean() > 0, 2.0, 0.5)
    return x * scale
```
```python
def forward(self, x, hint):
    peak = x.amax(0)
    return torch.minimum(x, torch.where(hint.any(), 1.0, 6.0)) + peak
```

## Silent cases
A condition that is the same for every input of the kind the model is traced for:
```python
def forward(self, x, bias=None):
    y = x if bias is None else x + bias
    return y.half() if torch.jit.is_scripting() else y
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL104", severity="error", since="0.1", help="choose with torch.where, which stays in the graph")
def tensor_ternary(function: Function) -> Iterator[Finding]:
    for use in function.conversions("ternary"):
        if use.depends_on.data:
            yield use, f"tracing keeps only the value the example input picks: `{use.text}` depends on the input's data"

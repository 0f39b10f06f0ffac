"""Question whether a size is a tensor

## What happens
While tracing, `x.shape[0]` is a tensor that passes for an int; in eager mode it is an int. So
`isinstance(n, torch.Tensor)` is true in the trace and false without it, and the traced model takes the other arm for
good.

Often that is meant: it asks whether the model is traced. It is an info. The opposite question, `isinstance(n, int)`, is
[size-to-number](size-to-number.md).

## Example
```python
def forward(self, x):
    n = x.shape[0]
    if isinstance(n, torch.Tensor):  # TSL128
        return x
    return x * 2
```

## Use instead
`torch.jit.is_tracing()` says what is asked, and one formula needs no question:
```python
def forward(self, x):
    n = x.shape[0]
    return x * n
```

## Silent cases
```python
def forward(self, x, scale: Tensor):
    if isinstance(scale, torch.Tensor):
        x = x * scale
    return x
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL128", severity="info", since="0.1", help="ask torch.jit.is_tracing(), or write one formula for both")
def type_branch(function: Function) -> Iterator[Finding]:
    for asked in function.events("type"):
        yield asked, f"a size is a tensor while tracing alone, so the answer is another: `{asked.text}`"

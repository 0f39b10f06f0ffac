"""Tensor unpacked into names or arguments

## What happens
Unpacking iterates. Tracing records it as an `unbind` into as many tensors as the example input had entries, and the
traced model accepts no other number.

With a fixed number of names, `a, b = x`, so does Python: the model asks for two entries in eager mode too, and nothing
is lost. That is an info. With a star the model takes any number in eager mode, and one in the trace: "Expected 2
elements in a list but found 3". torch gives both the same warning ("Iterating over a tensor").

## Example
```python
def forward(self, x: Tensor):
    first, *others = x  # TSL116
    return first - sum(others)
```
```python
def largest(*rows):
    return torch.stack(rows).amax(0)


class Peak(nn.Module):
    def forward(self, x: Tensor):
        return largest(*x)  # TSL116
```

## Use instead
Index, slice, and say which axis is meant:
```python
def forward(self, x):
    return x[0] - x[1:].sum(0)
```
```python
def forward(self, x):
    return x.amax(0)
```
Where the number is fixed, `unbind` says so and is not reported:
```python
def forward(self, boxes):
    left, top, right, bottom = boxes.unbind(-1)
    return (right - left) * (bottom - top)
```

## Silent cases
Tuples of tensors, and shapes:
```python
def forward(self, x, state: tuple[Tensor, Tensor]):
    batch, channels, *rest = x.shape
    hidden, cell = state
    gate, value = x.chunk(2, dim=1)
    return (gate * value).reshape(batch, channels // 2, *rest) + hidden + cell
```
"""

from collections.abc import Iterator

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL116", severity="warning", since="0.1", help="index and slice it, or unbind it into a fixed number")
def unpacked_tensor(function: Function) -> Iterator[Finding]:
    for use in function.conversions("unpack", "star"):
        if use.depends_on.size and not use.only_checks:
            severity = Severity.INFO if use.how == "unpack" else Severity.WARNING
            reason = f"`{use.text}` is unpacked"
            yield use, f"the traced model takes no other length than the example input's: {reason}", severity

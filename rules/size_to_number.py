"""Size of an input turned into a plain number

## What happens
While tracing, `x.shape[0]` is a recorded number: it passes for an int, and `+`, `-`, `*`, `/`, `//`, `%`, `**` and
sum() keep it recorded. int(), float(), the functions of `math`, max() and min(), and len() of a tensor end that. They
return the example input's number, and views, slices and scales made with it fit that size only.

torch warns for most of them while tracing; math.gcd, math.isqrt and math.comb are silent. round() and divmod() of a
size raise.

## Example
```python
def forward(self, x):
    side = int(math.sqrt(x.shape[1]))  # TSL113
    return x.unflatten(1, (side, side))
```
```python
def forward(self, x):
    half = int(x.shape[-1] * 0.5)  # TSL113
    return x[..., :half]
```
```python
def forward(self, x):
    return x.view(len(x), -1)[:, : min(x.shape[1], 10)]  # TSL113
```

## Use instead
Arithmetic. `n ** 0.5` for math.sqrt(n), `n // 2` for int(n / 2), `-(-n // 4)` for math.ceil(n / 4), `x.shape[0]` for
len(x); a slice past the end needs no min(). What can be left to torch, with -1, is best left to it.
```python
def forward(self, x):
    return x / x.shape[1] ** 0.5
```
```python
def forward(self, x):
    half = x.shape[-1] // 2
    return x[..., :half]
```
```python
def forward(self, x):
    return x.view(x.shape[0], -1)[:, :10]
```
A square root that has to be an int, or a maximum that cannot be avoided, is safe in a scripted function:
```python
@torch.jit.script_if_tracing
def squared(x):
    side = int(x.shape[1] ** 0.5)
    return x.unflatten(1, (side, side))


class Map(nn.Module):
    def forward(self, x):
        return squared(x)
```

## Silent cases
The length of a list or of a shape, and sizes the model is made with, are the same for every input:
```python
class Head(nn.Module):
    def __init__(self, dim: int = 4):
        super().__init__()
        self.dim = dim

    def forward(self, x, skips: list[Tensor]):
        scale = 1 / math.sqrt(self.dim)
        return x * scale * len(skips) * len(x.shape) * math.prod(x.shape) * sum(x.shape)
```
len(), max() and min() are warnings, for much of what is made with them is right; a number in a text is an info.
"""

from collections.abc import Iterator

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule
from tsl.source.facts import Function

SEVERITY = {"extreme": Severity.WARNING, "len": Severity.WARNING, "format": Severity.INFO}


@source_rule(
    "TSL113",
    severity="error",
    since="0.1",
    help="stay with arithmetic: n ** 0.5, n // 2, x.shape[0], -1",
    fix="size-arithmetic",
)
def size_to_number(function: Function) -> Iterator[Finding]:
    for use in function.conversions("number", "math", "extreme", "len", "format", "item", "list"):
        if use.depends_on.size and not use.only_checks:
            severity = SEVERITY.get(use.how, Severity.ERROR)
            yield use, f"tracing keeps the example input's number: `{use.text}` depends on a size", severity

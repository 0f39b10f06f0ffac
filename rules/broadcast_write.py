"""Write into a tensor that stretches what is written

## What happens
`y[:] = value` is recorded as a copy. Where the two have the same sizes nothing else is; where `value` has to be
stretched, as `value[:1]` or the result of a reduction with `keepdim=True` has, it is expanded to the sizes of the
example input, and those are plain numbers in the graph. At any other size the traced model fails: "The size of tensor a
must match the size of tensor b".

torch gives **no warning**. This is a warning and no error, for the two may have the same sizes after all. A write of as
many entries as a mask selects is an info: only where the example selects exactly one is the graph made for one.

## Example
```python
def forward(self, x):
    y = torch.empty_like(x)
    y[:] = x.mean(1, keepdim=True)  # TSL163
    return y
```

```python
def forward(self, x):
    y = x.clone()
    y[x > 0] *= 2  # TSL163
    return y
```

## Use instead
Arithmetic, `copy_` and `expand_as` stretch in the graph:
```python
def forward(self, x):
    y = torch.empty_like(x)
    y.copy_(x.mean(1, keepdim=True))
    y[:] = x.mean(1, keepdim=True).expand_as(y)
    return torch.where(x > 0, y * 2, y)
```

## Silent cases
Numbers, and what may well have the sizes of the place it is written to:
```python
def forward(self, x):
    y = torch.zeros_like(x)
    y[...] = 1.0
    y[:, :1] = x.mean(1, keepdim=True)
    y[:] = x.abs()
    return y
```
"""

from collections.abc import Iterator

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL163", severity="warning", since="0.1", help="use copy_, or expand_as before the write")
def broadcast_write(function: Function) -> Iterator[Finding]:
    for write in function.events("broadcast"):
        if not write.depends_on.only_static:
            severity = Severity.INFO if write.depends_on.data else Severity.WARNING
            yield (
                write,
                f"the graph stretches to the example input's sizes what is written into `{write.text}`",
                severity,
            )

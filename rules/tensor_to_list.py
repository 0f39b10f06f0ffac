"""Tensor turned into a Python list or an array

## What happens
`.tolist()` and NumPy functions hand Python the values of the example input. They leave the graph there: whatever is
computed from them is computed once, while tracing, and comes back as a constant. Lengths, offsets and indices taken out
this way are the usual case, and the traced model then cuts every input where the example was cut.

torch warns while tracing ("Converting a tensor to a Python list", "to a NumPy array").

## Example
```python
def forward(self, x, lengths):
    parts = x.split(lengths.tolist())  # TSL107
    return torch.stack([part.sum(0) for part in parts])
```
```python
import numpy as np


def forward(self, x):
    keys = np.asarray(x[:, 0])  # TSL107
    return x[np.argsort(keys).tolist()]
```

## Use instead
Say it with tensors. A sum over pieces of given lengths is an `index_add`; argsort, cumsum, bincount, searchsorted and
repeat_interleave exist in torch; and an index may be a tensor.
```python
def forward(self, x, lengths):
    owner = (torch.ones_like(lengths).cumsum(0) - 1).repeat_interleave(lengths)
    return x.new_zeros(lengths.numel(), x.size(1)).index_add(0, owner, x)
```
```python
def forward(self, x):
    return x[x[:, 0].argsort()]
```

## Silent cases
Lists that were never tensors:
```python
class Anchors(nn.Module):
    def __init__(self):
        super().__init__()
        self.offsets = torch.arange(4).tolist()

    def forward(self, x):
        return [x + offset for offset in self.offsets]
```
A list made of a weight or a buffer is [static-value](static-value.md).
"""

from collections.abc import Iterator

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL107", severity="error", since="0.1", help="stay with tensor operations; an index may be a tensor")
def tensor_to_list(function: Function) -> Iterator[Finding]:
    for use in function.conversions("list"):
        if use.depends_on.data:
            severity = Severity.INFO if use.only_checks else Severity.ERROR
            yield use, f"tracing keeps the example input's values: `{use.text}` depends on the input's data", severity

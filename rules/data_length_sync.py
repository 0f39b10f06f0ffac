"""Tensor as long as data says

## What happens
`nonzero`, `masked_select`, `unique` and an index that is a mask return as many entries as the data says. Memory has to
be allocated for them, so Python waits until the GPU has counted, and the GPU stands still meanwhile. The size is
unknown to whatever compiles the model, too: TensorRT and a CUDA graph stop there.

It costs time and no result, so it is an info; on the CPU it costs nothing.

## Example
```python
def forward(self, x):
    return torch.masked_select(x, x > 0)  # TSL412
```
```python
def forward(self, scores):
    kept = scores > 0.5
    return scores[kept].sum(), kept.nonzero()  # TSL412
```

## Use instead
A tensor of the full size, where what is left out is neutral, or a fixed number of entries:
```python
def forward(self, x):
    return torch.where(x > 0, x, 0.0)
```
```python
def forward(self, scores):
    kept = scores > 0.5
    return (scores * kept).sum(), scores.topk(2).indices
```

## Silent cases
Writing a number where a mask says, and an index that is no mask:
```python
def forward(self, x, index):
    y = x.masked_fill(x < 0, 0.0)
    y[y > 2] = 2.0
    return y[index.long()]
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL412", severity="info", since="0.1", help="keep the full size with torch.where, or take a fixed number")
def data_length_sync(function: Function) -> Iterator[Finding]:
    for made in function.events("length"):
        yield made, f"the GPU stands still while Python waits to count the entries of `{made.text}`"

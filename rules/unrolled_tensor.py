"""Loop over a tensor, or over a list as long as one of its dimensions

## What happens
A `for` over a tensor, or over the result of `unbind` or `split`, is recorded as many times as the example input had
entries. The trace takes the tensor apart into exactly that many pieces, so with any other number the traced model fails
at run time: "Expected 2 elements in a list but found 5".

`chunk(2)` makes two pieces of any dimension that is longer than one. Along the first one a loop over them is an info,
and so is one piece of those that `unbind` or `split` makes, such as `x.unbind()[-1]`.

torch warns for a loop over a tensor ("Iterating over a tensor"), and gives **no warning** for `unbind` and `split`.

## Example
```python
def forward(self, x: Tensor):
    rows = [row / row.norm() for row in x]  # TSL115
    return torch.stack(rows)
```
```python
def forward(self, images):
    out = []
    for image in images.unbind(0):  # TSL115
        out.append(image - image.mean())
    return torch.stack(out)
```
```python
def forward(self, x):
    means = [part.mean(1) for part in x.split(4, dim=1)]  # TSL115
    return torch.stack(means, 1)
```

## Use instead
The dimension is an axis of the operation; a window is a dimension of a view:
```python
def forward(self, x):
    return x / x.norm(dim=1, keepdim=True)
```
```python
def forward(self, images):
    return images - images.mean((1, 2, 3), keepdim=True)
```
```python
def forward(self, x):
    return x.unflatten(1, (-1, 4)).mean(2)
```
`torch.vmap` is no way out: a traced one keeps the example input's length in its graph. Where a step needs the one
before it, script the function that loops: see [size-loop](size-loop.md).

## Silent cases
The number of pieces is fixed by the program, or the list holds tensors that are given one by one:
```python
def forward(self, x, levels: list[Tensor]):
    gate, value = x.chunk(2, dim=-1)
    q, k = x.unbind(0)
    parts = [part.sigmoid() for part in x.split([1, 3], dim=-1)]
    for level in levels:
        value = value + level.mean()
    for low, high in zip(levels[:-1], levels[1:]):
        value = value + (high - low).mean()
    return gate * value + parts[0] + q.mean() + k.mean()
```
"""

from collections.abc import Iterator

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL115",
    severity="error",
    since="0.1",
    help="make the dimension an axis of one operation, or script the function that loops",
)
def unrolled_tensor(function: Function) -> Iterator[Finding]:
    for use in function.conversions("iterate", "unroll", "pieces"):
        if use.depends_on.size and not use.only_checks:
            if use.how == "pieces":
                yield use, f"the traced model fails where the pieces are not as many: `{use.text}`", Severity.INFO
            else:
                yield use, f"the traced model fails at any other length: the loop over `{use.text}` is unrolled"

"""Size of an input made into a tensor

## What happens
`torch.tensor(x.shape[0])` warns ("torch.tensor results are registered as constants"), and yet the value is followed:
while tracing, the size is a recorded number, and the tensor is made of that. What stays is the device, "cpu" in a model
that was traced there; for a tensor without dimensions this does harm only where the tensor itself is returned or joined
with others.

A list of sizes is a constant indeed, and is [baked-size-argument](baked-size-argument.md).

## Example
```python
def forward(self, x):
    n = torch.tensor(x.shape[0], device=x.device)  # TSL162
    return n
```

## Use instead
`new_full` follows the size and the device:
```python
def forward(self, x):
    return x.new_full((), x.shape[0], dtype=torch.long)
```
In arithmetic no tensor is needed; a recorded size is as good:
```python
def forward(self, x):
    return x.sum(0) / x.shape[0]
```

## Silent cases
Functions that take a size and are recorded with it:
```python
def forward(self, x):
    return x.new_full((x.shape[0],), 2.0) * x
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL162", severity="info", since="0.1", help="use the size itself, or new_full, which follows the device")
def size_constructor(function: Function) -> Iterator[Finding]:
    listed = {id(use.node) for use in function.conversions("argument")}
    for use in function.conversions("constructor"):
        given = getattr(use.node, "args", [None])[0]
        if use.depends_on.size and id(given) not in listed:
            yield use, f"the value is followed, the device is the example's: `{use.text}` depends on a size"

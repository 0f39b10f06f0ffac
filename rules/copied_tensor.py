"""Tensor copied with torch.tensor

## What happens
Given a list, `torch.tensor` and `torch.as_tensor` take each entry as a plain number: the result is a constant with the
example input's values. torch warns ("Converting a tensor to a Python number").

Given a tensor itself, they record a copy that follows the values and not the device: the copy is made on the device of
the example, wherever the model runs. torch warns here as well ("torch.tensor results are registered as constants"),
though that is not what is lost. This is a warning and no error.

## Example
```python
def forward(self, x):
    return torch.tensor([x.amin(), x.amax()])  # TSL144
```
```python
def forward(self, x):
    return x * torch.tensor(x)  # TSL144
```

## Use instead
`stack` and `cat` join tensors in the graph; `clone` and `detach` copy one:
```python
def forward(self, x):
    return torch.stack([x.amin(), x.amax()])
```
```python
def forward(self, x):
    return x * x.detach().clone()
```

## Silent cases
`torch.asarray` returns a tensor as it is:
```python
def forward(self, x):
    return x * torch.asarray(x)
```
A size that is copied is [size-constructor](size-constructor.md).
"""

from collections.abc import Iterator

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule
from tsl.source.facts import Function
from tsl.source.values import SEQ


@source_rule(
    "TSL144",
    severity="error",
    since="0.1",
    help="join tensors with torch.stack, copy one with clone",
    fix="copy-in-graph",
)
def copied_tensor(function: Function) -> Iterator[Finding]:
    calls = function.calls("tensor", "as_tensor", "asarray", "Tensor", "FloatTensor", "LongTensor")
    given = [(call, call.arguments.get(0, "data")) for call in calls]
    bare = {id(call.node): call.name for call, first in given if first is not None and not first.may_be(SEQ)}
    for use in function.conversions("constructor"):
        name = bare.get(id(use.node))
        if not use.depends_on.data or name not in (None, "tensor", "as_tensor"):
            continue
        if use.only_checks:
            yield use, f"the traced model no longer makes this check: `{use.text}` is a constant", Severity.INFO
        elif name is None:
            yield use, f"tracing keeps the example input's values: `{use.text}` is a constant"
        else:
            yield use, f"the graph copies to the example's device, wherever it runs: `{use.text}`", Severity.WARNING

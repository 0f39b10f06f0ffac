"""Branch on the device of a tensor

## What happens
The device of a tensor is a plain constant, also while tracing. The graph keeps the arm for the device the model was
traced on, most often the CPU of the machine that exports, and takes it on every other device.

torch gives **no warning**, and a model that is exported on one device and deployed on another is the usual case.

## Example
```python
def forward(self, x):
    if x.device.type != "cpu":  # TSL123
        x = x.half()
    return x * 2
```
```python
def forward(self, x):
    return x * 2 if x.is_cpu else x.half()  # TSL123
```

## Use instead
One path for all devices. What is to differ, differs in the weights, which move and are cast with the model:
```python
class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, x):
        return x.type_as(self.weight) * self.weight
```
Or trace once on each device the model is deployed on.

## Silent cases
A check of the device only:
```python
class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, x):
        if x.device != self.weight.device:
            raise ValueError("move the input to the model")
        return x * self.weight
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import TESTS, Function


@source_rule(
    "TSL123",
    severity="warning",
    since="0.1",
    help="write one path for all devices, or trace on each of them",
)
def device_branch(function: Function) -> Iterator[Finding]:
    for use in function.conversions(*TESTS):
        if use.depends_on.metadata == "device" and not use.only_checks:
            yield use, f"tracing keeps only the branch for the example's device: `{use.text}`"

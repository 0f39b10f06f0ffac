"""Weight of the model used as a Python value

## What happens
A test, a number or a list made of weights, buffers and their sizes is decided while tracing, like one made of inputs.
Every input finds it right: weights are the same from call to call. What is lost is lost when weights change under a
graph that exists already, by training it or by loading other weights into it.

torch gives the warnings that it gives for inputs; for a model that is traced when it is trained they are noise, so this
is an info.

## Example
```python
class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        if self.scale > 0:  # TSL161
            return x * self.scale
        return x
```
```python
class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return x * self.scale.item()  # TSL161
```

## Use instead
Nothing, when the model is traced again after each training. Else what is used for inputs:
```python
class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return torch.where(self.scale > 0, x * self.scale, x)
```
```python
class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return x * self.scale
```
A number that is not to change is better a plain attribute than a weight.
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function
from tsl.source.ways import WAYS


@source_rule("TSL161", severity="info", since="0.1", help="trace again after each training, or keep it a tensor")
def static_value(function: Function) -> Iterator[Finding]:
    for use in function.conversions(*WAYS):
        if use.depends_on.only_static and not use.depends_on.metadata:
            yield use, f"tracing keeps today's value until the model is traced again: `{use.text}` depends on no input"

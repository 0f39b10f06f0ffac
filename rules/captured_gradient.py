"""Tensor that requires a gradient and is no parameter

## What happens
A tensor that the traced code finds outside of the model and its inputs is put into the graph as a constant. One that
requires a gradient cannot be, and the trace ends: "Cannot insert a Tensor that requires grad as a constant. Consider
making it a parameter or input, or detaching the gradient". So it is with a tensor of the file, with an attribute that
is a plain tensor, and with parameters in a plain list or dict, which the module does not know.

`torch.no_grad()` does not help, nor does `detach()` inside of what is traced, nor asking for its shape alone. `.data`
takes the numbers out.

## Example
```python
temperature = torch.full((1,), 0.07, requires_grad=True)


def forward(self, image: Tensor, text: Tensor):
    return image @ text.t() / temperature  # TSL172
```
```python
class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gains = {"low": nn.Parameter(torch.ones(3)), "high": nn.Parameter(torch.ones(3))}

    def forward(self, x):
        return x * self.gains["low"]  # TSL172
```

## Use instead
A parameter of the module, also one in a `ParameterList` or `ParameterDict`:
```python
class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gains = nn.ParameterDict({"low": nn.Parameter(torch.ones(3))})
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x):
        return x * self.gains["low"] + self.bias
```
Or an input of the function:
```python
def forward(self, image: Tensor, text: Tensor, temperature: Tensor):
    return image @ text.t() / temperature
```

## Silent cases
A tensor that is made while tracing is an operation of the graph:
```python
def forward(self, image: Tensor, text: Tensor):
    return image @ text.t() + torch.zeros_like(image[:, :1], requires_grad=True)
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule("TSL172", severity="error", since="0.1", help="make it a parameter of the module, or an input")
def captured_gradient(function: Function) -> Iterator[Finding]:
    for read in function.events("captured"):
        if "outside" not in read.inside:
            yield read, f"torch.jit.trace refuses to make this a constant, for it requires a gradient: `{read.text}`"

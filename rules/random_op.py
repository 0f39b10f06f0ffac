"""Random numbers drawn by torch

## What happens
The draw itself is recorded, and the traced model draws anew at each call. What is lost is the control over it: the
graph knows no generator, `torch.manual_seed` inside the model is not recorded, and the numbers differ from those of the
eager model. `torch.jit.trace` compares two runs and reports differences ("Graphs differed" or "outputs do not match"),
which leads people to `check_trace=False` and hides every other loss.

This is an info: a model that is to be random may be so.

## Example
```python
def forward(self, x):
    noise = torch.randn_like(x)  # TSL134
    return x + 0.1 * noise
```
```python
def forward(self, x):
    keep = torch.bernoulli(x.sigmoid())  # TSL134
    return x * keep
```

## Use instead
The noise as an input; it can then be compared, repeated, and left out:
```python
def forward(self, x, noise):
    return x + 0.1 * noise
```
What is random in training alone is switched off by `eval()` when it asks for the mode:
```python
def forward(self, x):
    return F.dropout(x, 0.1, training=self.training)
```

## Silent cases
Weights and buffers that are drawn when the model is made:
```python
class Fourier(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("frequencies", torch.randn(3))

    def forward(self, x):
        return (x * self.frequencies).sin()
```
Dropout that is always on is [dropout-always-on](dropout-always-on.md).
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function

DRAWS = """rand randn randint randperm normal rand_like randn_like randint_like bernoulli multinomial poisson
gumbel_softmax fractional_max_pool2d bernoulli_ normal_ uniform_ random_ exponential_""".split()


@source_rule("TSL134", severity="info", since="0.1", help="take the noise as an input, or draw in training mode only")
def random_op(function: Function) -> Iterator[Finding]:
    for call in function.calls(*DRAWS):
        if call.path.startswith("torch.") and "training" not in call.inside:
            yield call, f"the traced model draws other numbers than the eager one: `{call.text}`"

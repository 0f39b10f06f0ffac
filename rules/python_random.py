"""Random number drawn by Python or NumPy

## What happens
`random` and `numpy.random` return plain numbers. Tracing keeps the one it drew: the traced model uses the same number
at every call, and what was to be an augmentation or a sample is a constant.

torch gives **no warning** of its own; its comparison of two runs may notice, if it is not switched off.

## Example
```python
import random


def forward(self, x):
    return x * random.uniform(0.5, 1.5)  # TSL136
```
```python
import numpy as np


def forward(self, x):
    order = np.random.permutation(1000)  # TSL136
    return x[:, order.tolist()]
```

## Use instead
Draw before the model is called, and give it the result:
```python
def forward(self, x, gain):
    return x * gain
```
```python
def forward(self, x, order):
    return x[:, order]
```
Or draw with torch, which is recorded and drawn anew at each call: see [random-op](random-op.md).

## Silent cases
What is drawn when the model is made:
```python
import random


class Layers(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = random.uniform(0.5, 1.5)

    def forward(self, x):
        return x * self.gain
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function

PLACES = ("random.", "secrets.", "numpy.random.")
DRAWS = """random randint randrange uniform choice choices sample shuffle gauss normalvariate betavariate expovariate
triangular getrandbits rand randn random_sample normal permutation binomial beta poisson exponential gamma multinomial
standard_normal laplace dirichlet lognormal integers permuted randbytes
standard_gamma randbelow token_bytes""".split()


@source_rule("TSL136", severity="error", since="0.1", help="draw before the model is called, or with torch")
def python_random(function: Function) -> Iterator[Finding]:
    for call in function.calls(*DRAWS):
        if call.path.startswith(PLACES) and "training" not in call.inside:
            yield call, f"tracing keeps the number it drew: `{call.text}` is not recorded"

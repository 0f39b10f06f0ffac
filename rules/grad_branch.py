"""Branch on whether gradients are needed

## What happens
`requires_grad` and `is_leaf` are plain bools, also while tracing. The graph keeps the arm that was taken when the model
was traced. Example inputs mostly need no gradient and weights mostly do; freezing weights after the trace, or training
with it, changes nothing of that.

torch gives **no warning**. This is an info: a deployed model mostly asks for no gradient.

## Example
```python
def forward(self, x):
    if x.requires_grad:  # TSL125
        return torch.sigmoid(x)
    return (x > 0).float()
```
```python
class Frozen(nn.Module):
    def forward(self, x):
        scale = 0.5 if x.requires_grad else 1.0  # TSL125
        return x * scale
```

## Use instead
One formula with the value of one arm and the gradient of the other:
```python
def forward(self, x):
    soft = torch.sigmoid(x)
    return soft + ((x > 0).float() - soft).detach()
```
Or an argument, and one trace for each of its values.

## Silent cases
```python
def forward(self, x):
    if x.requires_grad:
        raise ValueError("this model is not differentiable")
    return x.round()
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import TESTS, Function


@source_rule(
    "TSL125",
    severity="info",
    since="0.1",
    help="write one formula, with detach() where no gradient is to flow",
)
def grad_branch(function: Function) -> Iterator[Finding]:
    for use in function.conversions(*TESTS):
        if use.depends_on.metadata == "grad" and not use.only_checks:
            yield use, f"tracing keeps only the branch taken in its one run: `{use.text}`"

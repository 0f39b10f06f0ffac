"""Branch on the data of an input

## What happens
`torch.jit.trace` runs `forward` once, on the example input, and records the tensor operations that run. An `if` is not
one of them: Python asks the tensor for its truth, gets True or False, and takes an arm. The graph holds that arm only,
and nothing of the test. Every later input takes the arm the example took, and the result is wrong for those that
should have taken the other.

torch warns once, while tracing ("Converting a tensor to a Python boolean"); the saved model says nothing.

## Example
```python
def forward(self, x):
    if x.sum() > 0:  # TSL101
        return x
    return -x
```
Traced with a positive input, this returns every input unchanged. The test need not look like one:
```python
class Gate(nn.Module):
    def is_bright(self, x):
        return x.mean() > 0.5

    def forward(self, x):
        bright = self.is_bright(x)
        if bright:  # TSL101
            x = x * 0.5
        return x
```

## Use instead
Compute both arms and choose with `torch.where`:
```python
def forward(self, x):
    return torch.where(x.sum() > 0, x, -x)
```
Where an arm is too costly to compute in vain, script the function that branches: scripting keeps the `if`, and the
traced model calls it.
```python
@torch.jit.script_if_tracing
def dimmed(x):
    if bool(x.mean() > 0.5):
        return x * 0.5
    return x


class Gate(nn.Module):
    def forward(self, x):
        return dimmed(x)
```

## Silent cases
Tests that Python decides alike for every input, and code that tracing never reaches:
```python
def forward(self, x, mask=None):
    if mask is not None:
        x = x * mask
    if not torch.jit.is_tracing() and x.isnan().any():
        x = x.nan_to_num()
    return x
```
Where an arm only raises or warns, the finding is an info: what is lost is a check and not a result.
"""

from collections.abc import Iterator

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL101",
    severity="error",
    since="0.1",
    help="compute both arms and choose with torch.where, or script the function that branches",
)
def tensor_branch(function: Function) -> Iterator[Finding]:
    for use in function.conversions("if", "match"):
        if not use.depends_on.data:
            continue
        reason = f"`{use.text}` depends on the input's data"
        if use.only_checks:
            yield use, f"the traced model no longer makes this check: {reason}", Severity.INFO
        else:
            yield use, f"tracing keeps only the branch the example input takes: {reason}"

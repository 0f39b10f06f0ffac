"""Branch on training or evaluation mode

## What happens
`self.training` is a plain bool, also while tracing. The graph keeps the arm of the mode the model was in when it was
traced: `traced.train()` and `traced.eval()` set a flag that no recorded test reads. The same holds for the modules of
torch: dropout and batch normalisation are recorded with the mode they had.

torch gives **no warning**. In a model that was put into `eval()` before it was traced, as it should be, the arm that is
kept is the right one, so this is an info.

## Example
```python
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head, self.side = nn.Linear(4, 2), nn.Linear(4, 2)

    def forward(self, x):
        if self.training:  # TSL126
            return self.head(x) + 0.4 * self.side(x)
        return self.head(x)
```

## Use instead
Call `eval()` before the trace, and let the training code call what only training needs:
```python
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head, self.side = nn.Linear(4, 2), nn.Linear(4, 2)

    def loss(self, x):
        return self.head(x) + 0.4 * self.side(x)

    def forward(self, x):
        return self.head(x)
```

## Silent cases
The mode handed on to a function of torch, which is recorded with it:
```python
def forward(self, x):
    return F.relu(F.dropout(x, 0.0, self.training))
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import TESTS, Function


@source_rule(
    "TSL126",
    severity="info",
    since="0.1",
    help="call eval() before the trace, and keep what only training needs out of forward",
)
def mode_branch(function: Function) -> Iterator[Finding]:
    for use in function.conversions(*TESTS):
        if use.depends_on.metadata == "mode" and not use.only_checks:
            yield use, f"tracing keeps only the branch of the mode the model is in: `{use.text}`"

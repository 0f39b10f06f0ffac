"""Dropout that no mode switches off

## What happens
`F.dropout(x)` has `training=True` as its default and does not know the module it is called in. It drops in `eval()`
too, and tracing records it with `train=True`: the deployed model is random for ever, and wrong on average. `nn.Dropout`
asks for the mode itself.

torch gives no warning of its own. The comparison that `torch.jit.trace` makes fails ("outputs do not match"), and
`check_trace=False` silences it.

## Example
```python
def forward(self, x):
    return F.dropout(x, 0.5)  # TSL135
```
```python
def forward(self, x):
    return F.dropout2d(x, p=0.5, training=True)  # TSL135
```

## Use instead
Hand on the mode, or use the module. With `eval()` before the trace, nothing is dropped:
```python
def forward(self, x):
    return F.dropout(x, 0.5, training=self.training)
```
```python
class Drop(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout2d(0.5)

    def forward(self, x):
        return self.drop(x)
```

## Silent cases
`F.alpha_dropout` and `F.feature_alpha_dropout` have `training=False` as their default:
```python
def forward(self, x):
    return F.alpha_dropout(F.dropout(x, 0.5, False) + F.dropout(x, p=0.0), 0.5)
```
Dropout that is random on purpose, as in Monte Carlo dropout, is what a suppression with a reason is for.
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function

DROPOUTS = ("dropout", "dropout1d", "dropout2d", "dropout3d")


@source_rule(
    "TSL135",
    severity="error",
    since="0.1",
    help="hand on training=self.training, or use nn.Dropout",
    fix="hand-on-mode",
)
def dropout_always_on(function: Function) -> Iterator[Finding]:
    for call in function.calls(*DROPOUTS):
        given, p = call.arguments.get(2, "training"), call.arguments.get(1, "p")
        asked = given.const is True if given is not None else call.arguments.rest is None
        if asked and (p is None or p.const != 0) and "training" not in call.inside:
            yield call, f"the traced model drops at random, also in eval mode: `{call.text}`"

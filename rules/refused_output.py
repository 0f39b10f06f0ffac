"""Output that tracing refuses

## What happens
A traced model returns tensors, tuples and lists of them, and dicts whose values are all tensors or all tuples of
tensors. A dict that holds another dict, a list, None, a number or text, or that has keys other than text, ends the
trace: "Tracer cannot infer type of", or "Only tensors, lists, tuples of tensors, or dictionary of tensors can be output
from traced functions". `strict=False` allows the dicts above and no others.

So does an object of a class of your own, a dataclass too. A named tuple leaves the trace as a tuple; its names are
gone.

This is a warning and no error, for a part of a model may return what the model does not; of an object, which is made
for other parts more often, an info.

## Example
```python
def forward(self, x):
    scores = x.softmax(-1)
    return x, {"heads": {"scores": scores}}  # TSL171
```
```python
def forward(self, x):
    return {"logits": x, "hidden": None}  # TSL171
```

```python
from dataclasses import dataclass


@dataclass
class Output:
    sample: Tensor


class Net(nn.Module):
    def forward(self, x):
        return Output(sample=x * 2)  # TSL171
```

## Use instead
A flat dict, or a tuple:
```python
def forward(self, x):
    scores = x.softmax(-1)
    return x, {"heads.scores": scores}
```
```python
def forward(self, x):
    return {"logits": x}
```

## Silent cases
Dicts of tuples. What is returned in training alone is silent as well:
```python
def forward(self, x):
    return {"pair": (x, x + 1), "other": (x, x)}
```
"""

from collections.abc import Iterator

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule
from tsl.source.facts import Function
from tsl.source.values import BOOL, DICT, FLOAT, INT, NONE, SEQ, STR, TENSOR

PLAIN = ((DICT, "a dict"), (NONE, "None"), (INT | FLOAT | BOOL, "a plain number"), (STR, "text"))


@source_rule(
    "TSL171", severity="warning", since="0.1", help="return tensors, tuples of tensors, or a flat dict of tensors"
)
def refused_output(function: Function) -> Iterator[Finding]:
    for output in function.events("output"):
        reason = ""
        for keys, held in output.dicts:
            reason = reason or next((name for kinds, name in PLAIN for one in held if one.is_only(kinds)), "")
            if not all(isinstance(key, str) for key in keys):
                reason = "a key that is no text"
            elif any(one.is_only(TENSOR) for one in held) and any(one.is_only(SEQ) for one in held):
                reason = "a sequence beside a tensor"
        owner = next(output.objects, "")
        if "training" in output.inside:
            continue
        if reason:
            yield output, f"torch.jit.trace refuses a dict that holds {reason}: `{output.text}`", Severity.WARNING
        elif owner:
            yield output, f"torch.jit.trace refuses an object of class `{owner}`: `{output.text}`", Severity.INFO

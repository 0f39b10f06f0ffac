"""Output that tracing refuses

## What happens
A traced model returns tensors, tuples and lists of them, and dicts whose values are all tensors or all tuples of tensors.
A dict that holds another dict, a list, None, a number or text, or that has keys other than text, ends the trace:
"Tracer cannot infer type of", or "Only tensors, lists, tuples of tensors, or dictionary of tensors can be output from
traced functions". `strict=False` allows the dicts above and no others.

A named tuple leaves the trace as a tuple; its names are gone.

This is a warning and no error, for a part of a model may return what the model does not.

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
What only training returns, and dicts of tuples:
```python
class Net(nn.Module):
    def forward(self, x):
        if self.training:
            return {"loss": x.mean(), "parts": {"first": x[0]}}
        return {"pair": (x, x + 1), "other": (x, x)}
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function
from tsl.source.values import BOOL, DICT, FLOAT, INT, NONE, SEQ, STR, TENSOR, Value

PLAIN = ((DICT, "a dict"), (NONE, "None"), (INT | FLOAT | BOOL, "a plain number"), (STR, "text"))


@source_rule("TSL171", severity="warning", since="0.1", help="return tensors, tuples of tensors, or a flat dict of tensors")
def refused_output(function: Function) -> Iterator[Finding]:
    for output in function.outputs():
        held = "" if "training" in output.inside else refused(output.value)
        if held:
            yield output, f"torch.jit.trace refuses this output: a dict that holds {held}"


def refused(value: Value) -> str:
    """What a dict in an output holds that tracing refuses, as far as it is certain; empty where nothing is."""
    if value.is_only(SEQ):
        inside = value.parts if isinstance(value.parts, tuple) else (value.item,) if value.item else ()
        return next(filter(None, map(refused, inside)), "")
    if not value.is_only(DICT):
        return ""
    parts = value.parts if isinstance(value.parts, dict) else {}
    held = [*parts.values(), *([value.item] if value.item else [])]
    if any(not isinstance(key, str) for key in parts):
        return "a key that is no text"
    if any(one.is_only(TENSOR) for one in held) and any(one.is_only(SEQ) for one in held):
        return "a sequence beside a tensor"
    return next((name for kinds, name in PLAIN for one in held if one.is_only(kinds)), "")

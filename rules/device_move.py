"""Tensor moved to a device

## What happens
A move is recorded with the device it went to while tracing. `x.to(y.device)` becomes `x.to("cpu")` in a model that was
traced on the CPU, even where nothing moved: on a GPU it takes the tensor off it, and the next operation fails.
`x.to(y)` with a tensor is recorded the same way, and so are `x.cuda()` and `x.type("torch.FloatTensor")`.

torch gives **no warning**. `x.to(torch.float16)` and the other casts record no device.

## Example
```python
def forward(self, x, bias):
    return x + bias.to(x.device)  # TSL142
```
```python
def forward(self, x: Tensor, bias):
    return x + bias.to(x)  # TSL142
```

## Use instead
Nothing, where model and inputs are moved before the call. Else `type_as`, which follows the device and the dtype of
another tensor in the graph:
```python
def forward(self, x, bias):
    return x + bias.type_as(x)
```
What belongs to the model is a parameter or a buffer, and moves with it:
```python
class Bias(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("bias", torch.ones(3))

    def forward(self, x):
        return x + self.bias
```

## Silent cases
Casts, and tensors that leave the graph anyway:
```python
def forward(self, x, y):
    return x.to(torch.float64).to(y.dtype) * y.float().type(torch.float64)
```
`x.cpu()` and `x.to("cpu")` go to the CPU without a trace as well; what they cost says [host-copy](host-copy.md):
```python
def forward(self, x: Tensor, y: Tensor):
    return x.cpu(), y.to("cpu")
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function
from tsl.source.values import DEVICE, NONE, REF, STR, TENSOR


@source_rule("TSL142", severity="warning", since="0.1", help="move inputs before the call, or use type_as")
def device_move(function: Function) -> Iterator[Finding]:
    kept = [getattr(use.node, "func", None) for use in function.conversions("numpy", "list", "item")]
    leaving = {id(getattr(method, "value", None)) for method in kept}
    for call in function.calls("to", "type", "cuda", "xpu"):
        if call.base is None or not call.base.is_only(TENSOR | NONE):
            continue
        if "training" in call.inside or id(call.node) in leaving:
            continue
        target = call.arguments.get(0, "device") or call.arguments.get(0, "other")
        named = target is not None and (target.may_be(STR) or target.is_only(TENSOR) or bool(target.origin & DEVICE))
        named = named or (target is not None and str(target.const).startswith("torch.device("))
        by_type = call.name == "type" and target is not None and target.is_only(REF)
        elsewhere = target is None or target.const not in ("cpu", "torch.device(cpu)")
        if elsewhere and (call.name in ("cuda", "xpu") or named or by_type):
            yield call, f"the graph moves this to the example's device, wherever it runs: `{call.text}`"

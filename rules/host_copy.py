"""Tensor copied to the CPU while the model runs

## What happens
`.cpu()` and `.to("cpu")` copy a tensor to the memory of the CPU. Python waits until the GPU has computed it,
and the GPU stands still until Python goes on. In a loop each pass waits again.

It costs time and no result, so it is an info; on the CPU it costs nothing.

## Example
```python
def forward(self, x):
    return x.cpu()  # TSL413
```
```python
def forward(self, x):
    return x.to(device="cpu")  # TSL413
```
```python
def forward(self, x, lengths: Tensor):
    return x, [length.cpu() for length in lengths.unbind()]  # TSL413
```

## Use instead
Nothing in the model: the caller copies what it needs, once and all of it together.
```python
def forward(self, x):
    return x
```
```python
def forward(self, x, lengths: Tensor):
    return x, lengths
```

## Silent cases
What goes to another device, or where another tensor is:
```python
def forward(self, x, like: Tensor):
    return x.to(like.device), x.to("cuda")
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function
from tsl.source.values import TENSOR


@source_rule("TSL413", severity="info", since="0.1", help="copy the results once, outside of the model")
def host_copy(function: Function) -> Iterator[Finding]:
    for call in function.calls("cpu", "to"):
        target = call.arguments.get(0, "device")
        to_cpu = call.name == "cpu" or (target is not None and target.const in ("cpu", "torch.device(cpu)"))
        if to_cpu and call.base is not None and call.base.is_only(TENSOR):
            yield call, f"the GPU stands still while Python waits and copies: `{call.text}`"

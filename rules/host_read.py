"""Python waits for the value of a tensor

## What happens
A test, `.item()`, `.tolist()`, `int()`, `float()` or a formatted tensor needs a number that the GPU has not computed
yet. Python waits until all work that is queued is done, copies the number, and only then goes on to queue more: the GPU
stands still meanwhile, once for each of these places and each pass through it. `torch.cuda.set_sync_debug_mode("warn")`
shows them in a run.

It costs time and no result, so it is an info; on the CPU it costs nothing. What tracing makes of the same place counts
more and says where it is, in [tensor-branch](tensor-branch.md) or [tensor-to-number](tensor-to-number.md). So this rule
speaks of models that are scripted: with `--capture script` or `both`, or where a file scripts its model.

## Example
```python
def forward(self, x):
    peak = float(x.abs().max())  # TSL411
    return x / peak
```
```python
def forward(self, x, mask: Tensor):
    if mask.any():  # TSL411
        x = x.masked_fill(mask, 0.0)
    return x
```

A tensor where torch takes a number is read as well, though tracing follows it: a size, the bound of a slice or of
`arange`, an `alpha`.
```python
def forward(self, x: Tensor, length: Tensor):
    steps = torch.arange(length)  # TSL411
    return x[:length] + steps  # TSL411
```

So is `torch.cuda.synchronize()`, which waits for all work there is:
```python
def forward(self, x):
    torch.cuda.synchronize()  # TSL411
    return x * 2
```

## Use instead
Tensors, which stay on the GPU; and a masked operation instead of a test whether there is something to mask:
```python
def forward(self, x):
    return x / x.abs().max()
```
```python
def forward(self, x, mask: Tensor):
    return x.masked_fill(mask, 0.0)
```

## Silent cases
Sizes, dtypes and devices are known to Python without waiting:
```python
def forward(self, x):
    return x.reshape(x.shape[0], -1).to(x.dtype)
```
"""

from collections.abc import Iterator

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule
from tsl.source.facts import TESTS, Function
from tsl.source.values import TENSOR

READS = (
    "number",
    "item",
    "math",
    "extreme",
    "range",
    "index",
    "argument",
    "format",
    "contains",
    "predicate",
    "list",
    "numpy",
)


@source_rule("TSL411", severity="info", since="0.1", help="keep it a tensor, or read it once, outside of the model")
def host_read(function: Function) -> Iterator[Finding]:
    for use in function.conversions(*sorted(TESTS), *READS):
        if use.value.may_be(TENSOR):
            yield use, f"the GPU stands still while Python waits for `{use.text}`", Severity.INFO
    for call in function.calls("synchronize"):
        yield call, f"the GPU stands still from here until Python has seen all of its work done: `{call.text}`"
    for read in function.events("read"):
        yield read, f"the GPU stands still while Python waits for `{read.text}`", Severity.INFO

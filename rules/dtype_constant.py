"""Element type of a tensor used as a constant

## What happens
`x.dtype` is a plain constant, also while tracing. A tensor made with `dtype=x.dtype` has the example input's dtype in
the graph, and `torch.finfo(x.dtype).min` is the example's number. Given another dtype, or after `traced.half()`, the
results are promoted to the old dtype, and the old number may not fit: "value cannot be converted to type c10::Half
without overflow".

torch gives **no warning**. A model is mostly deployed for the dtype it was traced with, so this is an info.

## Example
```python
def forward(self, x, y):
    ones = x.new_ones(x.shape, dtype=y.dtype)  # TSL145
    return ones
```
```python
def forward(self, x):
    return x.masked_fill(x > 0, torch.finfo(x.dtype).max)  # TSL145
```

## Use instead
`new_zeros`, `zeros_like` and their kin have the dtype of their tensor without being told, and `type_as` follows one:
```python
def forward(self, x, y):
    return y.new_ones(x.shape)
```
Infinity is the same number in every dtype of floats:
```python
def forward(self, x):
    return x.masked_fill(x > 0, math.inf)
```

## Silent cases
A dtype that the program names. A cast, `x.float().to(y.dtype)`, is baked too; it is in most models, right in the one
dtype they are traced for, and not reported.
```python
def forward(self, x):
    mask = x.new_ones(x.shape, dtype=torch.bool)
    return x.masked_fill(mask, torch.finfo(torch.float16).min).to(x.dtype)
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function
from tsl.source.values import DTYPE

MADE = """zeros ones full empty arange linspace eye tensor as_tensor rand randn randint scalar_tensor new_zeros new_ones
new_full new_empty new_tensor zeros_like ones_like full_like rand_like randn_like""".split()


@source_rule(
    "TSL145",
    severity="info",
    since="0.1",
    help="use new_zeros or zeros_like, type_as, or math.inf",
    fix="follow-tensor",
)
def dtype_constant(function: Function) -> Iterator[Finding]:
    for call in function.calls(*MADE, "finfo", "iinfo"):
        limits = call.name in ("finfo", "iinfo")
        dtype = call.arguments.get(0, "type") if limits else call.arguments.keywords.get("dtype")
        made = call.path.startswith("torch.") and "training" not in call.inside
        if made and dtype is not None and dtype.origin & DTYPE:
            yield call, f"tracing keeps the example's dtype: `{call.text}` is a constant"

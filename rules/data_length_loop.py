"""Loop over a tensor as long as the data says

## What happens
`nonzero`, `unique`, `masked_select` and `nms` return as many entries as they find. A Python loop over such a result is
unrolled to the number the example input had. With any other number the traced model fails at run time ("Expected 6
elements in a list but found 2"): tracing records the iteration as an `unbind` into exactly that many tensors.

torch warns ("Iterating over a tensor"), but says nothing where `unbind` or `split` is called by hand.

## Example
```python
def forward(self, x):
    total = torch.zeros_like(x[0])
    for row in x.sum(1).nonzero():  # TSL108
        total = total + x[row[0]]
    return total
```
```python
def forward(self, tokens, table):
    used = tokens.unique()
    return torch.stack([table[one] for one in used.unbind(0)])  # TSL108
```

## Use instead
One operation over the whole tensor; a tensor whose length depends on data is fine inside a graph:
```python
def forward(self, x):
    return x[x.sum(1) != 0].sum(0)
```
```python
def forward(self, tokens, table):
    return table[tokens.unique()]
```
Where each step needs the one before it, script the function that loops:
```python
@torch.jit.script_if_tracing
def folded(x):
    total = torch.zeros_like(x[0])
    for row in x.sum(1).nonzero():
        total = 0.5 * total + x[row[0]]
    return total


class Fold(nn.Module):
    def forward(self, x):
        return folded(x)
```
A loop over a dimension of the input itself is [unrolled-tensor](unrolled-tensor.md).
"""

from collections.abc import Iterator

from tsl.diagnostic import Severity
from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL108",
    severity="error",
    since="0.1",
    help="use one operation over the whole tensor, or script the function that loops",
)
def data_length_loop(function: Function) -> Iterator[Finding]:
    for use in function.conversions("iterate", "unroll", "pieces", "unpack", "star"):
        if use.depends_on.data:
            severity = Severity.INFO if use.only_checks else Severity.ERROR
            yield use, f"the traced model fails at any other length: the data decides that of `{use.text}`", severity

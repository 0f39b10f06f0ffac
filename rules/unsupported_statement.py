"""Statement the scripting compiler does not know

## What happens
`torch.jit.script` translates the text of a function before it looks at types. `try`, `match`, `global`, imports
and definitions inside of a function are refused wherever they stand, in dead code and under
`torch.jit.is_scripting()` too.

## Example
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        try:  # TSL201
            return x + 1
        except RuntimeError:
            return x
```

## Use instead
```python
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
        return self.careful(x)

    @torch.jit.ignore
    def careful(self, x: torch.Tensor) -> torch.Tensor:
        try:
            return x + 1
        except RuntimeError:
            return x
```
"""

from collections.abc import Iterator

from tsl.rule import Finding, source_rule
from tsl.source.facts import Function


@source_rule(
    "TSL201",
    severity="error",
    since="0.1",
    help="move the statement out of what is compiled, or mark its function with @torch.jit.ignore",
)
def unsupported_statement(function: Function) -> Iterator[Finding]:
    for refusal in function.refusals("statement"):
        yield refusal, refusal.text

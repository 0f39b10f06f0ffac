"""LibTorch that is too old for the model

## What happens
A TorchScript archive does not say which release of torch it needs: its `version` is the newest operator version in use,
3 for most models whatever wrote them. A program with an older LibTorch finds out when it loads the file: "Unknown
builtin op: aten::scaled_dot_product_attention".

What a model needs follows from what it calls: for each operator, with the arguments it is given, the first release that
takes the call and does so ever since. This names the operator that asks for the most; TSL601 lists all that a target
lacks. `tsl inspect` shows the same without a target.

## Example
```python archive
# target: libtorch:1.13
class Attention(nn.Module):
    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return nn.functional.scaled_dot_product_attention(q, k, v)


torch.jit.save(torch.jit.script(Attention()), "model.pt")  # TSL601, TSL602
```

## Use instead
A LibTorch that is as new as the operator, or the operator written out:
```python archive
# target: libtorch:1.13
class Attention(nn.Module):
    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        scores = q @ k.transpose(-2, -1) / q.size(-1) ** 0.5
        return torch.softmax(scores, -1) @ v


torch.jit.save(torch.jit.script(Attention()), "model.pt")
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, target_rule

if TYPE_CHECKING:
    from tsl.target.facts import TargetFacts


@target_rule("TSL602", severity="error", since="0.1", help="deploy with that LibTorch, or write the operator out")
def runtime_too_old(model: TargetFacts) -> Iterator[Finding]:
    for old in model.too_old():
        cause = f"`{old.need.by}` asks for it" if old.need.by else "the version record of the file asks for it"
        yield old, f"`{old.target.text}` does not load this, which needs torch {old.need.version}: {cause}"

"""Model that has drifted from its lock file

## What happens
A team that ships a model knows what it calls, which dtypes and devices its weights have, and which LibTorch runs it;
and then somebody exports it again, with another torch, another option, another device. It still loads on the machine
it was made on.

`tsl lock model.pt -o model.lock` writes down what a deployment rests on; commit it beside the model. With `--lock
model.lock`, `tsl check model.pt` reports each thing that is different: an operator that came or went, a signature,
weights of another dtype or on another device, tensor constants, devices in the code. Values of weights are not locked:
a model may be trained on.

## Example
```python archive
# lock: before.pt
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)


torch.jit.save(torch.jit.script(Net()), "before.pt")
torch.jit.save(torch.jit.script(Net().half()), "model.pt")  # TSL610
```

## Use instead
Export it as it was; or, where the change is meant, write the lock again and let the diff be reviewed.
```python archive
# lock: before.pt
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)


torch.jit.save(torch.jit.script(Net()), "before.pt")
torch.jit.save(torch.jit.script(Net()), "model.pt")
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, target_rule

if TYPE_CHECKING:
    from tsl.target.facts import TargetFacts

HELP = "export the model as it was, or write the lock again with tsl lock and review the difference"


@target_rule("TSL610", severity="error", since="0.1", help=HELP)
def lock_drift(model: TargetFacts) -> Iterator[Finding]:
    for drift in model.drifts:
        yield drift, drift.sentence

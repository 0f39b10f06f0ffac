"""Operation that a simulation refuses

## What happens
With `--trust`, or of what `--entry` exports, `tsl check --deploy cuda` runs the graph with torch's own kernels on
tensors that have a device, a dtype and a shape, and no numbers; no GPU is needed. An operation that torch refuses there
fails in the deployment as well.

Where the rules on graphs foretell the same, their finding says so in its evidence. This finding is what they do not
foretell: an operator whose rules tsl does not have, or a check of torch's that it does not know. The message is
torch's.

## Example
```text
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("system", torch.eye(3))

    def forward(self, x):
        return torch.linalg.solve(self.system, x)


torch.jit.save(torch.jit.trace(Net(), torch.ones(3, 2)), "model.pt")
```
```console
$ tsl check model.pt --deploy cuda --trust --input 'x=float32[4,2]' --format concise
model.pt:1:1: error TSL505 [simulated-failure] `aten::linalg_solve` fails wherever it runs: linalg.solve: Incompatible
shapes of A and B for the equation AX = B (3x3 and 4x2)
```

## Use instead
What torch says: here an input of three rows.
"""

from __future__ import annotations

from collections.abc import Iterator

from tsl.rule import Finding, driver_rule


@driver_rule("TSL505", severity="error", since="0.1", help="make what it takes fit, as torch says")
def simulated_failure(_subject: object) -> Iterator[Finding]:
    yield from ()

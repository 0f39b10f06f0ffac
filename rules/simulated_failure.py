"""Operation that a simulation refuses

## What happens
With `--trust`, or of what `--entry` exports, `tsl check --deploy cuda` runs the graph with torch's own kernels on tensors
that have a device, a dtype and a shape, and no numbers; no GPU is needed. An operation that torch refuses there fails in
the deployment as well.

Where the rules on graphs foretell the same, their finding says so in its evidence. This finding is what they do not
foretell: an operator whose rules tsl does not have, or a check of torch's that it does not know. The message is torch's.

## Example
```text
class Net(nn.Module):
    def forward(self, x):
        return torch.linalg.solve(x, torch.eye(3))
```
```text
model.pt:1:1: error TSL505 [simulated-failure] `aten::linalg_solve` fails on `cuda:0`: Expected all tensors to be on the
same device, but found at least two devices, cuda:0 and cpu!
```

## Use instead
What torch says. A shape that does not fit may be that of the example input: give another one with `--input`.
"""

from __future__ import annotations

from collections.abc import Iterator

from tsl.rule import Finding, driver_rule


@driver_rule("TSL505", severity="error", since="0.1", help="make what it takes fit, as torch says")
def simulated_failure(_subject: object) -> Iterator[Finding]:
    yield from ()

"""Device baked by a call of torch

## What happens
`nn.LSTM`, `nn.GRU` and `nn.RNN` make a state of zeros where the caller gives none, on the device of the input. Tracing
writes the device of the example input into the graph: traced on a CPU, the state is made on the CPU wherever the model
is moved to, and the call fails there. The user's own code names no device at all. It is the same with every other call
in which torch's own Python code makes a tensor.

Reported is the call, wherever what it makes is joined with a tensor that moves with the model.

## Example
```python archive
model = nn.LSTM(3, 4)
torch.jit.save(torch.jit.trace(model, torch.ones(5, 2, 3)), "model.pt")  # TSL504
```
```python archive cuda
model = nn.GRU(3, 4)
torch.jit.save(torch.jit.trace(model, torch.ones(5, 2, 3)), "model.pt")  # TSL504
```

## Use instead
Give it a state of its own, such as a parameter, as [recurrent-state](recurrent-state.md) shows; or script the model,
which asks the input for its device.
```python archive cuda
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(3, 4)
        self.state = nn.Parameter(torch.zeros(1, 1, 4))

    def forward(self, x):
        return self.rnn(x, self.state.expand(-1, x.shape[1], -1).contiguous())


torch.jit.save(torch.jit.trace(Net(), torch.ones(5, 2, 3)), "traced.pt")
```

## Known limits
Whose code it is comes from the debug record of the archive. Without one, the finding is
[device-literal](device-literal.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts


@ir_rule("TSL504", severity="error", since="0.1", help="give the call what it would make, or script the model")
def library_device(graph: GraphFacts) -> Iterator[Finding]:
    for conflict in graph.conflicts("device", "library"):
        yield conflict, f"`{conflict.kind}` fails on `{conflict.deploy.device}`: {conflict.words}"
    for node in graph.literals():
        if node.of_torch and (meeting := node.met_by):
            place = node.beside(meeting, "joined here with a tensor that moves")
            made = f"torch's own code makes a tensor on `{node.device}` whatever the model is moved to"
            yield place, f"{made}, and `{meeting.kind}` joins it with one that moves"

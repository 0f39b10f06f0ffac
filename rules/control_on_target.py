"""Branch or loop that a target does not take as it is

## What happens
A converter writes a graph of another kind, and its branches and loops are not TorchScript's.

- An `If` of ONNX or Core ML leaves the same in both arms. With two dtypes the file is invalid; with two numbers of
  dimensions an ONNX file has none there, which TensorRT refuses, and Core ML ends the conversion.
- torch.export ends at what the numbers in a tensor decide, in a scripted function that a traced model calls as well,
  and so do `torch.onnx.export(..., dynamo=True)` and ExecuTorch, which begin with it.
- Torch-TensorRT leaves to torch a loop over tensors, and a branch that the numbers in a tensor decide. A loop of fewer
  than 64 rounds, where their number is constant, is unrolled before by freezing the model.

Branches on sizes are silent where the arms agree: every target decides or writes them.

## Example
```python archive
# target: onnx:17
class Pool(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(x)
        if x.size(0) == 1:
            y = y.squeeze(0)
        return y


torch.jit.save(torch.jit.script(Pool()), "model.pt")  # TSL604
```
```python archive
# target: export
class Scaled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if bool(x.sum() > 0):
            return x * 2
        return x


torch.jit.save(torch.jit.script(Scaled()), "model.pt")  # TSL401, TSL604
```
```python archive
# target: tensorrt
class Refined(nn.Module):
    def forward(self, x: Tensor, rounds: int) -> Tensor:
        for _ in range(rounds):
            x = torch.tanh(x)
        return x


torch.jit.save(torch.jit.script(Refined()), "model.pt")  # TSL604
```

## Use instead
Give both arms the same shape and dtype; choose with `torch.where`, where both are computed; loop a number of times that
is written down.
```python archive
# target: onnx:17
# target: export
# target: tensorrt
class Scaled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x.sum() > 0, x * 2, x)


torch.jit.save(torch.jit.script(Scaled()), "model.pt")
```

## Known limits
Numbers of dimensions are compared where they are known, or where one arm adds or takes some of what the other leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.diagnostic import Severity
from tsl.rule import Finding, target_rule

if TYPE_CHECKING:
    from tsl.target.facts import TargetFacts

SENTENCES = {
    "dtypes": "this branch is invalid in {targets}: its arms leave {words}",
    "dimensions": "this branch has no shape in {targets}: its arms leave {words}",
    "data": "the model ends at this {thing} on {targets}: the numbers in a tensor decide it",
    "left": "torch runs this {thing}, and not {targets}: the numbers in a tensor decide it",
    "tensors": "torch runs this {thing}, and not {targets}: it is over tensors",
    "rounds": "this {thing} is unrolled for {targets}: freezing makes {words} rounds of it",
}
LESS = {"rounds": Severity.INFO, **dict.fromkeys(("left", "dimensions", "tensors"), Severity.WARNING)}
HELP = "leave the same in both arms, or choose with torch.where; loop a number of times that is written down"


@target_rule("TSL604", severity="error", since="0.1", help=HELP)
def control_on_target(model: TargetFacts) -> Iterator[Finding]:
    for term in model.controls():
        why = "left" if term.is_of_torch and term.why == "data" else term.why
        sentence = SENTENCES[why].format(targets=term.text, thing=term.thing, words=term.words)
        yield term, sentence, LESS.get(why, Severity.ERROR)

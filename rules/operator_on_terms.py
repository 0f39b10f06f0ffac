"""Operator that a target takes on terms

## What happens
That a target has an operator may mean two things besides that it runs it.

- It runs several others in its place, at least three: Torch-TensorRT writes `remainder` as a division, a product and a
  difference, ExecuTorch an attention as a dozen kernels. That takes longer, and rounds more often. Where a fused form
  matters, a backend of its own has to bring it.
- Its converter takes some forms of it only. A form that the graph shows to be refused is a warning; one that only a run
  shows, such as a dimension that is dynamic, is told with its condition.

## Example
```python archive
# target: tensorrt
class Shifted(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.remainder(torch.roll(x, 1, 0), 2.0)


torch.jit.save(torch.jit.trace(Shifted(), torch.ones(2, 3)), "model.pt")  # TSL606, TSL606
```

## Use instead
Nothing, where it is fast enough and the condition holds. Otherwise what the target has as one operator:
```python archive
# target: tensorrt
class Shifted(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(torch.cat([x[-1:], x[:-1]]), -1)


torch.jit.save(torch.jit.trace(Shifted(), torch.ones(2, 3)), "model.pt")
```

## Known limits
For ONNX and Core ML it is not known what an operator is written as.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.diagnostic import Severity
from tsl.rule import Finding, target_rule

if TYPE_CHECKING:
    from tsl.target.facts import TargetFacts

SENTENCES = {
    "apart": "{target} runs {words} in place of `{operator}`",
    "partly": "{target} takes `{operator}` {words}",
    "refused": "torch runs `{operator}` here: {target} takes it {words}",
}
HELP = "measure it there, or write it with operators that the target has as one"


@target_rule("TSL606", severity="info", since="0.1", help=HELP)
def operator_on_terms(model: TargetFacts) -> Iterator[Finding]:
    for term in model.terms():
        sentence = SENTENCES[term.why].format(target=term.text, words=term.words, operator=term.operator)
        yield term, sentence, Severity.WARNING if term.why == "refused" else Severity.INFO

"""Operator that runs as in training

## What happens
Dropout, batch normalization and their kin take a flag that says whether they run as in training. Tracing writes the
flag into the graph, and so does a call such as `F.dropout(x)`, whose default is to drop: `model.eval()` does not reach
it any more. The model drops values in production, or goes by the statistics of each batch.

Reported is the flag that is written into the graph. One that is asked of the module is `eval()`'s to set, and
[training-flag](training-flag.md) tells of it.

## Example
```ir
graph(%x : Tensor):
  %half : float = prim::Constant[value=0.5]()
  %true : bool = prim::Constant[value=1]()
  %less : Tensor = aten::dropout(%x, %half, %true)  # TSL531
  %none : NoneType = prim::Constant()
  %no : bool = prim::Constant[value=0]()
  %y : Tensor = aten::scaled_dot_product_attention(%less, %x, %x, %none, %half, %no, %none, %no)  # TSL531
  return (%y)
```
```python archive
class Drops(nn.Module):
    def forward(self, x):
        return nn.functional.dropout(x, 0.5)


torch.jit.save(torch.jit.script(Drops()).eval(), "model.pt")  # TSL531
```

## Use instead
```ir
graph(%x : Tensor):
  %half : float = prim::Constant[value=0.5]()
  %false : bool = prim::Constant[value=0]()
  %same : Tensor = aten::dropout(%x, %half, %false)
  return (%same)
```
```python archive
class Drops(nn.Module):
    def forward(self, x):
        return nn.functional.dropout(x, 0.5, self.training)


torch.jit.save(torch.jit.script(Drops()).eval(), "model.pt")
```

## Silent cases
Instance normalization goes by each sample in production too: its flag says whether it has statistics of its own.
```ir
graph(%x : Tensor, %none : NoneType):
  %true : bool = prim::Constant[value=1]()
  %small : float = prim::Constant[value=0.1]()
  %normal : Tensor = aten::instance_norm(%x, %none, %none, %none, %none, %true, %small, %small, %true)
  return (%normal)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, ir_rule

if TYPE_CHECKING:
    from tsl.ir.facts import GraphFacts

# The operators that run in another way in training, and the argument that says so.
FLAGS = {
    **dict.fromkeys("lstm gru rnn_tanh rnn_relu".split(), "train"),
    **dict.fromkeys("dropout dropout_ alpha_dropout alpha_dropout_ feature_dropout feature_dropout_".split(), "train"),
    **dict.fromkeys(("feature_alpha_dropout", "feature_alpha_dropout_", "native_dropout"), "train"),
    **dict.fromkeys("batch_norm native_batch_norm cudnn_batch_norm rrelu rrelu_".split(), "training"),
}


@ir_rule("TSL531", severity="warning", since="0.1", help="call eval() before tracing, and pass `self.training` on")
def training_operator(graph: GraphFacts) -> Iterator[Finding]:
    for node in graph.running(*(f"aten::{name}" for name in FLAGS)):
        flag = FLAGS[node.kind.partition("::")[2]]
        is_idle = 0 in (node.argument("p"), node.argument("dropout"))
        if node.argument(flag) == 1 and not is_idle:
            yield node, f"`{node.kind}` runs as in training, whatever `eval()` says: {flag} is written into the graph"
    for node in graph.running("aten::scaled_dot_product_attention"):
        if node.argument("dropout_p"):
            yield node, f"`{node.kind}` runs as in training, whatever `eval()` says: its dropout_p is a number"

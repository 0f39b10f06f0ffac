"""Operator that a target does not have

## What happens
A model holds calls of operators, and whatever runs or converts it has a list of those it knows. An operator that is
not on the list ends the conversion or the loading: "Unsupported: ONNX export of operator ...", "Unknown builtin op",
"Could not run ... with arguments from the 'CUDA' backend". Such errors come one at a time and on the target; this tells
all at once, with every line that calls the operator, in loops and branches as well.

Targets are named by `--target onnx:13 --target libtorch:2.1`, or by `targets` in the configuration; `tsl targets` lists
them. ONNX, Core ML and TensorRT go by names, a release of LibTorch by what is passed: an argument that came later
counts where it is given. An operator of another library is unknown to all of them but torch.export.

In a Python file, calls of functions and methods of torch are reported whose traces always hold an operator that the
target lacks in all its forms.

## Example
```python archive
# target: onnx:13
class Attention(nn.Module):
    def forward(self, q: Tensor, k: Tensor, v: Tensor, masked: bool) -> Tensor:
        if masked:
            return nn.functional.scaled_dot_product_attention(q, k, v)
        return v


torch.jit.save(torch.jit.script(Attention()), "model.pt")  # TSL601
```
```ir
# target: libtorch:2.0
# target: coreml
graph(%x : Tensor, %n : int, %true : bool):
  %dims : int[] = prim::ListConstruct(%n)
  %y : Tensor = aten::bessel_j0(%x)  # TSL601
  %last : Tensor = prim::Loop(%n, %true, %y)
    block0(%i : int, %old : Tensor):
      %new : Tensor = acme::twice(%old)  # TSL601
      -> (%true, %new)
  return (%last)
```

## Use instead
Name a later version of the target, where the finding says there is one; or write the operator with others, by the
rewrite in the finding's help where one is known.
```python archive
# target: onnx:13
class Attention(nn.Module):
    def forward(self, q: Tensor, k: Tensor, v: Tensor, masked: bool) -> Tensor:
        if masked:
            scores = q @ k.transpose(-2, -1) / q.size(-1) ** 0.5
            return torch.softmax(scores, -1) @ v
        return v


torch.jit.save(torch.jit.script(Attention()), "model.pt")
```

## Silent cases
What only words an exception or a warning is never converted; `&` of tensors is `aten::__and__`, which ONNX has.
```ir
# target: onnx:13
graph(%x : Tensor, %y : Tensor, %text : str, %number : int):
  %both : Tensor = aten::__and__(%x, %y)
  %words : str = aten::format(%text, %number)
  %none : NoneType = prim::Constant()
   = prim::RaiseException(%words, %none)
  return (%both)
```

## Known limits
A table says that an operator is there, and not that every form of it is: an exporter may still refuse a dtype, or a
number of dimensions that it does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.diagnostic import Severity
from tsl.rule import Finding, target_rule

if TYPE_CHECKING:
    from tsl.target.facts import TargetFacts

HELP = "name a later version of the target, or write it with operators that the target has"


@target_rule("TSL601", severity="error", since="0.1", help=HELP)
def operator_unknown_to_target(model: TargetFacts) -> Iterator[Finding]:
    for unknown in model.unknown():
        severity = Severity.WARNING if unknown.falls_back else Severity.ERROR
        ends = "torch runs" if unknown.falls_back else "the model ends at"
        origin = "an operator of another library, " if unknown.is_foreign else ""
        yield unknown, f"{ends} `{unknown.operator}`: {origin}not in {unknown.targets}", severity

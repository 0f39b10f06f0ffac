"""Operators that a library has to bring

## What happens
A TorchScript archive holds calls of operators by name. Those of torch itself are in every LibTorch; those of another
namespace (`torchvision::nms`, your own) are in a library that must be loaded before the model is, in Python and in C++.
Without it `torch.jit.load` refuses the whole file: "Unknown builtin op".

This is an info: the file is right, and whoever deploys it has to know.

## Example
```python archive
library = torch.library.Library("acme", "DEF")
library.define("twice(Tensor x) -> Tensor")


class Net(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.acme.twice(x)


torch.jit.save(torch.jit.script(Net()), "model.pt")  # TSL702
```

## Use instead
Load the library first: `import torchvision` or `torch.ops.load_library("libacme.so")` in Python; in C++ link it, whole
where its operators register themselves, as in `-Wl,--no-as-needed`. Or write the operator with those of torch:
```python archive
class Net(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2


torch.jit.save(torch.jit.script(Net()), "model.pt")
```
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tsl.rule import Finding, archive_rule

if TYPE_CHECKING:
    from tsl.archive.facts import ArchiveFacts

# Who registers a namespace; read in the packages' sources.
PROVIDERS: Mapping[str, str] = {
    "torchvision": "torchvision",
    "image": "torchvision",
    "torchaudio": "torchaudio",
    "torch_scatter": "torch-scatter",
    "torch_sparse": "torch-sparse",
    "torch_cluster": "torch-cluster",
    "pyg": "pyg-lib",
    "fbgemm": "fbgemm-gpu",
    "tensorrt": "torch-tensorrt",
    "torchtext": "torchtext",
    "torch_ipex": "intel-extension-for-pytorch",
}


@archive_rule("TSL702", severity="info", since="0.1", help="load the library first, or write it with torch's operators")
def custom_operators(archive: ArchiveFacts) -> Iterator[Finding]:
    for library in archive.libraries():
        provider = PROVIDERS.get(library.namespace)
        origin = f"the library of `{provider}`" if provider else f"the library that registers `{library.namespace}`"
        first, others = library.operators[0], len(library.operators) - 1
        more = f" and {others} more" if others else ""
        yield library, f"loading this needs {origin}, for `{library.namespace}::{first}`{more}"

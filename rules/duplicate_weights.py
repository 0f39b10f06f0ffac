"""Weights that are stored twice

## What happens
Tensors that share memory are stored once. Copies are stored as often as there are: an embedding that was tied to the
output layer and came apart, in `copy.deepcopy` or when a checkpoint was loaded; the same backbone in two heads. The
file and the model in memory are larger by the copies.

Compared are size and checksum of each storage in the directory of the file; no weight is read. It is an info, and only
where the copies take 64 KiB or more and one hundredth of the file. Zeros and ones, which every model that was not
trained is full of, are not counted.

## Example
```python archive
class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(256, 128)
        self.output = nn.Linear(128, 256, bias=False)
        self.output.weight = nn.Parameter(self.embed.weight.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.embed(x))


torch.jit.save(torch.jit.script(Tied().eval()), "model.pt")  # TSL709
```

## Use instead
```python archive
class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(256, 128)
        self.output = nn.Linear(128, 256, bias=False)
        self.output.weight = self.embed.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.embed(x))


torch.jit.save(torch.jit.script(Tied().eval()), "model.pt")
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, archive_rule

if TYPE_CHECKING:
    from tsl.archive.facts import ArchiveFacts

KIB = 1024


@archive_rule("TSL709", severity="info", since="0.1", help="tie the parameters again before the model is exported")
def duplicate_weights(archive: ArchiveFacts) -> Iterator[Finding]:
    for copies in archive.copies(max(64 * KIB, archive.size // 100)):
        one, other = copies.names[:2]
        amount = f"{copies.wasted // KIB:,} KiB"
        more = f" and {copies.groups - 1} groups more" if copies.groups > 1 else ""
        yield copies, f"{amount} of the file are copies: `{one}` and `{other}` hold the same{more}"

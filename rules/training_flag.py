"""Saved while training

## What happens
A module carries its training flag into the archive, and a traced one also the way it behaved. Without `model.eval()`
before the export, dropout drops values and batch normalization goes by the statistics of the batch, in production as
well: results are noisy, and depend on what else is in the batch. torch gives **no warning**.

Reported is a model whose flag is on and that calls an operator, or holds code, to which it makes a difference.

## Example
```python archive
model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
torch.jit.save(torch.jit.script(model), "model.pt")  # TSL707
```
```python archive
model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
torch.jit.save(torch.jit.trace(model, torch.ones(1, 1, 5, 5), check_trace=False), "model.pt")  # TSL531, TSL707
```

## Use instead
```python archive
model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)).eval()
torch.jit.save(torch.jit.script(model), "model.pt")
```
Calling `eval()` on the loaded model is enough for a scripted one. A traced one stays as it was traced.

## Silent cases
Nothing in this model asks for the flag.
```python archive
torch.jit.save(torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.ReLU())), "model.pt")
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, archive_rule

if TYPE_CHECKING:
    from tsl.archive.facts import ArchiveFacts

ASKING = """aten::dropout aten::dropout_ aten::alpha_dropout aten::alpha_dropout_ aten::feature_dropout
aten::feature_dropout_ aten::feature_alpha_dropout aten::feature_alpha_dropout_ aten::batch_norm aten::native_batch_norm
aten::cudnn_batch_norm aten::instance_norm aten::rrelu aten::rrelu_""".split()


@archive_rule("TSL707", severity="warning", since="0.1", help="call eval() before the model is exported")
def training_flag(archive: ArchiveFacts) -> Iterator[Finding]:
    asking = archive.calls(ASKING)
    if not (asking or archive.reads_training):
        return
    reason = f"`{asking[0]}`" if asking else "its code"
    for module in archive.in_training():
        yield module, f"this runs as in training, and {reason} asks: the flag of `{module.text}`{module.more} is on"

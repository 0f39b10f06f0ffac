"""File of another kind than its name says

## What happens
`torch.jit.load` reads TorchScript archives and nothing else; a checkpoint of `torch.save` under the name of a scripted
model is refused, with a message about a missing `constants.pkl`. A model for the lite interpreter, a program of
torch.export, an ONNX model each have a loader of their own. The ending of a file is all that most programs go by.

Reported is a file whose content is of another kind than its ending, or a word such as `scripted` or `traced` in its
name, says. It names what the file is, and the call that reads it. `.pt` and `.pth` alone promise a file of PyTorch and
no more: a checkpoint or a TorchScript archive is right there.

## Example
```python archive
model = nn.Linear(4, 4)
torch.save(model.state_dict(), "net_scripted.pt")  # TSL701
```
```python archive
model = torch.jit.script(nn.Linear(4, 4).eval())
torch.jit.save(model, "model.ptl")  # TSL701
```
```python archive
with open("model.pt", "w") as file:  # TSL701
    file.write("version https://git-lfs.github.com/spec/v1\\noid sha256:ab\\nsize 14\\n")
```

## Use instead
Save what the name says, or name what you save. A model that is to be loaded without its Python code is scripted or
traced:
```python archive
model = torch.jit.script(nn.Linear(4, 4).eval())
torch.jit.save(model, "net_scripted.pt")
model._save_for_lite_interpreter("model.ptl")
```
```python archive
torch.save(nn.Linear(4, 4).state_dict(), "model.pt")
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, archive_rule

if TYPE_CHECKING:
    from tsl.archive.facts import ArchiveFacts


@archive_rule("TSL701", severity="error", since="0.1", help="save what the name promises, or name what is saved")
def wrong_kind(archive: ArchiveFacts) -> Iterator[Finding]:
    promise, kind = archive.promise, archive.kind
    if promise is None or kind.name in promise.kinds or archive.is_broken:
        return
    remedy = f": read it with `{kind.loader}`" if kind.loader else ""
    yield archive.whole, f"`{archive.name}` is named as {promise.title} and is a {kind.title}{remedy}"

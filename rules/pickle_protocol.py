"""Pickle that torch did not write

## What happens
PyTorch writes the pickles of an archive with protocol 2, and the reader of `torch.jit.load` knows no other. A member of
another protocol was put there by another program: by Python's own pickle, which writes protocol 4 or 5, or by a script
that edits archives. The file is refused when it is loaded.

## Example
```python archive
import pickle
import zipfile

torch.jit.save(torch.jit.script(nn.Linear(2, 2).eval()), "sound.pt")
with zipfile.ZipFile("sound.pt") as sound, zipfile.ZipFile("model.pt", "w") as edited:  # TSL704
    for member in sound.infolist():
        data = sound.read(member)
        edited.writestr(member, pickle.dumps((), 4) if member.filename.endswith("constants.pkl") else data)
```

## Use instead
Change the model in Python and save it again; files that travel with it are the `_extra_files` of `torch.jit.save`.
```python archive
torch.jit.save(torch.jit.script(nn.Linear(2, 2).eval()), "model.pt", _extra_files={"labels.txt": "cat dog"})
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, archive_rule

if TYPE_CHECKING:
    from tsl.archive.facts import ArchiveFacts


@archive_rule("TSL704", severity="error", since="0.1", help="save the model again with torch.jit.save")
def pickle_protocol(archive: ArchiveFacts) -> Iterator[Finding]:
    if archive.is_torchscript:
        for found in archive.protocols():
            yield found, f"torch.jit.load refuses this: `{found.text}`{found.more} {found.detail}"

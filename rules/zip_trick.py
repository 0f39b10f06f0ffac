"""Archive that is read differently by different readers

## What happens
An archive is a ZIP file, and says most things about its members twice: in a directory at its end, and before each
member. PyTorch's writer says the same both times. A file that does not was made by another program, and programs
disagree about it: Python's `zipfile`, and with it most scanners, can be shown one code while `torch.jit.load` runs
another. A second member of the same name, a second archive behind the first, a name with a zero byte in it are five
such ways.

tsl reads what torch reads. A file with a trick should not be loaded, whatever else is said of it.

## Example
```python archive
import zipfile

torch.jit.save(torch.jit.script(nn.Linear(2, 2).eval()), "model.pt")
with zipfile.ZipFile("model.pt", "a") as archive:  # TSL710
    archive.writestr("model/version", "4")
```

## Use instead
Load the model from where you trust it, and save it again with `torch.jit.save`. Files that travel with it are its
`_extra_files`:
```python archive
model = torch.jit.script(nn.Linear(2, 2).eval())
torch.jit.save(model, "model.pt", _extra_files={"labels.txt": "cat dog"})
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, archive_rule

if TYPE_CHECKING:
    from tsl.archive.facts import ArchiveFacts


@archive_rule("TSL710", severity="error", since="0.1", help="do not load it; save the model again with torch.jit.save")
def zip_trick(archive: ArchiveFacts) -> Iterator[Finding]:
    if archive.is_of_torch or archive.kind.name == "zip":
        for trick in archive.tricks():
            what = f"`{trick.text}`{trick.more} " if trick.text else "the file "
            yield trick, f"readers may be shown different contents, by `{trick.anchor}`: {what}{trick.detail}"

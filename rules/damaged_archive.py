"""Archive that cannot be read whole

## What happens
The file is cut short, empty, or a part of it does not make sense: a pickle that breaks off, code that does not parse, a
member that lies beyond the end. An unfinished download or upload does this, a full disk, a program that edits archives.
What could be read was checked, and nothing is known of the rest.

## Example
```python archive
torch.jit.save(torch.jit.script(nn.Linear(2, 2).eval()), "whole.pt")
with open("whole.pt", "rb") as whole, open("model.pt", "wb") as cut:  # TSL712
    cut.write(whole.read()[:1000])
```

## Use instead
Fetch the file again, and compare its size or checksum with the original's. A file that is being written is best written
under another name and renamed when it is whole:
```python archive
import os

torch.jit.save(torch.jit.script(nn.Linear(2, 2).eval()), "model.pt.part")
os.replace("model.pt.part", "model.pt")
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, archive_rule

if TYPE_CHECKING:
    from tsl.archive.facts import ArchiveFacts


@archive_rule("TSL712", severity="error", since="0.1", help="fetch or save the file again")
def damaged_archive(archive: ArchiveFacts) -> Iterator[Finding]:
    for damage in archive.damages():
        member = damage.text or archive.name
        yield damage, f"not all of this file can be read: `{member}`{damage.more} {damage.detail}"

"""Submodule whose name cannot be read back

## What happens
An archive holds the model as code, and a submodule is an attribute in it: `self.conv`. A name that is a keyword, such
as `class` or `pass`, or that has letters beyond ASCII, is written all the same, and `torch.jit.load` cannot read what
`torch.jit.save` wrote: "expected ident but found 'class' here". Nobody can load the file.

Python itself refuses `self.class`; such names come from `nn.ModuleDict({"class": ...})`, `add_module` and `setattr`.

## Example
```python archive
class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = nn.ModuleDict({"box": nn.Linear(2, 4), "class": nn.Linear(2, 9)})

    def forward(self, x):
        return [head(x) for head in self.heads.values()]


torch.jit.save(torch.jit.trace(Heads().eval(), torch.ones(1, 2)), "model.pt")  # TSL711
```

## Use instead
```python archive
class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = nn.ModuleDict({"box": nn.Linear(2, 4), "label": nn.Linear(2, 9)})

    def forward(self, x):
        return [head(x) for head in self.heads.values()]


torch.jit.save(torch.jit.trace(Heads().eval(), torch.ones(1, 2)), "model.pt")
```
Other names than identifiers do no harm: they are written as `getattr(self, "a-b")`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, archive_rule

if TYPE_CHECKING:
    from tsl.archive.facts import ArchiveFacts


@archive_rule("TSL711", severity="error", since="0.1", help="give the submodule another name, and save the model again")
def refused_name(archive: ArchiveFacts) -> Iterator[Finding]:
    for attribute in archive.refused_names():
        yield attribute, f"torch.jit.load refuses the file: `{attribute.text}` is no name to it"

"""Path that names whoever made the file

## What happens
For its error messages a TorchScript archive keeps where each operation comes from: the paths of your Python files as
they were on the machine that made it, and the text of the functions. They go wherever the file goes. Reported is a path
below somebody's home, which names a person, and often a project.

This is an info, once for each home that is named.

## Example
```python archive
made = {}
exec(compile("def step(x):\\n    return x + 1\\n", "/home/alice/secret-project/net.py", "exec"), made)


class Net(nn.Module):
    def forward(self, x):
        return made["step"](x)


torch.jit.save(torch.jit.trace(Net(), torch.ones(2)), "model.pt")  # TSL705
```

## Use instead
Export where nobody lives, in a container or on a build machine:
```python archive
made = {}
exec(compile("def step(x):\\n    return x + 1\\n", "/src/net.py", "exec"), made)


class Net(nn.Module):
    def forward(self, x):
        return made["step"](x)


torch.jit.save(torch.jit.trace(Net(), torch.ones(2)), "model.pt")
```
Or take the records out: the archive loads without its members that end in `.debug_pkl`, and error messages then name no
lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.rule import Finding, archive_rule

if TYPE_CHECKING:
    from tsl.archive.facts import ArchiveFacts


@archive_rule("TSL705", severity="info", since="0.1", help="export in a container, or leave the .debug_pkl members out")
def personal_path(archive: ArchiveFacts) -> Iterator[Finding]:
    for home in archive.personal_paths():
        files = "1 path" if home.times == 1 else f"{home.times} paths"
        yield home, f"the file tells who made it: {files} below `{home.text}`, such as `{home.detail}`"

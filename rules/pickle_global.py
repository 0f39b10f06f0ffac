"""Name in a pickle that loading would look up

## What happens
The members of an archive are pickles, and a pickle is a program: it names functions and classes, and whoever unpickles
it imports and calls them. `torch.jit.load` has a reader of its own that refuses other names than the few that PyTorch
writes. `torch.load` with `weights_only=False`, `pickle.load` and many viewers run whatever is named, with the rights of
who opened the file.

In a TorchScript archive a name that PyTorch never writes is an error: somebody put it there. So is, in any file, one by
which a program can be run or a module fetched (`os.system`, `builtins.eval`). Other names in a checkpoint are an info:
`torch.load` refuses them unless it is told not to.

tsl itself reads pickles as data. It looks nothing up and calls nothing.

## Example
```python archive
import os


class Run:
    def __reduce__(self):
        return os.system, ("echo this was run",)


torch.save({"weight": torch.ones(3), "epoch": Run()}, "model.pt")  # TSL703
```

## Use instead
Do not load the file; ask who made it for one that was made by `torch.jit.save`, or for the tensors alone:
```python archive
torch.save({"weight": torch.ones(3), "epoch": 7}, "model.pt")
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsl.diagnostic import Severity
from tsl.rule import Finding, archive_rule

if TYPE_CHECKING:
    from tsl.archive.facts import ArchiveFacts

# Modules whose names run programs, read or write files, or fetch what does; of builtins only some do.
HARMFUL = frozenset(
    """os posix nt subprocess sys socket shutil runpy importlib imp pickle _pickle code codeop ctypes cffi webbrowser
    pty asyncio multiprocessing threading commands popen2 platform urllib requests http ftplib smtplib httplib timeit
    cProfile profile pdb bdb trace doctest pip pydoc site zipimport pkgutil types operator functools marshal tempfile
    signal builtins.eval builtins.exec builtins.compile builtins.open builtins.getattr builtins.__import__
    builtins.apply builtins.setattr builtins.globals builtins.locals builtins.vars builtins.input builtins.breakpoint
    __builtin__ torch.hub torch.load torch.jit.load torch.ops torch.classes torch.utils.cpp_extension
    torch.serialization.load torch._dynamo numpy.testing numpy.f2py""".split()
)


def _is_harmful(name: str) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:end]) in HARMFUL for end in range(1, len(parts) + 1))


@archive_rule("TSL703", severity="error", since="0.1", help="do not load it, or with weights_only=True alone")
def pickle_global(archive: ArchiveFacts) -> Iterator[Finding]:
    others = []
    for name in archive.globals():
        if archive.is_torchscript or _is_harmful(name.text):
            yield name, f"whoever unpickles `{name.detail}` runs `{name.text}`, which PyTorch never writes"
        else:
            others.append(name)
    if others:
        first, more = others[0], f" and {len(others) - 1} more" if len(others) > 1 else ""
        yield first, f"torch.load reads this only when told to import `{first.text}`{more}", Severity.INFO

"""Model that torch refuses to export

## What happens
`tsl check model.py --entry build` makes the model and exports it as you would, with `torch.jit.trace` or
`torch.jit.script` and `torch.jit.save`. Where torch refuses, this finding has the first line of what it says, and
stands at the innermost line of the checked files that it names; at the entry where it names none. A model that fails on
its own example inputs is among them.

The graph that could not be made was not checked. The rest of the file was.

## Example
```text
class Net(nn.Module):
    def forward(self, x):
        return x * (lambda y: y + 1)(x)
```
```text
net.py:3:9: error TSL904 [refused-export] torch.jit.script refuses this: UnsupportedNodeError: Lambda aren't supported
```

## Use instead
What torch says. Where the file's call sites script a model that is meant to be traced, or the other way round, say
which with `--capture`. [entry.md](../entry.md) tells what is exported, and how.
"""

from __future__ import annotations

from collections.abc import Iterator

from tsl.rule import Finding, driver_rule


@driver_rule("TSL904", severity="error", since="0.1", help="write it as TorchScript has it, or export the other way")
def refused_export(_subject: object) -> Iterator[Finding]:
    yield from ()

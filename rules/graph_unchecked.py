"""Part of a graph that was not checked

## What happens
tsl reads the code of a TorchScript archive without torch, and makes a graph of it. A function that it cannot follow,
for it was written by a newer PyTorch or edited by hand, is left out, and so is what only this function calls. Nothing
is known of that part; the rest was checked.

Functions that nest too deeply, and methods that call each other without end, are left out as well.

## Example
```text
model.pt:1:1: info TSL903 [graph-unchecked] the graph of `net.Net.forward` is not checked: x is not defined
```

## Use instead
If torch loads the file, please report it. Otherwise save the model again, with the PyTorch it is to be loaded with.
"""

from __future__ import annotations

from collections.abc import Iterator

from tsl.rule import Finding, driver_rule


@driver_rule("TSL903", severity="info", since="0.1", help="report it if torch loads the file, or save it again")
def graph_unchecked(_subject: object) -> Iterator[Finding]:
    yield from ()

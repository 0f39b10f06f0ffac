"""How a model gets to the device it runs on, and what that moves.

Definitions (measured on torch 2.13, see tests/test_ir_device.py):
1. `to`: the archive is loaded where it was saved, and `.to(device)` moves parameters and buffers. Other tensors stay:
   attributes that are not registered, tensors in lists, tensor constants of the graph.
2. `map_location`: `torch.jit.load(..., map_location=device)` moves every tensor of the archive. Devices that are
   written into the graph stay what they are.
3. `frozen`: `torch.jit.freeze` made constants of the parameters, so `.to(device)` moves nothing.
4. Inputs are on the device in every mode. Of an archive that is frozen already, `to` moves nothing either: it has
   nothing that is registered.

Needs nothing. It will never know a graph.
"""

from __future__ import annotations

import re

from tsl.ir.device import normal
from tsl.record import Record

MODES = ("to", "map_location", "frozen")
FORM = "write DEVICE or DEVICE:MODE, as in cuda, cuda:1 or cuda:map_location"

_FORM = re.compile(r"([a-z]+(?::\d+)?)(?::([a-z_]+))?\Z")


class Deploy(Record):
    """A device (`cuda:0`) and how a model gets to it (1-3)."""

    device: str
    mode: str = "to"

    def moved(self, device: str, registered: bool) -> str:
        """Where a saved tensor is once the model is deployed; `registered` is whether it is a parameter or a buffer."""
        moves = self.mode == "map_location" or (self.mode == "to" and registered)
        return self.device if moves else normal(device)

    def __str__(self) -> str:
        return f"{self.device}:{self.mode}"


def parse(text: str) -> Deploy:
    """The deployment that `cuda`, `cuda:1`, `cuda:frozen` or `cuda:1:map_location` asks for. Raises ValueError."""
    found = _FORM.match(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no deployment; {FORM}")
    if found[2] and found[2] not in MODES:
        raise ValueError(f"{found[2]!r} is no way to deploy; there are {', '.join(MODES)}")
    return Deploy(normal(found[1]), found[2] or "to")

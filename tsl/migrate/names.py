"""What torch says of its own names: the table that scripts/migration_names.py reads off an installed torch.

Needs that file. It will never say what to write instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tsl.record import Record

# Methods that are there as long as a function is.
AS_GOOD_AS = {
    "torch.jit.ScriptModule.save": "torch.jit.save",
    "lightning.to_torchscript": "torch.jit.script",
    "torch.onnx.export": "torch.onnx.ONNXProgram",  # its documentation speaks of arguments that go, not of itself
}
_ROOTS = ("torch.jit", "torch.onnx", "torch.utils.mobile_optimizer")


class Standing(Record):
    """How a name stands: works, deprecated, gone or private; and whether Python 3.14 is refused or warned of."""

    status: str
    no_python_314: bool = False


@cache
def table() -> Mapping[str, Standing]:
    """The public names of torch.jit and torch.onnx, as torch 2.13 has them."""
    text = Path(__file__).with_name("names.txt").read_text(encoding="utf-8")
    rows = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {name: Standing(status, "3.14" in rest) for name, status, *rest in rows}


def standing(name: str) -> Standing:
    """How a name stands, or the longest part of it that the table has: a method is as good as its class."""
    known = table()
    part = AS_GOOD_AS.get(name, name)
    if any(piece.startswith("_") for piece in part.split(".")):
        return Standing("private")
    while part:
        if part in known:
            return known[part]
        if part in _ROOTS:
            return Standing("works" if name in _ROOTS else "gone")
        part = part.rpartition(".")[0]
    return Standing("works")

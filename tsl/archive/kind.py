"""What a file is by its content, whatever its name says, and the call that reads it."""

from __future__ import annotations

from collections.abc import Callable

from tsl.archive.directory import Bytes
from tsl.archive.pickle import Pickle
from tsl.archive.zip import Zip
from tsl.record import Record


class Kind(Record):
    """A kind by name, what people call it, and the call that reads it ("" where nothing of PyTorch does)."""

    name: str
    title: str
    loader: str


KINDS = {
    kind.name: kind
    for kind in (
        Kind("torchscript", "TorchScript archive", "torch.jit.load"),
        Kind("unknown", "unknown", ""),
    )
}


def kind_of(data: Bytes, archive: Zip | None, pickle: Callable[[str], Pickle | None]) -> Kind:
    """The kind of the file in some bytes."""
    if archive and "data.pkl" in archive.members and "constants.pkl" in archive.members:
        return KINDS["torchscript"]
    return KINDS["unknown"]

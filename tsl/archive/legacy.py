"""A file of torch.save before 1.6: five pickles, one after the other, and then the bytes of the storages.

The pickles are a magic number, a protocol version, facts about the system, the object, and the keys of the storages
in their order (torch/serialization.py, _legacy_save). A file that begins otherwise is one pickle of something else.
Needs `pickle`. It will never read a storage.
"""

from __future__ import annotations

from tsl.archive.dialect import TORCH_SAVE_LEGACY
from tsl.archive.directory import Bytes
from tsl.archive.limits import MEMBER_BYTES
from tsl.archive.pickle import Pickle, read_pickle

MAGIC = 0x1950A86A20F9469CFC6C
_BEFORE_THE_OBJECT = 3


def read_legacy(data: Bytes) -> Pickle | None:
    """The pickle of the object, with what is wrong in all five; None where the file does not begin as a pickle."""
    if data[:1] != b"\x80":
        return None
    head = data[:MEMBER_BYTES]
    first = read_pickle(head, TORCH_SAVE_LEGACY, last=False)
    if first.value != MAGIC:
        return read_pickle(head, TORCH_SAVE_LEGACY)
    read = [first]
    while len(read) < _BEFORE_THE_OBJECT + 2 and read[-1].whole:
        read.append(read_pickle(head, TORCH_SAVE_LEGACY, read[-1].end, last=False))
    problems = tuple(problem for pickle in read for problem in pickle.problems)
    names = tuple(dict.fromkeys(name for pickle in read for name in pickle.globals))
    value = read[_BEFORE_THE_OBJECT].value if len(read) > _BEFORE_THE_OBJECT else None
    return Pickle(value, names, problems, read[-1].end, read[-1].whole)

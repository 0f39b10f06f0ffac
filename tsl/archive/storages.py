"""The storages of an archive's tensors: their records, sizes, checksums, and the attributes that use them.

Definitions:
1. The tensors of `data.pkl` lie in records `data/KEY`, those of `constants.pkl` in `constants/KEY`, those of
   `traced_inputs.pkl` in `traced_inputs/KEY`.
2. A storage's *uses* are the dotted paths of the values that lie in it, from the root module (`layer.weight`), in the
   order of the tree; constants are `CONSTANTS.c0`, ...; example inputs are not counted.
3. Two storages are *equal* where size and checksum are: their bytes are not compared.

Needs `module` for the paths. It will never read the bytes of a storage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tsl.archive.module import tensors
from tsl.record import Record

if TYPE_CHECKING:
    from tsl.archive.archive import Archive

FOLDERS = ("data/", "constants/", "traced_inputs/")


class StorageRecord(Record):
    """A storage by its record: size in bytes, CRC-32 as the directory gives it, and its uses (2)."""

    record: str
    size: int
    checksum: int
    uses: tuple[str, ...]


Storages = Mapping[str, StorageRecord]


def storages_of(archive: Archive) -> Storages:
    """The storages by the names of their records, in the directory's order."""
    if archive.zip is None:
        return {}
    uses: dict[str, list[str]] = {}
    for record, path in _uses(archive):
        uses.setdefault(record, []).append(path)
    members = [member for name, member in archive.zip.members.items() if name.startswith(FOLDERS)]
    return {
        member.name: StorageRecord(member.name, member.size, member.checksum, tuple(uses.get(member.name, ())))
        for member in members
    }


def _uses(archive: Archive) -> Iterator[tuple[str, str]]:
    for path, tensor in tensors(archive.module):
        yield f"data/{tensor.storage}", path
    for number, constant in enumerate(archive.constants):
        for path, tensor in tensors(constant, f"CONSTANTS.c{number}"):
            yield f"constants/{tensor.storage}", path


def equal_groups(storages: Storages, least: int = 1024) -> Iterator[tuple[StorageRecord, ...]]:
    """Groups of equal storages (3) of at least so many bytes that are used, in the directory's order."""
    groups: dict[tuple[int, int], list[StorageRecord]] = {}
    for storage in storages.values():
        if storage.size >= least and storage.uses:
            groups.setdefault((storage.size, storage.checksum), []).append(storage)
    yield from (tuple(group) for group in groups.values() if len(group) > 1)

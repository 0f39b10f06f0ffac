"""A ZIP file by an own walk of its central directory: the members as torch reads them, and every trick met on the way.

Definitions:
1. The *directory* is the list of members at the end of the file; each of its entries names the *local header* that
   stands before the member's bytes and says most things a second time.
2. A *trick* is anything by which one reader can be shown other bytes than another, and that torch's writer (miniz)
   never writes. Python's zipfile and torch's own reader disagree about five of them, so that a file can show clean
   code to a scanner and run other code; all are named, and a file that has one is to be refused as a whole.
3. Members are read by absolute offset, as torch reads them, the first of a name winning.

The tricks of a whole file, by name: `several-ends`, `trailing-bytes`, `leading-bytes`, `directory-offset`,
`directory-size`, `member-count`, `end-records-differ`, `several-disks`, `gap`, `overlap`. Of a
member: `duplicate-name`, `name-case`, `name-nul`, `name-backslash`, `name-absolute`, `name-dots`, `name-control`,
`name-encoding`, `name-without-root`, `second-root`, `other-name`, `local-header`, `local-name`, `local-sizes`,
`local-method`, `local-flags`, `descriptor`, `method`, `encrypted`, `extra`, `ratio`, and, once it is
read, `checksum` and `length`.

Needs `directory` for the entries and `limits`. It will never write a file, or read a member nobody asks for.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from tsl.archive.directory import ArchiveError, Bytes, Entry, Trick, find_end, read_entries
from tsl.archive.layout import check_layout
from tsl.archive.limits import MEMBER_BYTES, RATIO, RATIO_FREE_BYTES, TRICKS
from tsl.archive.names import check_names
from tsl.record import Record

__all__ = ["ArchiveError", "Member", "Trick", "Zip", "read_zip"]

STORED, DEFLATED = 0, 8


class Member(Record):
    """A member: its name in the archive's root directory, sizes in bytes, checksum, and the offset of its bytes."""

    name: str
    size: int
    compressed: int
    checksum: int
    deflated: bool
    offset: int


class Zip:
    """A ZIP file's members by name (3), without `root`, the directory that all of them lie in."""

    __slots__ = ("_data", "members", "root", "tricks")

    def __init__(self, data: Bytes, root: str, members: Mapping[str, Member], tricks: tuple[Trick, ...]) -> None:
        self._data, self.root, self.members, self.tricks = data, root, members, tricks

    def read(self, name: str) -> bytes:
        """The bytes of a member. Raises KeyError where there is none, ArchiveError where it cannot be had."""
        return self.checked(name)[0]

    def checked(self, name: str) -> tuple[bytes, Trick | None]:
        """The bytes of a member, as torch reads them, and what torch does not see: that the checksum is another."""
        member = self.members[name]
        if member.size > MEMBER_BYTES:
            raise ArchiveError(f"{name} has {member.size:,} bytes; the limit is {MEMBER_BYTES:,}")
        raw = self._data[member.offset : member.offset + member.compressed]
        if len(raw) != member.compressed:
            raise ArchiveError(f"{name} ends beyond the file")
        found = _inflated(member, raw) if member.deflated else raw
        if zlib.crc32(found) != member.checksum:
            where = f"{self.root}/{name}" if self.root else name
            return found, Trick("checksum", where, "its bytes are not those its checksum was taken of")
        return found, None


def _inflated(member: Member, raw: bytes) -> bytes:
    if member.size > max(len(raw) * RATIO, RATIO_FREE_BYTES):
        raise ArchiveError(f"{member.name} inflates to more than {RATIO} times its bytes")
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        found = machine.decompress(raw, member.size + 1)
    except zlib.error as error:
        raise ArchiveError(f"{member.name} is not deflated as it says: {error}") from None
    if len(found) != member.size or not machine.eof or machine.unused_data:
        raise ArchiveError(f"{member.name} does not inflate to the {member.size:,} bytes it says")
    return found


def read_zip(data: Bytes) -> Zip:
    """The ZIP file in some bytes, or a map of a file. Raises ArchiveError where there is no directory to walk."""
    tricks: list[Trick] = []
    end = find_end(data, tricks)
    entries = read_entries(data, end, tricks)
    root = check_names(entries, tricks)
    starts = check_layout(data, entries, end, tricks)
    members: dict[str, Member] = {}
    for entry, start in zip(entries, starts, strict=True):
        name = entry.name.removeprefix(f"{root}/")
        _check_size(entry, tricks)
        if start >= 0 and not entry.name.endswith("/") and entry.method in (STORED, DEFLATED) and not entry.flags & 1:
            deflated = entry.method == DEFLATED
            member = Member(name, entry.size, entry.compressed, entry.checksum, deflated, start)
            members.setdefault(name, member)
    return Zip(data, root, members, _few(tricks))


def _few(tricks: list[Trick]) -> tuple[Trick, ...]:
    """The tricks, and of one that is met all over a file only the first."""
    seen: dict[str, int] = {}
    kept = []
    for trick in tricks:
        seen[trick.name] = seen.get(trick.name, 0) + 1
        if seen[trick.name] <= TRICKS:
            kept.append(trick)
    return tuple(kept)


def _check_size(entry: Entry, tricks: list[Trick]) -> None:
    if entry.method not in (STORED, DEFLATED):
        tricks.append(
            Trick("method", entry.name, f"it is compressed by method {entry.method}, which torch cannot read")
        )
    elif entry.method == STORED and entry.size != entry.compressed:
        tricks.append(Trick("length", entry.name, "it is stored as it is, in another number of bytes than it has"))
    elif entry.size > max(entry.compressed * RATIO, RATIO_FREE_BYTES):
        tricks.append(Trick("ratio", entry.name, f"it inflates to more than {RATIO} times its bytes: {entry.size:,}"))
    if entry.flags & 1:
        tricks.append(Trick("encrypted", entry.name, "it is marked as encrypted"))

"""The end records and the central directory of a ZIP file, as they stand.

Numbers in the comments are sections of APPNOTE.TXT 6.3.10, PKWARE's description of the format. Where records disagree
the walk goes on with what torch's reader (miniz) goes by and the disagreement is a Trick. Needs `limits`. It will
never read a member's bytes.
"""

from __future__ import annotations

import mmap
from struct import Struct
from typing import TypeAlias

from tsl.archive.limits import DIRECTORY_BYTES, MEMBERS, NAME_BYTES, STRAY_TAIL_BYTES, TAIL_BYTES
from tsl.record import Record

Bytes: TypeAlias = bytes | mmap.mmap

_END = Struct("<4s4H2IH")  # 4.3.16
_LOCATOR = Struct("<4sIQI")  # 4.3.15
_END64 = Struct("<4sQ2H2I4Q")  # 4.3.14
_ENTRY = Struct("<4s6H3I5H2I")  # 4.3.12
_END_SIGN, _LOCATOR_SIGN, _END64_SIGN, _ENTRY_SIGN = b"PK\5\6", b"PK\6\7", b"PK\6\6", b"PK\1\2"
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_ZIP64, _UNICODE_PATH = 0x0001, 0x7075  # extra fields: 4.5.3 and 4.6.9


class ArchiveError(Exception):
    """A file, or a member of it, that cannot be read; the message says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Trick(Record):
    """A trick by its name, the member it concerns ("" for the whole file), and a sentence that says what is wrong."""

    name: str
    member: str
    message: str


class End(Record):
    """Where the directory is: its offset, its size in bytes, how many members it lists, and where what follows it,
    the end records, begins. `shift` is what must be added to offsets where the file has other bytes before it.
    """

    offset: int
    size: int
    members: int
    follows: int
    shift: int = 0


class Entry(Record):
    """A member as the directory has it. `header` is the offset of its local header, `raw_name` its name's bytes."""

    name: str
    raw_name: bytes
    method: int
    flags: int
    checksum: int
    compressed: int
    size: int
    header: int


def has_directory(data: Bytes) -> bool:
    """Whether a file ends as a ZIP file does, whatever it begins with."""
    at = data.rfind(_END_SIGN, max(0, len(data) - TAIL_BYTES))
    if at < 0 or at + _END.size > len(data):
        return False
    *_, size, offset, _ = _END.unpack_from(data, at)
    places = (offset, at - size, at - size - _LOCATOR.size - _END64.size)
    return any(place >= 0 and data[place : place + 4] == _ENTRY_SIGN for place in places)


def find_end(data: Bytes, tricks: list[Trick]) -> End:
    """Where the directory is (4.3.16). Raises ArchiveError where no end record is found."""
    at = _end_record(data, tricks)
    _, disk, first_disk, here, count, size, offset, comment = _END.unpack_from(data, at)
    if disk or first_disk or here != count:
        tricks.append(Trick("several-disks", "", "it says that it is a part of several"))
    if at + _END.size + comment != len(data):
        beyond = len(data) - at - _END.size - comment
        tricks.append(Trick("trailing-bytes", "", f"{beyond:,} bytes stand after its end"))
    found = End(offset, size, count, at)
    locator = at - _LOCATOR.size
    if locator >= 0 and data[locator : locator + 4] == _LOCATOR_SIGN:
        found = _end64(data, locator, found, tricks)
    elif _FULL32 in (offset, size) or count == _FULL16:
        tricks.append(Trick("end-records-differ", "", "its end record points to a larger one that is not there"))
    return _placed(data, found, tricks)


def _end_record(data: Bytes, tricks: list[Trick]) -> int:
    """The offset of the end record: the last one, as both zipfile and torch have it."""
    edge = max(0, len(data) - TAIL_BYTES)
    at = data.rfind(_END_SIGN, edge)
    if at < 0 and data[:4] == b"PK\3\4":
        at = data.rfind(_END_SIGN, max(0, len(data) - STRAY_TAIL_BYTES))
    if at < 0 or at + _END.size > len(data):
        raise ArchiveError("it has no ZIP directory, or not all of one")
    other = data.rfind(_END_SIGN, edge, at)
    while other >= 0 and not _ends_here(data, other):
        other = data.rfind(_END_SIGN, edge, other)
    if other >= 0:
        tricks.append(Trick("several-ends", "", "it has more than one end record, so readers may pick another"))
    return at


def _ends_here(data: Bytes, at: int) -> bool:
    """Whether a signature begins an end record whose comment fills the file to its end."""
    return at + _END.size + int.from_bytes(data[at + 20 : at + 22], "little") == len(data)


def _end64(data: Bytes, locator: int, end: End, tricks: list[Trick]) -> End:
    """What the 64-bit end record says (4.3.14), which is what counts where there is one."""
    _, disk, at, disks = _LOCATOR.unpack_from(data, locator)
    if data[at : at + 4] != _END64_SIGN or at + _END64.size > locator:
        at = locator - _END64.size  # where zipfile looks
    if at < 0 or data[at : at + 4] != _END64_SIGN:
        tricks.append(Trick("end-records-differ", "", "its 64-bit end record is not where the locator points"))
        return end
    _, length, _, _, this, first, here, count, size, offset = _END64.unpack_from(data, at)
    if disk or disks != 1 or this or first or here != count:
        tricks.append(Trick("several-disks", "", "it says that it is a part of several"))
    if at + 12 + length != locator:
        tricks.append(Trick("end-records-differ", "", "other bytes stand between its end records"))
    short = (end.offset, end.size, end.members)
    for told, truth, full in zip(short, (offset, size, count), (_FULL32, _FULL32, _FULL16), strict=True):
        if told not in (truth, full) or (told == full and truth < full):
            tricks.append(Trick("end-records-differ", "", "its two end records do not say the same"))
            break
    return End(offset, size, count, at)


def _placed(data: Bytes, end: End, tricks: list[Trick]) -> End:
    """The end, with the directory where it is: torch goes by the offset, zipfile by the end record and the size."""
    shift = end.follows - end.size - end.offset
    if not shift:
        return end
    if data[end.offset : end.offset + 4] == _ENTRY_SIGN or shift < 0:
        message = "its directory is not where its end record says, so readers take different ones"
        tricks.append(Trick("directory-offset", "", message))
        return end
    tricks.append(Trick("leading-bytes", "", f"{shift:,} bytes stand before the place its offsets count from"))
    return End(end.offset + shift, end.size, end.members, end.follows, shift)


def read_entries(data: Bytes, end: End, tricks: list[Trick]) -> list[Entry]:
    """The entries of the directory in their order. Raises ArchiveError where it is larger than the limits."""
    if end.size > DIRECTORY_BYTES or end.members > MEMBERS:
        raise ArchiveError(f"its directory has {end.members:,} members in {end.size:,} bytes, beyond any limit")
    directory = data[end.offset : end.offset + end.size]
    entries: list[Entry] = []
    at = 0
    while len(directory) - at >= _ENTRY.size and directory[at : at + 4] == _ENTRY_SIGN and len(entries) < MEMBERS:
        entry, at = _entry(directory, at, end.shift, tricks)
        entries.append(entry)
    if at != len(directory) or len(directory) != end.size:
        tricks.append(Trick("directory-size", "", "its directory does not end where its end record says"))
    if len(entries) != end.members:
        message = f"it lists {len(entries):,} members and says that it has {end.members:,}"
        tricks.append(Trick("member-count", "", message))
    return entries


def _entry(directory: bytes, at: int, shift: int, tricks: list[Trick]) -> tuple[Entry, int]:
    """The entry at an offset of the directory, and the offset after it."""
    (_, _, _, flags, method, _, _, checksum, compressed, size, name_length, extra_length, comment_length, disk, _, _,
     header) = _ENTRY.unpack_from(directory, at)  # fmt: skip
    at += _ENTRY.size
    raw = directory[at : at + name_length]
    name = _name(raw, flags, tricks)
    at += name_length
    extra = directory[at : at + extra_length]
    at += extra_length + comment_length
    wide = _wide(extra, name, tricks)
    numbers = [size, compressed, header]
    for place, number in enumerate(numbers):
        if number == _FULL32 and wide:
            numbers[place] = wide.pop(0)
    if wide or disk or at > len(directory):
        tricks.append(Trick("extra", name, "its entry in the directory says more than it should"))
    return Entry(name, raw, method, flags, checksum, numbers[1], numbers[0], numbers[2] + shift), at


def _name(raw: bytes, flags: int, tricks: list[Trick]) -> str:
    """The text of a name. Readers agree on ASCII, and on UTF-8 that says so by flag 11 (4.4.4)."""
    if len(raw) > NAME_BYTES:
        tricks.append(Trick("name-encoding", _shown(raw), f"its name has {len(raw):,} bytes"))
    if not raw.isascii():
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            tricks.append(Trick("name-encoding", _shown(raw), "its name is not UTF-8"))
        else:
            if not flags & 0x800:
                tricks.append(Trick("name-encoding", _shown(raw), "its name is not marked as UTF-8, so readers differ"))
    return _shown(raw)


def _shown(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")[:NAME_BYTES]


def _wide(extra: bytes, name: str, tricks: list[Trick]) -> list[int]:
    """The 64-bit numbers of an entry's extra fields (4.5.3), in their order."""
    found: list[int] | None = None
    at = 0
    while at + 4 <= len(extra):
        kind = int.from_bytes(extra[at : at + 2], "little")
        length = int.from_bytes(extra[at + 2 : at + 4], "little")
        field = extra[at + 4 : at + 4 + length]
        at += 4 + length
        if kind == _UNICODE_PATH:
            message = "an extra field gives it another name, which only some readers take"
            tricks.append(Trick("other-name", name, message))
        if kind != _ZIP64:
            continue
        if found is not None or at > len(extra):
            tricks.append(Trick("extra", name, "its sizes are given more than once"))
            break
        found = [int.from_bytes(field[place : place + 8], "little") for place in range(0, len(field) - 7, 8)]
    return found or []

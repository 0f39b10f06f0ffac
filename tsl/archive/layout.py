"""How a ZIP file's members lie in it: local headers that say what the directory says, one after the other, no gap.

Definitions, with the sections of APPNOTE.TXT 6.3.10:
1. A member's *extent* is its local header (4.3.7), its bytes and, where flag 3 is set, its data descriptor (4.3.9).
2. The extents and the directory fill the file from its first byte to the end records, each byte once.

torch's writer pads inside of local headers' extra fields, so (2) holds for what it writes. Needs `directory`. It will
never read a member's bytes.
"""

from __future__ import annotations

from struct import Struct

from tsl.archive.directory import Bytes, End, Entry, Trick

_LOCAL = Struct("<4s5H3I2H")
_LOCAL_SIGN, _DESCRIPTOR_SIGN = b"PK\3\4", b"PK\7\x08"
_DESCRIPTOR_FLAG = 0x8
_FULL32 = 0xFFFFFFFF


def check_layout(data: Bytes, entries: list[Entry], end: End, tricks: list[Trick]) -> list[int]:
    """The offset of each entry's bytes, -1 where its local header is no such thing, after a look at every extent."""
    starts: list[int] = []
    extents: list[tuple[int, int, str]] = []
    found: list[Trick] = []
    for entry in entries:
        start, wrong = _local(data, entry)
        starts.append(start)
        found.extend(wrong)
        if start < 0:
            continue
        finish = start + entry.compressed
        if entry.flags & _DESCRIPTOR_FLAG:
            length = _descriptor(data, entry, finish)
            finish += max(length, 0)
            if length < 0:
                found.append(Trick("descriptor", entry.name, "what follows its bytes does not repeat its sizes"))
        extents.append((entry.header, finish, entry.name))
    tricks.extend(found)
    tricks.extend(_between(extents, end))
    return starts


def _local(data: Bytes, entry: Entry) -> tuple[int, list[Trick]]:
    """The offset of an entry's bytes by its local header, and where that says something else."""
    if data[entry.header : entry.header + 4] != _LOCAL_SIGN or entry.header + _LOCAL.size > len(data):
        return -1, [Trick("local-header", entry.name, "there is no header where the directory says that it begins")]
    (_, _, flags, method, _, _, checksum, compressed, size, name_length, extra_length) = _LOCAL.unpack_from(
        data, entry.header
    )
    names = entry.header + _LOCAL.size
    found = []
    if data[names : names + name_length] != entry.raw_name:
        found.append(Trick("local-name", entry.name, "it has another name where its bytes are"))
    if method != entry.method:
        found.append(Trick("local-method", entry.name, "it is compressed in another way where its bytes are"))
    if flags != entry.flags:
        found.append(Trick("local-flags", entry.name, "it has other flags where its bytes are"))
    later = entry.flags & _DESCRIPTOR_FLAG
    truth = (entry.checksum, entry.compressed, entry.size)
    for told, actual in zip((checksum, compressed, size), truth, strict=True):
        if told != actual and not (later and told == 0) and told != _FULL32:
            found.append(Trick("local-sizes", entry.name, "it has another size or checksum where its bytes are"))
            break
    return names + name_length + extra_length, found


def _descriptor(data: Bytes, entry: Entry, at: int) -> int:
    """The length of the data descriptor at an offset, with or without its signature and wide or not; -1 for none."""
    sign = 4 if data[at : at + 4] == _DESCRIPTOR_SIGN else 0
    for form in (Struct("<3I"), Struct("<I2Q")):
        told = data[at + sign : at + sign + form.size]
        if len(told) == form.size and form.unpack(told) == (entry.checksum, entry.compressed, entry.size):
            return sign + form.size
    return -1


def _between(extents: list[tuple[int, int, str]], end: End) -> list[Trick]:
    """Where (2) does not hold."""
    found = []
    at = end.shift
    for start, finish, name in [*sorted(extents), (end.offset, end.offset + end.size, "")]:
        if start > at:
            kind = "gap" if at > end.shift else "leading-bytes"
            found.append(Trick(kind, name, f"{start - at:,} bytes that belong to nothing stand before it"))
        elif start < at:
            found.append(Trick("overlap", name, "its bytes are another member's too"))
        at = max(at, finish)
    return found

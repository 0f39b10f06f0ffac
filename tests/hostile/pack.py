"""A writer of ZIP files that does what it is told: sound ones by default, and any field changed that a shape wants
changed.

The default layout is torch's: stored or deflated members in one root directory, data descriptors, 64-bit end records.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

PADDING = b"FB\x03\x00ZZZ"  # torch aligns by extra fields
FIELDS = ("flags", "method", "checksum", "compressed", "size")


class Part(NamedTuple):
    """A member. `local` and `central` change fields: FIELDS, `name`, and `header` in the directory."""

    name: str | bytes
    data: bytes
    deflated: bool = False
    local: Mapping[str, int | bytes] = {}
    central: Mapping[str, int | bytes] = {}
    before: bytes = b""  # bytes that belong to nothing
    raw: bytes | None = None  # the bytes that are written in place of the data
    listed: bool = True
    extra: bytes = b""  # of the directory
    descriptor: bool = True

    def __hash__(self) -> int:
        return id(self)


def pack(
    parts: Iterable[Part],
    *,
    prefix: bytes = b"",
    shifted: bool = False,
    comment: bytes = b"",
    wide: bool = True,
    end: Mapping[str, int] = {},
    end64: Mapping[str, int] = {},
) -> bytes:
    """The file. With `shifted`, offsets count the prefix. `end` changes `count`, `size` and `offset` of the end record,
    `end64` those of the 64-bit one.
    """
    base = len(prefix) if shifted else 0
    body, directory = _lay(parts, base)
    place = {"count": len(directory), "size": len(b"".join(directory)), "offset": base + len(body)}
    tail = _tail(place | dict(end), place | dict(end64), place["offset"] + place["size"], wide, comment)
    return prefix + body + b"".join(directory) + tail


def around_a_hole(path: Path, hole: str, size: int, parts: Iterable[Part]) -> None:
    """Writes a file whose first member is of zeros that take no room on the disk."""
    head, (entry,) = _lay([Part(hole, b"", descriptor=False, central={"size": size, "compressed": size})], 0)
    base = len(head) + size
    body, directory = _lay(parts, base)
    listed = entry + b"".join(directory)
    place = {"count": len(directory) + 1, "size": len(listed), "offset": base + len(body)}
    with path.open("wb") as file:
        at = len(head) - len(hole) - len(PADDING) - 12  # of the compressed size in the header
        file.write(head[:at] + struct.pack("<2I", size, size) + head[at + 8 :])
        file.seek(base)
        file.write(body + listed + _tail(place, place, place["offset"] + place["size"], True, b""))


def _lay(parts: Iterable[Part], base: int) -> tuple[bytes, list[bytes]]:
    """The members one after the other, from an offset of the file on, and their entries in the directory."""
    body, directory = bytearray(), []
    for part in parts:
        body += part.before
        written, entry = _member(part, base + len(body))
        body += written
        if part.listed:
            directory.append(entry)
    return bytes(body), directory


def _tail(short: dict[str, int], full: dict[str, int], at: int, wide: bool, comment: bytes) -> bytes:
    found = b""
    if wide:
        sizes = (full["count"], full["count"], full["size"], full["offset"])
        found += struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 798, 45, 0, 0, *sizes)
        found += struct.pack("<4sIQI", b"PK\6\7", 0, at, 1)
    count = min(short["count"], 0xFFFF)
    sizes = (count, count, short["size"], short["offset"])
    return found + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, *sizes, len(comment)) + comment


def _member(part: Part, header: int) -> tuple[bytes, bytes]:
    """The local header, bytes and descriptor of a part, and its entry in the directory."""
    name = part.name if isinstance(part.name, bytes) else part.name.encode()
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = machine.compress(part.data) + machine.flush() if part.deflated else part.data
    raw = packed if part.raw is None else part.raw
    truth: dict[str, int | bytes] = {
        "flags": 0x808 if part.descriptor else 0x800,
        "method": 8 if part.deflated else 0,
        "checksum": zlib.crc32(part.data),
        "compressed": len(raw),
        "size": len(part.data),
        "name": name,
        "header": header,
    }
    there = truth | ({"checksum": 0, "compressed": 0, "size": 0} if part.descriptor else {}) | dict(part.local)
    told = truth | dict(part.central)
    written = _local(there) + raw
    if part.descriptor:
        written += struct.pack("<4s3I", b"PK\7\x08", truth["checksum"], truth["compressed"], truth["size"])
    return written, _entry(told, part.extra)


def _local(fields: Mapping[str, int | bytes]) -> bytes:
    name = fields["name"]
    assert isinstance(name, bytes)
    numbers = [fields[field] for field in FIELDS]
    head = struct.pack("<4s5H3I2H", b"PK\3\4", 0, numbers[0], numbers[1], 0, 0, *numbers[2:], len(name), len(PADDING))
    return head + name + PADDING


def _entry(fields: Mapping[str, int | bytes], extra: bytes) -> bytes:
    name = fields["name"]
    assert isinstance(name, bytes)
    numbers = [fields[field] for field in FIELDS]
    lengths = (len(name), len(extra), 0, 0, 0, 0)
    head = struct.pack(
        "<4s6H3I5H2I", b"PK\1\2", 0, 0, numbers[0], numbers[1], 0, 0, *numbers[2:], *lengths, fields["header"]
    )
    return head + name + extra

"""Every hostile shape of a ZIP file that is known, each with the name of the trick that must be told of it.

From the table of what zipfile and torch.jit.load make of each: `A` and `B` are two codes for one class, and a shape
is hostile where one reader may be shown A while another runs B, or where a reader is made to fail.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping

from tests.hostile.pack import Part, pack
from tests.hostile.seeds import MEMBER, A, B, members

NAME = f"net/{MEMBER}"


def _changed(**changes: object) -> bytes:
    """The archive of A with the code's part changed."""
    parts = [part._replace(**changes) if part.name == NAME else part for part in members()]
    return pack(parts)


def _with(*more: Part) -> bytes:
    return pack(members(more=more))


def _first(*parts: Part) -> bytes:
    return pack([*parts, *members()])


def _local(**fields: int | bytes) -> bytes:
    return _changed(local=fields)


def _central(**fields: int | bytes) -> bytes:
    return _changed(central=fields)


def _stored(part: Part) -> Part:
    return part._replace(deflated=False, descriptor=False)


def _plain(**changes: object) -> bytes:
    """The archive of A, its code stored and without a descriptor, changed."""
    return pack([_stored(part)._replace(**changes) if part.name == NAME else part for part in members()])


def _overlapping() -> bytes:
    """Two members that share the bytes of one."""
    parts = members()
    whole = pack(parts)
    header = whole.index(b"PK\3\4", whole.index(b"net/data.pkl"))
    return pack([*parts, Part("net/other", b"", listed=True, central={"header": header})])


def _nested() -> bytes:
    """The archive of B inside of a stored member of the archive of A, as the last thing in it."""
    inner = pack(members(B))
    return pack(members(more=(Part("net/extra/inner.zip", inner, descriptor=False),)))


def _unmoved(*, wide: bool) -> bytes:
    """A and then B, of one layout: by offset the directory of A, by size that of B."""
    return pack(members(A), wide=wide) + pack(members(B), wide=wide)


def _bomb() -> bytes:
    return _with(Part("net/code/bomb.py", bytes(50_000_000), deflated=True))


def _unicode_path() -> bytes:
    other = b"\1" + struct.pack("<I", zlib.crc32(b"net/readme.txt")) + NAME.encode()
    field = struct.pack("<HH", 0x7075, len(other)) + other
    return _with(Part("net/readme.txt", B, extra=field))


def _short_descriptor() -> bytes:
    whole = pack(members())
    at = whole.index(b"PK\7\x08") + 4
    return whole[:at] + b"\0\0\0\0" + whole[at + 4 :]


SHAPES: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    # Two members of a name.
    "A, then B under the same name": ("duplicate-name", lambda: _with(Part(NAME, B))),
    "B, then A under the same name": ("duplicate-name", lambda: _first(Part(NAME, B))),
    "a duplicate with NUL in its name": ("name-nul", lambda: _with(Part(f"{NAME}\0X", B))),
    "a duplicate in capital letters": ("name-case", lambda: _with(Part("net/code/__TORCH__.PY", B))),
    "a duplicate with backslashes": ("name-backslash", lambda: _with(Part("net\\code\\__torch__.py", B))),
    "a duplicate by its Unicode path": ("other-name", _unicode_path),
    # Names.
    "a name with .. in it": ("name-dots", lambda: _with(Part("net/../code/__torch__.py", B))),
    "a name with . in it": ("name-dots", lambda: _with(Part("net/./code/__torch__.py", B))),
    "a name with an empty step": ("name-dots", lambda: _with(Part("net//code/__torch__.py", B))),
    "an absolute name": ("name-absolute", lambda: _with(Part("/net/code/__torch__.py", B))),
    "a name on a drive": ("name-absolute", lambda: _with(Part("C:/net/code.py", B))),
    "a name without a root": ("name-without-root", lambda: _with(Part("version", b"3"))),
    "an empty name": ("name-without-root", lambda: _with(Part("", b"3"))),
    "a name with a line feed": ("name-control", lambda: _with(Part("net/a\nb", b""))),
    "a name that is no UTF-8": ("name-encoding", lambda: _with(Part(b"net/\xff", b""))),
    "a name that is not marked as UTF-8": (
        "name-encoding",
        lambda: _with(Part("net/\xe9", b"", local={"flags": 8}, central={"flags": 8})),
    ),
    "a name of 60,000 bytes": ("name-encoding", lambda: _with(Part("net/" + "a" * 60_000, b""))),
    "the first member under another root": ("second-root", lambda: _first(Part("other/readme", b""))),
    "a second root": ("second-root", lambda: _with(Part("other/code/__torch__.py", B))),
    # More than one archive in a file.
    "A and B, one after the other": ("directory-offset", lambda: _unmoved(wide=False)),
    "A and B, one after the other, 64 bits wide": ("end-records-differ", lambda: _unmoved(wide=True)),
    "B in the comment of A": (
        "several-ends",
        lambda: pack(members(A), wide=False, comment=pack(members(B), wide=False)),
    ),
    "an end record in the comment": (
        "several-ends",
        lambda: pack(members(A), comment=pack(members(B), wide=False)[-22:]),
    ),
    # Bytes that belong to nothing.
    "bytes before the first member": ("leading-bytes", lambda: pack(members(), prefix=b"#!/bin/sh\n" * 10)),
    "bytes before the first member, counted": (
        "leading-bytes",
        lambda: pack(members(), prefix=b"#!/bin/sh\n" * 10, shifted=True),
    ),
    "100 bytes after the end": ("trailing-bytes", lambda: pack(members()) + bytes(100)),
    "70,000 bytes after the end": ("trailing-bytes", lambda: pack(members()) + bytes(70_000)),
    "a gap between two members": ("gap", lambda: _changed(before=b"gap")),
    "a member that is not listed": ("gap", lambda: pack([Part(NAME, B, listed=False), *members()][::-1])),
    "two members on the same bytes": ("overlap", _overlapping),
    # The directory and the end records.
    "a directory size that is short": ("directory-offset", lambda: pack(members(), wide=False, end={"size": 100})),
    "a member count that is short": ("member-count", lambda: pack(members(), wide=False, end={"count": 3})),
    "a member count that is short, 64 bits wide": (
        "member-count",
        lambda: pack(members(), end={"count": 3}, end64={"count": 3}),
    ),
    "end records that differ": ("end-records-differ", lambda: pack(members(), end64={"count": 3})),
    # The local header.
    "another name in the local header": ("local-name", lambda: _local(name=b"net/code/__other__.py")),
    "another method in the local header": ("local-method", lambda: _local(method=0)),
    "an encryption flag in the local header": ("local-flags", lambda: _local(flags=0x809)),
    "another size in the local header": ("local-sizes", lambda: _plain(local={"size": 7})),
    "another compressed size in the local header": ("local-sizes", lambda: _plain(local={"compressed": 7})),
    "another checksum in the local header": ("local-sizes", lambda: _plain(local={"checksum": 7})),
    "no local header": ("local-header", lambda: _central(header=1)),
    "a local header beyond the end": ("local-header", lambda: _central(header=1 << 30)),
    "another checksum in the descriptor": ("descriptor", _short_descriptor),
    # What is written of the bytes.
    "other bytes under an old checksum": ("checksum", lambda: _plain(raw=B, descriptor=False)),
    "another checksum in the directory": ("checksum", lambda: _plain(central={"checksum": 7}, local={"checksum": 7})),
    "more bytes than it says, stored": ("length", lambda: _plain(central={"size": 7}, local={"size": 7})),
    "bzip2": ("method", lambda: _plain(central={"method": 12}, local={"method": 12})),
    "lzma": ("method", lambda: _plain(central={"method": 14}, local={"method": 14})),
    "an encryption flag": ("encrypted", lambda: _plain(central={"flags": 0x801}, local={"flags": 0x801})),
    "50 MB in 50 KB": ("ratio", _bomb),
}

# Shapes that no two readers differ about, and that writers do write.
SOUND: Mapping[str, Callable[[], bytes]] = {
    "torch's layout": lambda: pack(members()),
    "without 64-bit records": lambda: pack(members(), wide=False),
    "without descriptors": lambda: pack([_stored(part) for part in members()]),
    "with an archive as an extra file": _nested,
    "with a comment": lambda: pack(members(), wide=False, comment=b"a comment"),
    "with a directory's own entry": lambda: _first(Part("net/", b"", descriptor=False)),
}

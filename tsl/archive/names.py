"""The names of a ZIP file's members: which are no plain path under one root directory, or mean two members to someone.

torch reads names as bytes and compares them without regard to the case of ASCII letters; zipfile cuts them at NUL,
and turns backslashes into slashes on Windows; both keep one of several members of a name, and not the same one. Needs
`directory`. It will never touch a file system.
"""

from __future__ import annotations

import re

from tsl.archive.directory import Entry, Trick

_DRIVE = re.compile(rb"[A-Za-z]:")
_CONTROL = re.compile(rb"[\x01-\x1f\x7f]")
_DOTS = frozenset((b"", b".", b".."))
# A member of what torch.export.save writes; torch 2.4 and 2.7 put its members in no directory.
_EXPORTED = b"serialized_exported_program.json"


def check_names(entries: list[Entry], tricks: list[Trick]) -> str:
    """The root directory, which is the first member's as torch has it ("" for none), after a look at every name."""
    root = b""
    seen: dict[bytes, bytes] = {}
    has_root = not any(entry.raw_name == _EXPORTED for entry in entries)
    for number, entry in enumerate(entries):
        first, slash, _ = entry.raw_name.partition(b"/")
        if not number and slash:
            root = first
        wrong = _wrong(entry.raw_name)
        tricks.extend(Trick(name, entry.name, message) for name, message in wrong)
        if not slash and has_root:
            tricks.append(Trick("name-without-root", entry.name, "it lies in no directory, so torch reads no member"))
        elif slash and first != root and not wrong:
            tricks.append(Trick("second-root", entry.name, f"it lies outside of {root.decode('utf-8', 'replace')}/"))
        tricks.extend(_twice(entry, seen))
    return root.decode("utf-8", "backslashreplace")


def _wrong(raw: bytes) -> list[tuple[str, str]]:
    """What is wrong with a name on its own: the trick's name and its message."""
    found = []
    if b"\0" in raw:
        found.append(("name-nul", "its name has a NUL, where some readers end it"))
    if b"\\" in raw:
        found.append(("name-backslash", "its name has a backslash, which some readers take for a slash"))
    if raw.startswith(b"/") or _DRIVE.match(raw):
        found.append(("name-absolute", "its name is an absolute path"))
    elif not _DOTS.isdisjoint(raw.rstrip(b"/").split(b"/")):
        found.append(("name-dots", "its name has a step that leads nowhere or upward"))
    if _CONTROL.search(raw):
        found.append(("name-control", "its name has a control character"))
    return found


def _twice(entry: Entry, seen: dict[bytes, bytes]) -> list[Trick]:
    """The trick of a member whose name an earlier one has, for a reader that ends names at NUL or knows no case."""
    raw = entry.raw_name
    key = raw.partition(b"\0")[0].replace(b"\\", b"/").lower()
    before = seen.setdefault(key, raw)
    if before is raw:
        return []
    if before == raw:
        return [Trick("duplicate-name", entry.name, "two members have its name, and readers take different ones")]
    shown = before.decode("utf-8", "backslashreplace")
    return [Trick("name-case", entry.name, f"torch takes it for {shown}, and other readers do not")]

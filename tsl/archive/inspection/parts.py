"""Which part of the file each member belongs to, and what PyTorch reads it by its version.

Needs an opened archive. It will never read a weight.
"""

from __future__ import annotations

from collections.abc import Mapping

from tsl.archive.archive import Archive
from tsl.archive.inspection.facts import Part, Versions

# In the order of the report; the first whose test a member's name passes is its part.
PARTS = ("code", "debug", "weights", "constants", "structure", "inputs", "bytecode", "extra", "records", "other")
FOLDERS: Mapping[str, str] = {
    "data/": "weights",
    "tensors/": "weights",
    "constants/": "constants",
    "traced_inputs/": "inputs",
    "extra/": "extra",
    ".data/": "records",
}
NAMES: Mapping[str, str] = {
    "data.pkl": "structure",
    "attributes.pkl": "structure",
    "model.json": "structure",
    "constants.pkl": "constants",
    "traced_inputs.pkl": "inputs",
    "bytecode.pkl": "bytecode",
    "version": "records",
    "byteorder": "records",
    "archive_format": "records",
    ".format_version": "records",
    ".storage_alignment": "records",
}
FRAME = "zip"  # what is no member's bytes: headers, padding, the directory

# The first release whose reader takes an operator version: kMaxSupportedFileFormatVersion in the headers of the wheels
# of 1.4.0 to 1.12.0 (caffe2/serialize/versions.h, before 1.8 inline_container.h); it is 10 in 1.12.0 and in 2.13.0.
# That 1.11.0 loads 7 to 9 and refuses 10 was tried, for its header has two numbers.
RUNTIMES: tuple[tuple[int, str], ...] = ((2, "1.4"), (3, "1.5"), (5, "1.6"), (6, "1.9"), (9, "1.11"), (10, "1.12"))


def part_of(name: str) -> str:
    """The part of a member by its name."""
    if name in NAMES:
        return NAMES[name]
    if name.startswith(("code/", "libs/")):
        return "debug" if name.endswith(".debug_pkl") else "code"
    if name.endswith(".debug_pkl"):
        return "debug"
    return next((part for folder, part in FOLDERS.items() if name.startswith(folder)), "other")


def parts_of(archive: Archive) -> tuple[Part, ...]:
    """The parts of a ZIP file, which add up to its size; those that are not there are left out."""
    if archive.zip is None:
        return ()
    counts = dict.fromkeys(PARTS, 0)
    bytes_of = dict.fromkeys(PARTS, 0)
    for name, member in archive.zip.members.items():
        part = part_of(name)
        counts[part] += 1
        bytes_of[part] += member.compressed
    found = [Part(name, counts[name], bytes_of[name]) for name in PARTS if counts[name]]
    rest = archive.size - sum(part.bytes for part in found)
    return (*found, Part(FRAME, 0, max(rest, 0)))


def versions_of(archive: Archive) -> Versions:
    """The operator version and the first release that reads it."""
    records = archive.versions
    found = Versions(records.version, records.data_version)
    number = found.counts
    runtime = next((release for most, release in RUNTIMES if number is not None and 0 < number <= most), "")
    bytecode = archive.bytecode.version if archive.bytecode else None
    return found._replace(runtime=runtime, bytecode=bytecode)

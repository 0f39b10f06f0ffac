"""What `tsl inspect` tells of a file: an Inspection, counted from the archive's directory, pickles and code.

    facts       the values it is made of
    parts       sizes, and the operator version
    tree        modules and tensors
    calls       methods, operators, libraries, devices
    safetensors tensors of a file that is no ZIP file
    remarks     tricks, pickles, paths

Needs an archive that can be opened. It will never read a weight, run anything, or judge: that is `tsl check`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tsl.archive.archive import Archive, ArchiveError, open_archive
from tsl.archive.inspection.calls import Roles, devices_of, libraries_of, methods_of, operators_of
from tsl.archive.inspection.facts import Example, Inspection, TensorNote
from tsl.archive.inspection.parts import parts_of, versions_of
from tsl.archive.inspection.remarks import remarks_of
from tsl.archive.inspection.safetensors import groups_of_header
from tsl.archive.inspection.tree import groups_of, modules_of, visits
from tsl.archive.module import tensors
from tsl.archive.values import Tensor

CHECKPOINTS = frozenset({"checkpoint", "pickled-module", "legacy-checkpoint", "legacy-pickled-module"})
# What stands in the place of a file, or is not all of it: there is nothing to tell but that.
NO_ARCHIVE = frozenset({"empty", "truncated", "text", "html", "lfs-pointer"})


def inspect(path: str) -> Inspection:
    """What is known of the file at a path. Raises OSError where it cannot be read, ArchiveError where it is none."""
    with open_archive(path) as archive:
        if archive.kind.name in NO_ARCHIVE:
            raise ArchiveError(archive.kind.title)
        return _inspection(archive)


def _inspection(archive: Archive) -> Inspection:
    kind = archive.kind
    found = Inspection(
        archive.path, kind.name, kind.title, kind.loader, archive.size, len(archive.members), parts_of(archive)
    )
    if kind.has_code:
        found = _with_code(archive, found)
    elif kind.name == "safetensors":
        found = found._replace(tensors=groups_of_header(archive.path))
    elif kind.name in CHECKPOINTS:
        held = archive.pickle_of("data.pkl")
        plain = [("tensor", tensor) for _, tensor in tensors(held.value if held else None)]
        found = found._replace(tensors=groups_of(plain))
    return found._replace(remarks=remarks_of(archive))


def _with_code(archive: Archive, found: Inspection) -> Inspection:
    tree = visits(archive.module, Roles(archive).of)
    operators = operators_of(archive)
    return found._replace(
        versions=versions_of(archive),
        byteorder=archive.byteorder or "",
        extra=archive.extra,
        methods=methods_of(archive),
        modules=modules_of(tree),
        tensors=groups_of([(role, tensor) for visit in tree for _, role, tensor in visit.tensors]),
        operators=operators,
        libraries=libraries_of(archive, operators),
        devices=devices_of(archive),
        constants=tuple(_constants(archive)),
        examples=tuple(
            Example(method, tuple(_notes(given))) for method, given in sorted(archive.traced_inputs.items())
        ),
    )


def _constants(archive: Archive) -> Iterator[TensorNote]:
    for number, value in enumerate(archive.constants):
        yield from (_note(path, tensor) for path, tensor in tensors(value, f"c{number}"))


def _notes(given: tuple[Any, ...]) -> Iterator[TensorNote]:
    for number, value in enumerate(given):
        yield from (_note(path, tensor) for path, tensor in tensors(value, str(number)))


def _note(name: str, tensor: Tensor) -> TensorNote:
    return TensorNote(name, tensor.dtype, tensor.shape, tensor.device)

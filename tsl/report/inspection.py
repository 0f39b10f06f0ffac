"""The reports on an archive that was looked into: for people and for machines.

Needs an Inspection. It will never read a file, or judge what it shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tsl.archive.inspection.facts import Inspection, Needs, Remark, TensorGroup, Versions
from tsl.report.cells import visible
from tsl.report.module_tree import tree_lines
from tsl.report.paint import Line, Segment, paint
from tsl.report.summary import counted, listed

VERSION = 1
WIDTH = 12  # of the names in the head
MOST = 20  # rows of a list that text shows
UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


def inspection_text(found: Inspection, *, depth: int, color: bool) -> str:
    """What is known, section by section; a section with nothing in it is left out. `depth` is that of the tree."""
    sections = (
        _head(found),
        _methods(found),
        tree_lines(found.modules, depth),
        _tensors(found),
        _operators(found),
        _devices(found),
        _notes("tensor constants", [f"{one.name}: {one.text}" for one in found.constants]),
        _examples(found),
        _notes("extra files", found.extra),
        _remarks(found.remarks),
    )
    lines: list[Line] = []
    for section in sections:
        rows = list(section)
        lines += [[], *rows] if lines and rows else rows
    return paint(lines, color=color)


def _head(found: Inspection) -> Iterator[Line]:
    yield [Segment(visible(found.path), "strong"), Segment(f": {found.title}")]
    yield _fact("load with", found.loader or "nothing that is known")
    members = f" in {counted(found.members, 'member')}" if found.members else ""
    yield _fact("size", f"{size(found.size)}{members}")
    if found.parts:
        names = max(len(part.name) for part in found.parts)
        for part in found.parts:
            share = f"{100 * part.bytes / max(found.size, 1):5.1f}%"
            amount = f"{size(part.bytes):>10}  {share}"
            inside = f"  {counted(part.members, 'member')}" if part.members else ""
            yield [Segment(f"  {part.name:<{names}} {amount}"), Segment(inside, "quiet")]
    told = _version(found.versions)
    if told:
        yield _fact("version", told)
    if found.needs:
        yield _fact("needs", _needs(found.needs))
    if found.byteorder and found.byteorder != "little":
        yield _fact("byte order", found.byteorder)
    if found.libraries:
        needed = listed(f"{one.namespace} ({one.library or 'a library of its own'})" for one in found.libraries)
        yield [Segment(f"{'libraries':<{WIDTH}} "), Segment(visible(needed), "warning")]
    elif found.operators:
        yield _fact("libraries", "none beyond PyTorch's own")


def _fact(name: str, text: str) -> Line:
    return [Segment(f"{name:<{WIDTH}} {visible(text)}")]


def _version(versions: Versions) -> str:
    if versions.counts is None:
        return ""
    records = {"`version`": versions.record, "`.data/version`": versions.data_record}
    told = listed(f"{number} in {name}" for name, number in records.items() if number is not None)
    runtime = f"; PyTorch {versions.runtime} or later" if versions.runtime else "; no known PyTorch reads it"
    bytecode = f"; bytecode {versions.bytecode}" if versions.bytecode is not None else ""
    return told + runtime + bytecode


def _needs(needs: Needs) -> str:
    cause = f", for {needs.by}" if needs.by else ", for its version record"
    cause = "; earlier ones are not known" if needs.is_oldest else cause
    return f"PyTorch {needs.runtime} or later{cause}" + ("" if needs.is_whole else "; some code was not read")


def size(bytes: int) -> str:
    """A number of bytes as people say it: `640 bytes`, `2.2 MiB`."""
    if bytes < 1024:
        return counted(bytes, "byte")
    amount, unit = float(bytes), 0
    while amount >= 1024 and unit < len(UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.1f} {UNITS[unit]}"


def _methods(found: Inspection) -> Iterator[Line]:
    if found.methods:
        yield [Segment("methods", "strong")]
        yield from ([Segment(f"  {visible(method.signature)}")] for method in found.methods)


def _tensors(found: Inspection) -> Iterator[Line]:
    roles: dict[str, list[TensorGroup]] = {}
    for group in found.tensors:
        roles.setdefault(group.role, []).append(group)
    for number, (role, groups) in enumerate(roles.items()):
        if number:
            yield []
        yield [Segment(f"{role}s", "strong"), Segment(f" {sum(group.elements for group in groups):,} elements")]
        for group in groups:
            amount = f"{group.elements:>15,}  {size(group.bytes):>10}"
            tensors = f"  in {counted(group.tensors, 'tensor')}"
            yield [Segment(f"  {group.dtype:<10} {group.device:<6} {amount}"), Segment(tensors, "quiet")]


def _operators(found: Inspection) -> Iterator[Line]:
    if not found.operators:
        return
    spaces: dict[str, int] = {}
    for one in found.operators:
        spaces[one.namespace] = spaces.get(one.namespace, 0) + 1
    yield [
        Segment("operators", "strong"),
        Segment(f" {listed(f'{number} of {name}' for name, number in spaces.items())}"),
    ]
    foreign = {one.namespace for one in found.libraries}
    names = max(len(one.name) for one in found.operators)
    often = sorted(found.operators, key=lambda one: (-one.calls, one.name))
    for one in often[:MOST]:
        style = "warning" if one.namespace in foreign else ""
        yield [Segment(f"  {visible(one.name):<{names}}", style), Segment(f"  {one.calls:>6,}")]
    yield from _rest(len(often))


def _devices(found: Inspection) -> Iterator[Line]:
    return _notes("device literals", [f"{one.device}: {one.member}:{one.line}" for one in found.devices])


def _examples(found: Inspection) -> Iterator[Line]:
    return _notes(
        "example inputs",
        [f"{one.method}({', '.join(tensor.text for tensor in one.tensors)})" for one in found.examples],
    )


def _notes(title: str, texts: Sequence[str]) -> Iterator[Line]:
    if texts:
        yield [Segment(title, "strong"), Segment(f" {len(texts):,}")]
        yield from ([Segment(f"  {visible(text)}")] for text in texts[:MOST])
        yield from _rest(len(texts))


def _remarks(remarks: Iterable[Remark]) -> Iterator[Line]:
    groups: dict[str, list[Remark]] = {}
    for remark in remarks:
        groups.setdefault(remark.about, []).append(remark)
    for number, (about, found) in enumerate(groups.items()):
        if number:
            yield []
        yield [Segment(TITLES[about], "strong"), Segment(f" {len(found):,}")]
        yield from (_remark(one) for one in found[:MOST])
        yield from _rest(len(found))


def _remark(one: Remark) -> Line:
    if one.about == "path":
        return [Segment(f"  {visible(one.message)}", "quiet" if one.name == "installed" else "warning")]
    where = f" {one.member}:" if one.member else ""
    return [Segment(f"  {one.name}", "error"), Segment(visible(f":{where} {one.message}"))]


TITLES = {
    "zip": "ZIP tricks",
    "pickle": "suspicious pickles",
    "code": "code that cannot be read",
    "path": "paths of the machine it was made on",
}


def _rest(number: int) -> Iterator[Line]:
    if number > MOST:
        yield [Segment(f"  and {number - MOST:,} more; --format json lists them", "quiet")]


def inspection_json(found: Inspection) -> str:
    """What is known as one JSON object, ended by a newline; docs/inspect.md says what the keys mean."""
    import json

    from tsl import __version__

    form = {"version": VERSION, "tool": {"name": "tsl", "version": __version__}, **_form(found)}
    return json.dumps(form, indent=2) + "\n"


def _row(record: Any) -> dict[str, Any]:
    """A record of plain values by the names of its fields."""
    return dict(zip(record._fields, record, strict=True))


def _form(found: Inspection) -> dict[str, Any]:
    versions = found.versions
    return {
        "path": found.path,
        "kind": found.kind,
        "title": found.title,
        "loader": found.loader,
        "size": found.size,
        "members": found.members,
        "parts": [_row(part) for part in found.parts],
        "versions": {
            "version": versions.record,
            "data_version": versions.data_record,
            "counts": versions.counts,
            "runtime": versions.runtime or None,
            "bytecode": versions.bytecode,
        },
        "needs": _row(found.needs) if found.needs else None,
        "byteorder": found.byteorder or None,
        "methods": [
            {
                "name": method.name,
                "parameters": [_row(one) for one in method.parameters],
                "returns": method.returns,
                "signature": method.signature,
            }
            for method in found.methods
        ],
        "modules": [
            {
                "path": one.path,
                "type": one.type,
                "training": one.training,
                "parameters": one.parameters,
                "buffers": one.buffers,
            }
            for one in found.modules
        ],
        "tensors": [_row(group) for group in found.tensors],
        "operators": [{"name": one.name, "namespace": one.namespace, "calls": one.calls} for one in found.operators],
        "libraries": [_row(one) for one in found.libraries],
        "devices": [_row(one) for one in found.devices],
        "constants": [_row(one) for one in found.constants],
        "examples": [
            {"method": one.method, "tensors": [_row(tensor) for tensor in one.tensors]} for one in found.examples
        ],
        "extra": list(found.extra),
        "remarks": [_row(one) for one in found.remarks],
    }

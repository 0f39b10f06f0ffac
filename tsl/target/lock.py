"""A lock file: what a model calls, holds and needs, to be committed beside it; and what has drifted from it.

Definitions:
1. A lock holds operators with their overloads, the signatures of methods, dtype and device of each weight, tensor
   constants by what they are and how many, devices the code names, and the first release of torch that runs it all.
2. It is *stable*: a model that is loaded and saved again has the same lock, byte for byte. No value of a weight, no
   name that torch makes up and no line of code is in it.
3. What *drifts* is one thing at a time: an operator, a method, all weights that changed in the same way, constants of
   one kind, the devices. The release follows from the operators and drifts by itself only where none of them does.

Needs an archive and its graphs. Raises LockError for a file that is no lock. It will never judge a drift.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from tsl.archive.archive import Archive
from tsl.archive.inspection.calls import devices_of, methods_of
from tsl.archive.inspection.parts import versions_of
from tsl.archive.module import tensors
from tsl.archive.values import Tensor
from tsl.ir.facts import GraphFacts, facts_of, plain
from tsl.record import Record
from tsl.target.judge import operator_of
from tsl.target.runtime import need_of

FORM = 1
HEAD = "# Written by tsl lock. `tsl check MODEL.pt --lock THIS` reports what has drifted from it.\n"


class LockError(Exception):
    """A file that is no lock, or a model that has none."""


class Lock(Record):
    """What is locked of a model (1)."""

    torch: str
    operators: tuple[str, ...]
    devices: tuple[str, ...]
    methods: Mapping[str, str]
    weights: Mapping[str, str]
    constants: Mapping[str, int]


class Drift(Record):
    """One thing that drifted (3): what it is, as an anchor, and a sentence."""

    anchor: str
    sentence: str


def lock_of(archive: Archive, graphs: GraphFacts | None = None) -> Lock:
    """The lock of an archive. Raises LockError where it holds no code, or not all of it can be read."""
    graphs = graphs or facts_of(archive)
    if graphs is None:
        raise LockError(f"holds no model that has code: it is a {archive.kind.title}")
    for function, why in graphs.unread.items():
        raise LockError(f"cannot be locked: `{plain(function)}` cannot be read: {why}")
    if not graphs.is_complete:
        raise LockError("cannot be locked: its methods call each other without end")
    called = {operator_of(node) for node in graphs.nodes() if _is_operator(node.kind, node.visit.node.schema)}
    need = need_of(graphs.nodes(), versions_of(archive).runtime)
    constants: dict[str, int] = {}
    for value in archive.constants:
        for _, tensor in tensors(value, ""):
            constants[_whole(tensor)] = constants.get(_whole(tensor), 0) + 1
    return Lock(
        need.version or need.oldest,
        tuple(sorted(called)),
        tuple(sorted({literal.device for literal in devices_of(archive)})),
        {method.name: method.signature for method in methods_of(archive)},
        {path: f"{tensor.dtype} on {tensor.device}" for path, tensor in tensors(archive.module)},
        constants,
    )


def _is_operator(kind: str, schema: str | None) -> bool:
    return schema is not None or not kind.startswith("prim::")


def _whole(tensor: Tensor) -> str:
    return f"{tensor.dtype}[{', '.join(map(str, tensor.shape))}] on {tensor.device}"


def lock_text(lock: Lock) -> str:
    """A lock as TOML, sorted, the same bytes for the same lock."""
    lines = [HEAD, f"form = {FORM}", f"torch = {_quoted(lock.torch)}"]
    for name, words in (("operators", lock.operators), ("devices", lock.devices)):
        lines += [f"{name} = [", *(f"    {_quoted(word)}," for word in words), "]"] if words else [f"{name} = []"]
    tables: tuple[tuple[str, Mapping[str, str | int]], ...] = (
        ("methods", lock.methods),
        ("weights", lock.weights),
        ("constants", lock.constants),
    )
    for title, table in tables:
        rows = (f"{_quoted(key)} = {_quoted(value)}" for key, value in sorted(table.items()))
        lines += ["", f"[{title}]", *rows]
    return "\n".join([*lines, ""])


def _quoted(value: str | int) -> str:
    return json.dumps(value)  # TOML's basic strings are JSON's


def read_lock(text: str) -> Lock:
    """The lock that a text holds. Raises LockError."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LockError(f"is not valid TOML: {str(error).splitlines()[0].lower()}") from None
    if given.get("form") != FORM:
        raise LockError(f"is no lock of form {FORM}; write one with tsl lock")
    for key, form in FORMS.items():
        if not form(given.get(key)):
            raise LockError(f"{key} is missing or not of its form; write the lock again with tsl lock")
    operators, devices = tuple(given["operators"]), tuple(given["devices"])
    return Lock(given["torch"], operators, devices, given["methods"], given["weights"], given["constants"])


def _words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def _table(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(word, str | int) for word in value.values())


FORMS = {
    "torch": lambda value: isinstance(value, str),
    "operators": _words,
    "devices": _words,
    "methods": _table,
    "weights": _table,
    "constants": _table,
}


def drifts(old: Lock, new: Lock) -> tuple[Drift, ...]:
    """What has drifted (3) from an old lock to that of a model."""
    found = [*_of_operators(old, new), *_of_methods(old, new), *_of_weights(old, new), *_of_constants(old, new)]
    if old.devices != new.devices:
        found.append(Drift("devices", f"the code names {_all(new.devices)}, and the lock has {_all(old.devices)}"))
    return tuple(found)


def _of_operators(old: Lock, new: Lock) -> Iterator[Drift]:
    gone, come = sorted({*old.operators} - {*new.operators}), sorted({*new.operators} - {*old.operators})
    for operator in come:
        yield Drift(f"operator: {operator}", f"the model calls `{operator}`, which is not in the lock")
    for operator in gone:
        yield Drift(f"operator: {operator}", f"the model does not call `{operator}` any more, which is in the lock")
    if old.torch != new.torch and not gone and not come:
        yield Drift("torch", f"the model needs torch `{new.torch}`, and the lock has `{old.torch}`")


def _of_methods(old: Lock, new: Lock) -> Iterator[Drift]:
    for name in sorted({*old.methods, *new.methods}):
        was, now = old.methods.get(name), new.methods.get(name)
        if was != now:
            text = f"is now `{now}`" if now else "is gone"
            yield Drift(f"method: {name}", f"the method `{was or name}` {text if was else 'is not in the lock'}")


def _of_weights(old: Lock, new: Lock) -> Iterator[Drift]:
    groups: dict[tuple[str | None, str | None], list[str]] = {}
    for path in sorted({*old.weights, *new.weights}):
        was, now = old.weights.get(path), new.weights.get(path)
        if was != now:
            groups.setdefault((was, now), []).append(path)
    for (was, now), paths in groups.items():
        who = f"`{paths[0]}`" + (f" and {len(paths) - 1} more weights" if len(paths) > 1 else "")
        verb = "are" if len(paths) > 1 else "is"
        text = "not in the lock" if was is None else "gone" if now is None else f"{now}, and in the lock {was}"
        yield Drift(f"weights: {was} to {now}", f"{who} {verb} {text}")


def _of_constants(old: Lock, new: Lock) -> Iterator[Drift]:
    for kind in sorted({*old.constants, *new.constants}):
        was, now = old.constants.get(kind, 0), new.constants.get(kind, 0)
        if was != now:
            yield Drift(f"constants: {kind}", f"the model has {now} tensor constants `{kind}`, and the lock {was}")


def _all(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words) or "no `device`"

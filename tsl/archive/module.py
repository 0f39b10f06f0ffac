"""Walks over what the pickles of an archive hold: modules by path, and tensors by the path of the attribute they are.

A path is dotted, attributes by name and items by number or key: `layer.0.weight`. What is shared is met at each of
its paths. Values that `pickle.read_pickle` returns are finite and not deep, so walks end; they use no recursion
anyway. Needs `values`. It will never say what is a parameter and what a buffer: the classes in `code` know.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tsl.archive.values import EnumMember, Object, Tensor, Typed, Unresolved


def objects(value: Any, path: str = "") -> Iterator[tuple[str, Object]]:
    """Every object with its path, an object before the ones in it; the root's path is the one given."""
    yield from ((where, found) for where, found in walk(value, path) if isinstance(found, Object))


def tensors(value: Any, path: str = "") -> Iterator[tuple[str, Tensor]]:
    """Every tensor with its path, those that a quantized tensor has for scales included."""
    yield from ((where, found) for where, found in walk(value, path) if isinstance(found, Tensor))


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its path, outermost first, in the order of the attributes."""
    queue = [(path, value)]
    while queue:
        where, found = queue.pop()
        yield where, found
        queue.extend(reversed(_parts(where, found)))


def _parts(path: str, value: Any) -> list[tuple[str, Any]]:
    lead = f"{path}." if path else ""
    if isinstance(value, Object):
        inner = [(f"{lead}{name}", part) for name, part in value.attributes.items()]
        return inner if value.state is None else [*inner, (f"{lead}state", value.state)]
    if isinstance(value, Tensor):
        return [(f"{lead}quantizer.{n}", part) for n, part in enumerate(value.quantizer) if isinstance(part, Tensor)]
    if isinstance(value, (Typed, EnumMember)):
        return [(path, value.value)]
    if isinstance(value, Unresolved):
        parts = [*value.arguments] if value.state is None else [*value.arguments, value.state]
        return [(f"{lead}{number}", part) for number, part in enumerate(parts)]
    if isinstance(value, dict):
        return [(f"{lead}{key if isinstance(key, str) else repr(key)}", part) for key, part in value.items()]
    if type(value) in (list, tuple):
        return [(f"{lead}{number}", part) for number, part in enumerate(value)]
    return []

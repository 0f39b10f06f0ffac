"""Paths in an export script: what tells one apart, and what is made of one (definition 4 of the package).

Needs values. It will never know what a path holds or where that came from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tsl.source.exporting import expressions, orders
from tsl.source.exporting.given import Given
from tsl.source.exporting.things import UNKNOWN, Const, Opaque

if TYPE_CHECKING:
    from tsl.source.exporting.statements import Run


def key_of(value: Any) -> Any:
    """What tells a path apart; None where nothing does. Texts with one meaning have one key."""
    if isinstance(value, Const) and isinstance(value.value, str):
        return ("text", value.value)
    return value.key or None if isinstance(value, Opaque) else None


def is_shared(key: Any) -> bool:
    """Whether a path is the same in every function: spelled out, or made of what is, or on one object."""
    if isinstance(key, tuple) and key[:1] == ("self",):
        return is_of_object(key)
    if isinstance(key, tuple) and key[:1] in (("const",), ("text",), ("item",)):
        return True
    return isinstance(key, tuple) and all(is_shared(part) for part in key if not isinstance(part, str))


def is_of_object(key: tuple[Any, ...]) -> bool:
    """Whether a key is that of an attribute on an object that is seen made: `self`, its class, the name, its number."""
    return key[0] == "self" and len(key) == 4


def path_of(_run: Run, path: str, given: Given) -> Any:
    """`str(path)`, `Path(path)`, `os.path.join(...)`: the same path, or one made of several."""
    if path == "io.BytesIO" and not given.positional:
        return Opaque(("buffer", id(given.node)))
    if len(given.positional) == 1 or path in ("builtins.open", "io.BytesIO"):
        return given.positional[0] if given.positional else UNKNOWN
    return expressions.derived("join", given.positional)


def of_path(callee: Opaque, given: Given) -> Any:
    """What a method of a path returns: `folder.joinpath(name)`, `path.resolve()`; None of another method."""
    *before, name = callee.key
    if name in orders.SAME_PATH and before and not given.positional:
        return Opaque(tuple(before))
    if name == "joinpath" and before:
        return expressions.derived("join", (Opaque(tuple(before)), *given.positional))
    return None

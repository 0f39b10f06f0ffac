"""What torch says of a model it refuses: why, in one line, and the user's code in it.

Needs torch, to know which files are torch's own; for the child process. It will never judge what is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tsl.entry.place import Place

_COMPILED = re.compile(r'^\s*File "(.+)", line (\d+)', re.M)
_TRACED = re.compile(r"^(.+)\((\d+)\): (\S+)$", re.M)


def reason(error: BaseException, step: str) -> str:
    """Why, in one line: the compiler says it before the first place, saving in its first sentence."""
    from tsl.entry.unable import cut, one_line

    told, place, _ = str(error).partition('  File "')
    if place and told.strip():
        return cut(f"{type(error).__name__}: {' '.join(told.split()).removesuffix(':').strip()}")
    return one_line(error).partition(". ")[0] if step == "save" else one_line(error)


def stack(error: BaseException) -> Iterator[Place]:
    """The user's code in an error, innermost first: what its text names, else where it was raised."""
    from tsl.entry.places import trace_of

    return _users([*_told(str(error)), *list(trace_of(error))[::-1]])


def users_places(text: str) -> Iterator[Place]:
    """The user's code that a text of torch names, in its order."""
    return _users(_told(text))


def _told(text: str) -> list[Place]:
    told = [Place(path, int(line), "") for path, line in _COMPILED.findall(text)]
    return told + [Place(path, int(line), name) for path, line, name in _TRACED.findall(text)]


def _users(places: Iterable[Place]) -> Iterator[Place]:
    from tsl.entry.places import is_users

    return (place for place in places if is_users(place.path))

"""Return codes of the torch tables -> abstract values.

The codes and their grammar are those of `tsl.source.torch_stubs`: one letter a result, `(TT)` for a tuple of known
elements, `[T]` for a list of unknown length, `|` between alternatives.
"""

from __future__ import annotations

from functools import lru_cache

from tsl.source import values
from tsl.source.values import Trail, Value

PLAIN = {
    "i": values.INT,
    "f": values.FLOAT,
    "b": values.BOOL,
    "n": values.NUMBER,
    "s": values.STR,
    "d": values.META,
    "v": values.META,
    "l": values.META,
    "N": values.NONE,
    "?": values.UNKNOWN,
    "r": values.INT,
}
ORIGINS = {"d": values.DTYPE, "v": values.DEVICE, "l": values.LAYOUT, "r": values.RANK}


@lru_cache(maxsize=4096)
def decode(code: str, origin: int, trail: Trail = ()) -> Value:
    """The value a return code stands for, where tensors depend on `origin`."""
    return values.join_all(_one(part, origin, trail) for part in alternatives(code))


def alternatives(code: str) -> list[str]:
    """The alternatives of a code, split at the `|` outside brackets."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(code):
        depth += (letter in "([") - (letter in ")]")
        if letter == "|" and not depth:
            parts.append(code[start:place])
            start = place + 1
    return [*parts, code[start:]]


def _one(code: str, origin: int, trail: Trail) -> Value:
    if code == "T":
        return values.tensor(origin, trail)
    if code == "S":
        return values.listing(values.size(values.SIZES, trail), values.RANK)
    if code == "z":
        return values.size(values.SIZES, trail)
    if code.startswith("("):
        return values.sequence([decode(part, origin, trail) for part in _elements(code[1:-1])])
    if code.startswith("["):
        return values.listing(decode(code[1:-1], origin, trail))
    return Value(PLAIN.get(code, values.UNKNOWN), ORIGINS.get(code, 0))


def _elements(text: str) -> list[str]:
    """The items of a tuple code: a letter or a bracketed code, with the alternatives that bars join to it."""
    elements: list[str] = []
    depth, start = 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if not depth and letter != "|" and text[place + 1 : place + 2] != "|":
            elements.append(text[start : place + 1])
            start = place + 1
    return elements

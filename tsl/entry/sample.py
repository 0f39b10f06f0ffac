"""Example inputs without their numbers, as they travel from the child process to the parent: dtypes and shapes.

Needs no torch: a tensor is known by its `dtype` and `shape`. It will never make a tensor.

A form, which JSON can write, is a list of a kind and what it holds:

    ["tensor", dtype, [size, ...]]  ["tuple" or "list", [form, ...]]  ["dict", [[key, form], ...]]  ["other"]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tsl.record import Record


class Sample(Record):
    """A tensor of an example: its dtype in torch's words, and its sizes."""

    dtype: str
    shape: tuple[int, ...]


class Argument(Record):
    """An example argument: its parameter, or nothing for the next one, and what it holds.

    `value` is a Sample, a tuple, a list or a dict of them, and None where it is something else.
    """

    name: str
    value: Any


def form_of(value: Any) -> list[Any]:
    """The form of what an argument holds."""
    if isinstance(value, Mapping):
        return ["dict", [[key, form_of(part)] for key, part in value.items() if isinstance(key, str | int)]]
    if isinstance(value, tuple | list):
        return ["list" if isinstance(value, list) else "tuple", [form_of(part) for part in value]]
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return ["tensor", str(value.dtype).removeprefix("torch."), [int(size) for size in value.shape]]
    return ["other"]


def read(form: Sequence[Any]) -> Any:
    """What a form stands for."""
    match form:
        case ["tensor", dtype, shape]:
            return Sample(dtype, tuple(shape))
        case ["tuple", parts]:
            return tuple(map(read, parts))
        case ["list", parts]:
            return list(map(read, parts))
        case ["dict", pairs]:
            return {key: read(part) for key, part in pairs}
    return None


def told(args: Sequence[Any], kwargs: Mapping[str, Any], names: Sequence[str]) -> list[list[Any]]:
    """The arguments of a call as pairs of a name and a form; `names` are those of the positional ones."""
    placed = [names[place] if place < len(names) else "" for place in range(len(args))]
    pairs = [*zip(placed, args, strict=True), *kwargs.items()]
    return [[name, form_of(value)] for name, value in pairs]


def heard(pairs: Sequence[Sequence[Any]]) -> tuple[Argument, ...]:
    """The arguments that `told` told of."""
    return tuple(Argument(name, read(form)) for name, form in pairs)

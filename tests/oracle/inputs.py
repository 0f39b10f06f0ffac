"""The inputs of a search: the example that is traced, and those that are held against it.

An input is made of the sizes of its symbols and of how its data is made; the same of both gives the same tensors.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import torch

from tests.oracle.program import Input, Program

Sizes = tuple[tuple[str, int], ...]
# How the data is made, in the order in which it is tried; `example` is what is traced.
DATA = ("example", "negated", "zeros", "large", "other", "positive", "low", "reversed", "nan")


class Variation(NamedTuple):
    """The sizes of an input's symbols, and how its data is made."""

    sizes: Sizes
    data: str


def example_of(program: Program) -> Variation:
    """What is traced."""
    return Variation(program.sizes, "example")


def variations(program: Program) -> Iterator[Variation]:
    """What is run, the example first; then one size changed at a time, other data, and both."""
    base = program.sizes
    yield example_of(program)
    for place, (_, size) in enumerate(base):
        for other in _other_sizes(size):
            yield Variation(_changed(base, place, other), "example")
    for data in DATA[1:]:
        yield Variation(base, data)
    more = tuple((name, size + 2) for name, size in base)
    yield Variation(more, "other")
    yield Variation(tuple((name, 1) for name, _ in base), "negated")
    yield Variation(tuple((name, size % 4 + 3) for name, size in base), "large")


def _other_sizes(size: int) -> tuple[int, ...]:
    return tuple(dict.fromkeys(other for other in (1, size + 1, 2 * size, size + 3) if other != size))


def _changed(sizes: Sizes, place: int, size: int) -> Sizes:
    return tuple((name, size if at == place else kept) for at, (name, kept) in enumerate(sizes))


def tensors(program: Program, variation: Variation) -> tuple[torch.Tensor, ...]:
    """New tensors for the parameters of forward."""
    sizes = dict(variation.sizes)
    return tuple(_tensor(one, sizes, variation.data, place) for place, one in enumerate(program.inputs))


def _tensor(one: Input, sizes: dict[str, int], data: str, place: int) -> torch.Tensor:
    shape = tuple(sizes[dim] for dim in one.dims)
    values = _values(shape, data, place)
    return (values.abs() * 2).long() if one.dtype == "long" else values.clone()


@lru_cache(maxsize=4096)
def _values(shape: tuple[int, ...], data: str, place: int) -> torch.Tensor:
    seed = 7 * place + (1000 if data == "other" else 0)
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed)) + 0.1 + 0.01 * place
    match data:
        case "negated":
            return -values
        case "zeros":
            return torch.zeros(shape)
        case "large":
            return values * 10
        case "positive":
            return values.abs() + 0.6
        case "low":
            return -values.abs() - 1.6
        case "reversed":
            return values.flatten().flip(0).view(shape)
        case "nan":
            return values.flatten().index_fill(0, torch.tensor([0]), float("nan")).view(shape)
    return values

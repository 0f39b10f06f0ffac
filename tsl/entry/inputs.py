"""The inputs of a model: tensors anywhere in arguments, each with a name, its bounds and the sizes it shares.

Needs torch; for the child process. It will never run a model.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

from tsl.entry.spec import Dim, InputSpec
from tsl.entry.unable import Unable
from tsl.record import Record

# What a free size is, where nothing says: the first of these for which the model runs.
STARTS = (8, 16, 32, 64, 128, 224, 4, 2)


class Inputs(Record):
    """Arguments of a model, which hold tensors in tuples, lists and dicts; `names` are those of the positional ones."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    names: tuple[str, ...] = ()

    def leaves(self) -> list[tuple[str, torch.Tensor]]:
        """Every tensor with its name: `x`, `state[0]`, `batch['mask']`."""
        named = [(self.name(place), value) for place, value in enumerate(self.args)]
        return [leaf for name, value in (*named, *self.kwargs.items()) for leaf in _leaves(value, name)]

    def name(self, place: int) -> str:
        """The name of a positional argument."""
        return self.names[place] if place < len(self.names) else f"input {place}"

    def holding(self, tensors: Sequence[torch.Tensor]) -> Inputs:
        """The same arguments with other tensors, in the order of the leaves."""
        rest = iter(tensors)
        args = tuple(_refilled(value, rest) for value in self.args)
        return Inputs(args, {name: _refilled(value, rest) for name, value in self.kwargs.items()}, self.names)

    def copied(self) -> Inputs:
        """The same arguments with copies of the tensors, for a model may write into them."""
        return self.holding([tensor.clone() for _, tensor in self.leaves()])

    def called(self, function: Callable[..., Any]) -> Any:
        """What a function returns for these arguments."""
        return function(*self.args, **self.kwargs)

    def shown(self) -> tuple[str, ...]:
        """Each tensor in the words of a SPEC: `x=float32[1,3,8,8]`."""
        return tuple(f"{name}={described(tensor)}" for name, tensor in self.leaves())


class Axis(Record):
    """Dimensions that are changed together: pairs of a leaf's number and its dimension, their size and its bounds."""

    text: str
    members: tuple[tuple[int, int], ...]
    size: int
    low: int = 1
    high: int | None = None


class Example(Record):
    """The inputs to trace with, those the entry wants compared as well, and what may be changed about the first.

    `bounds` are those of the values of each leaf.
    """

    inputs: Inputs
    others: tuple[Inputs, ...]
    axes: tuple[Axis, ...]
    bounds: tuple[tuple[float | None, float | None], ...]


def described(tensor: torch.Tensor) -> str:
    """A tensor's dtype and sizes: `float32[1,3,8,8]`."""
    return f"{str(tensor.dtype).removeprefix('torch.')}[{','.join(map(str, tensor.shape))}]"


def parameters(model: Callable[..., Any]) -> tuple[inspect.Parameter, ...]:
    """The parameters of forward, or of a function; none where Python cannot tell."""
    called: Any = model.forward if isinstance(model, torch.nn.Module) else model
    if isinstance(model, (torch.jit.ScriptModule, torch.jit.ScriptFunction)):
        declared: Any = called
        return tuple(_declared(declared.schema))
    try:
        return tuple(inspect.signature(called).parameters.values())
    except (TypeError, ValueError):
        return ()


def _declared(schema: Any) -> Iterator[inspect.Parameter]:
    """The parameters of what is in TorchScript, which Python cannot tell."""
    for one in schema.arguments:
        if one.name != "self":
            default = one.default_value if one.has_default_value() else inspect.Parameter.empty
            yield inspect.Parameter(one.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default)


def from_value(value: Any, model: Callable[..., Any]) -> Inputs:
    """The inputs in what an entry returned: a tensor, a tuple of arguments, or a dict of them by name."""
    known = parameters(model)
    names = tuple(one.name for one in known if one.kind in {one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD})
    if isinstance(value, torch.Tensor):
        return Inputs((value,), {}, names)
    if isinstance(value, dict) and not set(value) <= {one.name for one in known}:
        return Inputs((value,), {}, names)  # one argument that is a dict
    if isinstance(value, dict):  # in the order of forward, which is that of a traced graph
        value = {one.name: value[one.name] for one in known if one.name in value}
    return Inputs((), value, names) if isinstance(value, dict) else Inputs(tuple(value), {}, names)


def check_traceable(inputs: Inputs, entry: str) -> None:
    """Raises Unable where something in the inputs is no tensor: torch.jit.trace takes nothing else."""
    named = [(inputs.name(place), value) for place, value in enumerate(inputs.args)]
    for name, value in (*named, *inputs.kwargs.items()):
        _must_be_tensors(value, name, entry)


def example_of(inputs: Inputs, others: Sequence[Inputs] = ()) -> Example:
    """An example that says nothing about its sizes: dimensions of one size are changed together as well as alone."""
    leaves = inputs.leaves()
    free = (None, None)
    return Example(inputs, tuple(others), tuple(_guessed_axes(leaves)), (free,) * len(leaves))


def from_specs(specs: Sequence[InputSpec], model: Callable[..., Any], start: int) -> Example:
    """The example a SPEC describes, sizes of which nothing is said being `start`. Raises Unable for a wrong name."""
    known = parameters(model)
    names = _bound(specs, known)
    generator = torch.Generator().manual_seed(0)
    tensors = [_filled(one, [_start(dim, start) for dim in one.dims], generator) for one in specs]
    order = [one.name for one in known]
    pairs = sorted(zip(names, tensors, specs, strict=True), key=lambda pair: _position(pair[0], order))
    given = [name for name, _, _ in pairs]
    tensors = [tensor for _, tensor, _ in pairs]
    leads = given == order[: len(given)] or not all(one in order for one in given)
    inputs = Inputs(tuple(tensors), {}, tuple(given)) if leads else Inputs((), dict(zip(given, tensors, strict=True)))
    example = example_of(inputs)
    specs = [spec for _, _, spec in pairs]
    axes = tuple(_declared_axes(specs, inputs)) or example.axes
    return example._replace(axes=axes, bounds=tuple((spec.low, spec.high) for spec in specs))


def has_open_sizes(specs: Sequence[InputSpec]) -> bool:
    """Whether a SPEC leaves the start of a size to be found."""
    return any(dim.low is None for one in specs for dim in one.dims)


def _leaves(value: Any, name: str) -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{name}[{key!r}]")
    elif isinstance(value, (tuple, list)):
        for place, item in enumerate(value):
            yield from _leaves(item, f"{name}[{place}]")


def _refilled(value: Any, rest: Iterator[torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        return next(rest)
    if isinstance(value, Mapping):
        return {key: _refilled(item, rest) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        items = [_refilled(item, rest) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return value


def _must_be_tensors(value: Any, name: str, entry: str) -> None:
    if isinstance(value, torch.Tensor):
        return
    items: Sequence[Any] = ()
    if isinstance(value, Mapping):
        items = list(value.values())
    elif isinstance(value, (tuple, list)):
        items = value
    if not items:
        kind = type(value).__name__
        message = f"{entry} gives {name} as {kind}, and torch.jit.trace takes tensors only; let a module fill it in"
        raise Unable("--entry", message)
    for item in items:
        _must_be_tensors(item, name, entry)


def _guessed_axes(leaves: Sequence[tuple[str, torch.Tensor]]) -> Iterator[Axis]:
    """Every dimension alone; those of one size, and the first of all inputs, together (the batch, most often)."""
    alone = [((leaf, dim), size) for leaf, (_, one) in enumerate(leaves) for dim, size in enumerate(one.shape)]
    firsts = [(place, size) for place, size in alone if place[1] == 0]
    alike = [[pair for pair in alone if pair[1] == size] for size in dict.fromkeys(size for _, size in alone)]
    groups = [firsts, *([pair] for pair in alone), *alike]
    seen = set()
    for group in groups:
        members = tuple(place for place, _ in group)
        size = group[0][1] if group else 0
        if members and members not in seen and all(other == size for _, other in group):
            seen.add(members)
            yield Axis(_told(members, leaves), members, size)


def _told(members: Sequence[tuple[int, int]], leaves: Sequence[tuple[str, torch.Tensor]]) -> str:
    parts = [f"dimension {dim} of `{leaves[leaf][0]}`" for leaf, dim in members]
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


def _declared_axes(specs: Sequence[InputSpec], inputs: Inputs) -> Iterator[Axis]:
    """The sizes a SPEC declares free, each with all dimensions that carry it; a range stands alone."""
    leaves = inputs.leaves()
    groups: dict[str, list[tuple[int, int]]] = {}
    dims: dict[str, Dim] = {}
    for leaf, spec in enumerate(specs):
        for place, dim in enumerate(spec.dims):
            if dim.free:
                key = dim.name or f"dimension {place} of `{leaves[leaf][0]}`"
                groups.setdefault(key, []).append((leaf, place))
                dims[key] = dim
    for key, members in groups.items():
        dim = dims[key]
        bounded = dim.low != dim.high
        leaf, place = members[0]
        size = leaves[leaf][1].shape[place]
        low, high = (dim.low, dim.high) if bounded else (None, None)
        yield Axis(key, tuple(members), size, 1 if low is None else low, high)


def _bound(specs: Sequence[InputSpec], known: Sequence[inspect.Parameter]) -> list[str]:
    """The parameter of each input; those without a name take the next. Raises Unable for one that is not there."""
    takes = [one.name for one in known if one.kind in {one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD}]
    any_name = any(one.kind is one.VAR_KEYWORD for one in known)
    any_place = not known or any(one.kind is one.VAR_POSITIONAL for one in known)
    names = [one.name or (takes[place] if place < len(takes) else "") for place, one in enumerate(specs)]
    named_only = {one.name for one in known if one.kind is one.KEYWORD_ONLY}
    for place, name in enumerate(names):
        if name and name not in takes and name not in named_only and not any_name:
            raise Unable("--input", f"names {name!r}, and forward takes {', '.join(takes) or 'no names'}")
        if not name and not any_place:
            raise Unable("--input", f"has {len(specs)} inputs, and forward takes {len(takes)}: {', '.join(takes)}")
        names[place] = name or f"input {place}"
    missing = [one.name for one in known if one.name in takes and one.default is one.empty and one.name not in names]
    if missing:
        raise Unable("--input", f"lacks {', '.join(missing)}, which forward needs")
    return names


def _position(name: str, order: Sequence[str]) -> int:
    return order.index(name) if name in order else len(order)


def _start(dim: Dim, start: int) -> int:
    """The size an example has: the number said; in a range `start` where it lies inside, else the nearest bound."""
    if dim.low is None:
        return start
    high = dim.low if dim.high is None else dim.high
    return dim.low if dim.low == high else min(max(dim.low, 2), high)


def _filled(spec: InputSpec, sizes: Sequence[int], generator: torch.Generator) -> torch.Tensor:
    dtype: torch.dtype = getattr(torch, spec.dtype)
    if dtype is torch.bool:
        return torch.rand(sizes, generator=generator) < 0.5
    if dtype.is_floating_point or dtype.is_complex:
        if spec.low is None or spec.high is None:
            return torch.randn(sizes, generator=generator, dtype=torch.cfloat if dtype.is_complex else None).to(dtype)
        return (spec.low + (spec.high - spec.low) * torch.rand(sizes, generator=generator)).to(dtype)
    low, high = (0, 1) if spec.low is None or spec.high is None else (int(spec.low), int(spec.high))
    return torch.randint(low, high + 1, sizes, generator=generator).to(dtype)

"""The shapes of operators that move no number: views, selections, and tensors put together.

See shape_rules for what a rule is. A dimension is counted from the end where it is negative (`at`). It will never know
what is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from tsl.ir import number, shape
from tsl.ir.abstract import Sequence as Elements
from tsl.ir.abstract import dim_of
from tsl.ir.number import ANY_SIZE, Dim, Size
from tsl.ir.operator import Call, Listed, Several
from tsl.ir.shape import Mismatch, Shape, spell

Shapes: TypeAlias = "Shape | Several[Shape] | Listed[Shape]"
Rule: TypeAlias = Callable[[Call], Shapes]

RESHAPING = frozenset("squeeze unsqueeze t transpose swapaxes swapdims resize resize_as set".split())


def at(place: Any, rank: int) -> int | None:
    """A dimension counted from 0. Raises Mismatch where there is none such."""
    if not isinstance(place, int):
        return None
    if not -rank <= place < max(rank, 1) and not (rank == 0 and place == -1):
        raise Mismatch(f"dimension {place} of a tensor that has {rank}")
    return place % rank if rank else 0


def view(call: Call) -> Shapes:
    """`view`, `reshape`: the dims asked for, -1 standing for what is left."""
    wanted, given = call.dims(1), call.shape(0)
    if wanted is None:
        value = call.at(1)
        if type(value) is Elements:
            wanted = tuple(ANY_SIZE if (dim := dim_of(part)) is None else dim for part in value.parts)
        else:
            return None
    return resized(given, wanted)


def resized(given: Shape, wanted: Sequence[Dim]) -> Shape:
    """A shape of as many elements as another. Raises Mismatch."""
    open_at = [place for place, dim in enumerate(wanted) if dim == -1]
    others = [dim for dim in wanted if dim != -1]
    left = _left(given, others)
    if not open_at:
        if given is not None and left != 1 and _is_wrong(given, others):
            raise Mismatch(f"{spell(given)} cannot be viewed as {spell(tuple(wanted))}")
        return tuple(map(_positive, wanted))
    if left is None and given is not None and _is_indivisible(given, others):
        raise Mismatch(f"{spell(given)} cannot be viewed as {spell(tuple(wanted))}")
    return tuple(
        (ANY_SIZE if left is None else left) if place in open_at else _positive(dim) for place, dim in enumerate(wanted)
    )


def _positive(dim: Dim) -> Dim:
    return Size(0, dim.high, dim.terms) if isinstance(dim, Size) and dim.low < 0 else dim


def _left(given: Shape, others: Sequence[Dim]) -> Dim | None:
    """What is left for one dimension, with the dims on both sides cancelled; None where that is undecided."""
    if given is None:
        return None
    mine, its = list(given), []
    for dim in others:
        same = next((own for own in mine if number.is_same(own, dim)), None)
        if same is None:
            its.append(dim)
        else:
            mine.remove(same)
    if 0 in its or 0 in mine:
        return None
    return number.divided(shape.count(mine), shape.count(its)) if its else shape.count(mine)


def _is_wrong(given: Sequence[Dim], wanted: Sequence[Dim]) -> bool:
    return number.is_other(shape.count(given), shape.count(wanted)) and not any(
        isinstance(dim, Size) and dim.low < 0 for dim in wanted
    )


def _is_indivisible(given: Sequence[Dim], others: Sequence[Dim]) -> bool:
    whole, part = shape.count(given), shape.count(others)
    return isinstance(whole, int) and isinstance(part, int) and part > 0 and whole % part != 0


def flatten(call: Call) -> Shapes:
    """`flatten(start, end)`."""
    given = call.shape(0)
    if given is None:
        return None
    if not given:
        return (1,)
    start, end = at(call.whole("start_dim"), len(given)), at(call.whole("end_dim"), len(given))
    if start is None or end is None or start > end:
        return None
    return (*given[:start], shape.count(given[start : end + 1]), *given[end + 1 :])


def unflatten(call: Call) -> Shapes:
    """`unflatten(dim, sizes)`."""
    given, sizes = call.shape(0), call.dims("sizes")
    if given is None or sizes is None:
        return None
    place = at(call.whole("dim"), len(given))
    if place is None:
        return None
    inner = resized((given[place],), sizes)
    return None if inner is None else (*given[:place], *inner, *given[place + 1 :])


def squeeze(call: Call) -> Shapes:
    """`squeeze`: all dimensions of 1, or those named."""
    given = call.shape(0)
    if given is None:
        return None
    if len(call.values) == 1:
        return None if any(map(_may_vanish, given)) else tuple(dim for dim in given if dim != 1)
    places = call.dims(1)
    if places is None:
        return None
    named = {place for place in (at(place, len(given)) for place in places) if place is not None}
    if len(named) != len(places) or any(
        not isinstance(given[p], int) and shape.may_be(given[p], 1) for p in named if given
    ):
        return None
    return tuple(dim for place, dim in enumerate(given) if place not in named or dim != 1)


def _may_vanish(dim: Dim) -> bool:
    return not isinstance(dim, int) and shape.may_be(dim, 1)


def unsqueeze(call: Call) -> Shapes:
    """`unsqueeze(dim)`."""
    given = call.shape(0)
    place = None if given is None else at(call.whole("dim"), len(given) + 1)
    return None if given is None or place is None else (*given[:place], 1, *given[place:])


def transpose(call: Call) -> Shapes:
    """Two dimensions exchanged."""
    given = call.shape(0)
    if given is None:
        return None
    one, other = at(call.whole(1), len(given)), at(call.whole(2), len(given))
    if one is None or other is None:
        return (ANY_SIZE,) * len(given)
    dims = list(given)
    if dims:
        dims[one], dims[other] = dims[other], dims[one]
    return tuple(dims)


def turned(call: Call) -> Shapes:
    """`t`, `mT`: the last two dimensions exchanged."""
    given = call.shape(0)
    return None if given is None else given if len(given) < 2 else (*given[:-2], given[-1], given[-2])


def permute(call: Call) -> Shapes:
    """`permute(dims)`."""
    given, places = call.shape(0), call.dims("dims")
    if places is None:
        return None
    if given is None:
        return (ANY_SIZE,) * len(places)
    if len(places) != len(given):
        raise Mismatch(f"{len(places)} dimensions are named of {spell(given)}")
    order = [at(place, len(given)) for place in places]
    return tuple(ANY_SIZE if place is None else given[place] for place in order)


def expand(call: Call) -> Shapes:
    """`expand(size)`: -1 keeps a dimension."""
    return expanded(call.shape(0), call.dims(1))


def expanded(given: Shape, wanted: Sequence[Dim] | None) -> Shape:
    """A shape expanded. Raises Mismatch."""
    if wanted is None:
        return None
    if given is None:
        return tuple(ANY_SIZE if number.low(dim) < 0 else dim for dim in wanted)
    if len(wanted) < len(given):
        raise Mismatch(f"{spell(given)} cannot be expanded to {spell(tuple(wanted))}")
    lead = len(wanted) - len(given)
    found: list[Dim] = [ANY_SIZE if number.low(dim) < 0 else dim for dim in wanted[:lead]]
    for own, dim in zip(given, wanted[lead:], strict=True):
        if dim == -1:
            found.append(own)
        elif own == 1 or number.is_same(own, dim) or number.low(dim) < 0:
            found.append(ANY_SIZE if number.low(dim) < 0 else dim)
        elif number.is_other(own, dim) and not shape.may_be(own, 1):
            raise Mismatch(f"{spell(given)} cannot be expanded to {spell(tuple(wanted))}")
        else:
            found.append(dim)
    return tuple(found)


def expanded_as(call: Call) -> Shapes:
    """`expand_as(other)`."""
    return expanded(call.shape(0), call.shape("other"))


def as_other(call: Call) -> Shapes:
    """`view_as`, `reshape_as`."""
    wanted = call.shape("other")
    return None if wanted is None else resized(call.shape(0), wanted)


def repeat(call: Call) -> Shapes:
    """`repeat(repeats)`, `tile`."""
    given, times = call.shape(0), call.dims(1)
    if times is None or given is None:
        return None if times is None else (ANY_SIZE,) * len(times) if call.operator.name == "repeat" else None
    lead = len(times) - len(given)
    if lead < 0:
        if call.operator.name == "repeat":
            raise Mismatch(f"{spell(given)} is repeated along {len(times)} dimensions")
        times, lead = (*(1,) * -lead, *times), 0
    return tuple(map(number.mul, (*(1,) * lead, *given), times))


def moved(call: Call) -> Shapes:
    """`movedim(source, destination)`."""
    given, sources, targets = call.shape(0), call.dims("source"), call.dims("destination")
    if given is None or sources is None or targets is None:
        return None
    pairs = {at(b, len(given)): at(a, len(given)) for a, b in zip(sources, targets, strict=False)}
    if None in pairs or None in pairs.values():
        return (ANY_SIZE,) * len(given)
    rest = iter([place for place in range(len(given)) if place not in pairs.values()])
    order = (pairs[place] if place in pairs else next(rest) for place in range(len(given)))
    return tuple(ANY_SIZE if place is None else given[place] for place in order)


def paired(call: Call) -> Shapes:
    """`view_as_real`: a last dimension of 2."""
    given = call.shape(0)
    return None if given is None else (*given, 2)


def unpaired(call: Call) -> Shapes:
    """`view_as_complex`."""
    given = call.shape(0)
    return given[:-1] if given else None


RULES: Mapping[str, Rule] = {
    "view": view,
    "reshape": view,
    "flatten": flatten,
    "unflatten": unflatten,
    "squeeze": squeeze,
    "unsqueeze": unsqueeze,
    "transpose": transpose,
    "swapaxes": transpose,
    "swapdims": transpose,
    "t": turned,
    "matrix_H": turned,
    "mT": turned,
    "adjoint": turned,
    "permute": permute,
    "expand": expand,
    "broadcast_to": expand,
    "expand_as": expanded_as,
    "view_as": as_other,
    "reshape_as": as_other,
    "repeat": repeat,
    "tile": repeat,
    "movedim": moved,
    "moveaxis": moved,
    "view_as_real": paired,
    "view_as_complex": unpaired,
}

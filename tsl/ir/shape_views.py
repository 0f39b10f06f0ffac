"""The shapes of operators that move no number: views, selections, and tensors put together.

See shape_rules for what a rule is. A dimension is counted from the end where it is negative (`at`). It will never know
what is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from tsl.ir import number, shape
from tsl.ir.abstract import NONE, Many, Tensor, dim_of, element, present
from tsl.ir.abstract import Sequence as Elements
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
        if given is not None and left is None and _is_wrong(given, others):
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
        undecided = any(not isinstance(dim, int) and shape.may_be(dim, 1) for dim in given)
        return None if undecided else tuple(dim for dim in given if dim != 1)
    places = call.dims(1)
    if places is None:
        return None
    named = {at(place, len(given)) for place in places}
    if None in named or any(not isinstance(given[p], int) and shape.may_be(given[p], 1) for p in named if given):  #
    type: ignore[index] return None
    return tuple(dim for place, dim in enumerate(given) if place not in named or dim != 1)


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


def select(call: Call) -> Shapes:
    """`select(dim, index)`."""
    given = call.shape(0)
    place = None if given is None else at(call.whole("dim"), len(given))
    if given is None or place is None:
        return None
    if not given:
        raise Mismatch("a dimension is selected of a tensor that has none")
    index = call.dim("index")
    size = given[place]
    if isinstance(index, int) and isinstance(size, int) and not -size <= index < size:
        raise Mismatch(f"index {index} of {size} along dimension {place}")
    return (*given[:place], *given[place + 1 :])


def slice_(call: Call) -> Shapes:
    """`slice(dim, start, end, step)`."""
    given = call.shape(0)
    place = None if given is None else at(call.whole("dim"), len(given))
    if given is None or place is None or not given:
        return given if given is None else (ANY_SIZE,) * len(given)
    return (
        *given[:place],
        part(given[place], call.at("start"), call.at("end"), call.whole("step")),
        *given[place + 1 :],
    )


def part(size: Dim, start: Any, end: Any, step: int | None) -> Dim:
    """How much of a dimension a slice takes."""
    first = 0 if start == NONE else dim_of(present(start))
    last = number.MOST if end == NONE else dim_of(present(end))
    bounded = Size(0, number.high(size))
    if first is None or last is None or step is None:
        return bounded
    if isinstance(size, int) and isinstance(first, int) and isinstance(last, int):
        return len(range(*slice(first, last, step).indices(size)))
    if first == 0 and step == 1 and (number.is_same(last, size) or number.low(last) >= number.high(size)):
        return size
    if last == number.MOST and isinstance(first, int) and step == 1:
        return _rest(size, first)
    if first == 0 and step == 1 and isinstance(last, int) and 0 <= last <= number.low(size):
        return last
    if first == 0 and step == 1 and isinstance(last, int) and last < 0 and number.low(size) >= -last:
        return number.add(size, last)
    return bounded


def _rest(size: Dim, first: int) -> Dim:
    """What is left from a place on."""
    if first == 0:
        return size
    if first < 0:
        return -first if number.low(size) >= -first else Size(0, min(-first, number.high(size)))
    return number.sub(size, first) if number.low(size) >= first else Size(0, number.high(size))


def narrow(call: Call) -> Shapes:
    """`narrow(dim, start, length)`."""
    given, size = call.shape(0), call.dim("length")
    place = None if given is None else at(call.whole("dim"), len(given))
    if given is None or place is None:
        return None
    return (*given[:place], ANY_SIZE if size is None else size, *given[place + 1 :])


def unbind(call: Call) -> Shapes:
    """`unbind(dim)`."""
    given = call.shape(0)
    place = None if given is None else at(call.whole("dim"), len(given))
    if given is None or place is None:
        return None
    rest, count = (*given[:place], *given[place + 1 :]), given[place]
    return Several((rest,) * count) if isinstance(count, int) and count <= 1024 else Listed(rest, count)


def chunk(call: Call) -> Shapes:
    """`chunk(chunks, dim)`."""
    given, count = call.shape(0), call.whole("chunks")
    place = None if given is None else at(call.whole("dim"), len(given))
    if given is None or place is None or count is None or count < 1:
        return None
    size = given[place]
    if not isinstance(size, int):
        exact = number.divided(size, count)
        each = (*given[:place], ANY_SIZE if exact is None else exact, *given[place + 1 :])
        return Listed(each, count if exact is not None and number.low(exact) > 0 else Size(1, count))
    return _cut(given, place, [-(-size // count) or 1] * count)


def split(call: Call) -> Shapes:
    """`split(size or sizes, dim)`."""
    given, sizes = call.shape(0), call.dims(1)
    place = None if given is None else at(call.whole("dim"), len(given))
    if given is None or place is None or sizes is None:
        return None
    size = given[place]
    if type(present(call.at(1))) is Elements:
        total: Dim = 0
        for each in sizes:
            total = number.add(total, each)
        if number.is_other(total, size):
            raise Mismatch(f"{spell(given)} is split into {spell(sizes)} along dimension {place}")
        return Several([(*given[:place], each, *given[place + 1 :]) for each in sizes])
    one = sizes[0]
    if not isinstance(size, int) or not isinstance(one, int) or one < 1:
        return Listed((*given[:place], Size(0, number.high(one)), *given[place + 1 :]), None)
    return _cut(given, place, [one] * (-(-size // one) or 1))


def _cut(given: tuple[Dim, ...], place: int, sizes: Sequence[int]) -> Shapes:
    left, found = number.high(given[place]), []
    for size in sizes:
        taken = min(size, left)
        if found and taken <= 0:
            break
        left -= taken
        found.append((*given[:place], taken, *given[place + 1 :]))
    return Several(found)


def cat(call: Call) -> Shapes:
    """`cat(tensors, dim)`."""
    tensors = call.elements(0)
    if tensors is None:
        covered = element(call.at(0))
        given = covered.shape if type(covered) is Tensor else None
        place = None if given is None else at(call.whole("dim"), len(given))
        if given is None or place is None or len(given) == 1:
            return None if given is None or place is None else (ANY_SIZE,)
        return (*given[:place], ANY_SIZE, *given[place + 1 :])
    shapes = [tensor.shape for tensor in tensors if tensor.shape != (0,)]  # an old exception: empty ones are left out
    known = next((each for each in shapes if each is not None), None)
    if known is None:
        return None
    place = at(call.whole("dim"), len(known))
    if place is None:
        return (ANY_SIZE,) * len(known)
    total, dims = _joined(shapes, place, known)
    dims[place] = total
    return tuple(dims)


def _joined(shapes: Sequence[Shape], place: int, known: tuple[Dim, ...]) -> tuple[Dim, list[Dim]]:
    total: Dim = 0
    dims: list[Dim] = list(known)
    for each in shapes:
        if each is None:
            total = ANY_SIZE
            continue
        if len(each) != len(known):
            raise Mismatch(f"{spell(known)} and {spell(each)} are put together")
        words = f"{spell(known)} and {spell(each)} are put together along dimension {place}"
        dims = [
            own if at == place else shape.agree(own, its, words)
            for at, (own, its) in enumerate(zip(dims, each, strict=True))
        ]
        total = total if total is ANY_SIZE else number.add(total, each[place])
    return total, dims


def stack(call: Call) -> Shapes:
    """`stack(tensors, dim)`."""
    tensors = call.elements(0)
    if tensors is None:
        value = present(call.at(0))
        covered = element(value)
        given = covered.shape if type(covered) is Tensor else None
        place = None if given is None else at(call.whole("dim"), len(given) + 1)
        count = value.length if type(value) is Many else ANY_SIZE
        return None if given is None or place is None else (*given[:place], count, *given[place:])
    known = next((tensor.shape for tensor in tensors if tensor.shape is not None), None)
    if known is None:
        return None
    dims: tuple[Dim, ...] = known
    for tensor in tensors:
        if tensor.shape is None:
            continue
        words = f"{spell(known)} and {spell(tensor.shape)} are stacked"
        if len(tensor.shape) != len(known):
            raise Mismatch(words)
        dims = tuple(shape.agree(own, its, words) for own, its in zip(dims, tensor.shape, strict=True))
    place = at(call.whole("dim"), len(known) + 1)
    return None if place is None else (*dims[:place], len(tensors), *dims[place:])


def index(call: Call) -> Shapes:
    """`index(indices)`: by tensors of numbers; a mask takes as many dimensions as it has, and leaves one of any
    size."""
    given, value = call.shape(0), present(call.at(1))
    if given is None or type(value) is not Elements:
        return None
    taken, shapes, places = 0, [], []
    for each in value.parts:
        tensor = present(each)
        if each == NONE:
            taken += 1
            continue
        if type(tensor) is not Tensor or tensor.dtype == "" or tensor.shape is None:
            return None
        is_mask = tensor.dtype in ("bool", "uint8")
        shapes.append((ANY_SIZE,) if is_mask else tensor.shape)
        width = len(tensor.shape) if is_mask else 1
        places.extend(range(taken, taken + width))
        taken += width
    if taken > len(given):
        raise Mismatch(f"{spell(given)} is indexed along {taken} dimensions")
    return _indexed(given, shapes, places)


def _indexed(given: tuple[Dim, ...], shapes: Sequence[Shape], places: Sequence[int]) -> Shape:
    picked = shape.broadcast(shapes)
    if picked is None or not places:
        return given if not places else None
    rest = [dim for place, dim in enumerate(given) if place not in places]
    together = places[-1] - places[0] + 1 == len(places)
    lead = places[0] if together else 0
    return (*rest[:lead], *picked, *rest[lead:])


def index_select(call: Call) -> Shapes:
    """`index_select(dim, index)`."""
    given, chosen = call.shape(0), call.shape("index")
    place = None if given is None else at(call.whole("dim"), len(given))
    if given is None or place is None:
        return given if given is None else (ANY_SIZE,) * len(given)
    count = ANY_SIZE if chosen is None else shape.count(chosen)
    return (*given[:place], count, *given[place + 1 :])


def by_index(call: Call) -> Shapes:
    """`gather`: as the indices."""
    return call.shape("index")


def embedding(call: Call) -> Shapes:
    """`embedding(weight, indices)`."""
    table, indices = call.shape("weight"), call.shape("indices")
    return None if indices is None else (*indices, table[-1] if table else ANY_SIZE)


def one_hot(call: Call) -> Shapes:
    """`one_hot(num_classes)`."""
    given, classes = call.shape(0), call.dim("num_classes")
    return None if given is None else (*given, classes if classes is not None and number.low(classes) > 0 else ANY_SIZE)


def nonzero(call: Call) -> Shapes:
    """`nonzero`: a row for each hit."""
    rank = call.rank(0)
    return (ANY_SIZE, ANY_SIZE if rank is None else rank)


def line(call: Call) -> Shapes:
    """One dimension of any size."""
    return (ANY_SIZE,)


def meshgrid(call: Call) -> Shapes:
    """`meshgrid`: every tensor over all."""
    tensors = call.elements(0)
    if tensors is None or any(tensor.shape is None or len(tensor.shape) > 1 for tensor in tensors):
        return None
    sizes = [tensor.shape[0] if tensor.shape else 1 for tensor in tensors]
    if call.plain("indexing") == "xy" and len(sizes) > 1:
        sizes[0], sizes[1] = sizes[1], sizes[0]
    return Several((tuple(sizes),) * len(tensors))


def broadcast_all(call: Call) -> Shapes:
    """`broadcast_tensors`."""
    tensors = call.elements(0)
    if tensors is None:
        return None
    found = shape.broadcast([tensor.shape for tensor in tensors])
    return Several((found,) * len(tensors))


def interleaved(call: Call) -> Shapes:
    """`repeat_interleave(repeats, dim)`."""
    given, times = call.shape(0), call.dim("repeats")
    whole = call.whole("dim")
    if given is None or whole is None:
        return (ANY_SIZE,) if "dim" not in call.operator.places or call.at("dim") == NONE else None
    place = at(whole, len(given))
    assert place is not None
    return (*given[:place], ANY_SIZE if times is None else number.mul(given[place], times), *given[place + 1 :])


def moved(call: Call) -> Shapes:
    """`movedim(source, destination)`."""
    given, sources, targets = call.shape(0), call.dims("source"), call.dims("destination")
    if given is None or sources is None or targets is None:
        return None
    pairs = {at(b, len(given)): at(a, len(given)) for a, b in zip(sources, targets, strict=False)}
    if None in pairs or None in pairs.values():
        return (ANY_SIZE,) * len(given)
    rest = iter([place for place in range(len(given)) if place not in pairs.values()])
    return tuple(given[pairs[place] if place in pairs else next(rest)] for place in range(len(given)))  # type:
    ignore[index]


def paired(call: Call) -> Shapes:
    """`view_as_real`: a last dimension of 2."""
    given = call.shape(0)
    return None if given is None else (*given, 2)


def unpaired(call: Call) -> Shapes:
    """`view_as_complex`."""
    given = call.shape(0)
    return given[:-1] if given else None


def diagonal(call: Call) -> Shapes:
    """`diagonal(offset, dim1, dim2)`."""
    given = call.shape(0)
    if given is None or len(given) < 2:
        return None
    one, other = at(call.whole("dim1"), len(given)), at(call.whole("dim2"), len(given))
    rest = tuple(dim for place, dim in enumerate(given) if place not in (one, other))
    return None if None in (one, other) else (*rest, ANY_SIZE)


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
    "select": select,
    "slice": slice_,
    "narrow": narrow,
    "unbind": unbind,
    "chunk": chunk,
    "unsafe_chunk": chunk,
    "split": split,
    "unsafe_split": split,
    "split_with_sizes": split,
    "unsafe_split_with_sizes": split,
    "cat": cat,
    "concat": cat,
    "stack": stack,
    "index": index,
    "index_select": index_select,
    "gather": by_index,
    "take_along_dim": by_index,
    "embedding": embedding,
    "one_hot": one_hot,
    "nonzero": nonzero,
    "argwhere": nonzero,
    "masked_select": line,
    "_shape_as_tensor": lambda call: (ANY_SIZE if call.rank(0) is None else call.rank(0) or 0,),
    "bincount": line,
    "meshgrid": meshgrid,
    "broadcast_tensors": broadcast_all,
    "repeat_interleave": interleaved,
    "movedim": moved,
    "moveaxis": moved,
    "view_as_real": paired,
    "view_as_complex": unpaired,
    "diagonal": diagonal,
}

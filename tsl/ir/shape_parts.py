"""The shapes of operators that take tensors apart and put them together: selections, splits, indices.

See shape_rules for what a rule is. It will never know what is computed.
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
from tsl.ir.shape_views import at

Shapes: TypeAlias = "Shape | Several[Shape] | Listed[Shape]"
Rule: TypeAlias = Callable[[Call], Shapes]


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
    left = number.high(given[place])
    found: list[Shape] = []
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
    known = next((each for each in shapes if each is not None and not _may_be_left_out(each)), None)
    if () in shapes:
        raise Mismatch("a tensor without dimensions is put together with others")
    if known is None:
        return (0,) if not shapes else None if None in shapes else (ANY_SIZE,)
    if len(known) != 1:
        shapes = [None if each is not None and _may_be_left_out(each) else each for each in shapes]
    place = at(call.whole("dim"), len(known))
    if place is None:
        return (ANY_SIZE,) * len(known)
    total, dims = _joined(shapes, place, known)
    dims[place] = total
    return tuple(dims)


def _may_be_left_out(given: tuple[Dim, ...]) -> bool:
    return len(given) == 1 and shape.may_be(given[0], 0)


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
    taken = 0
    shapes: list[Shape] = []
    places: list[int] = []
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


def diagonal(call: Call) -> Shapes:
    """`diagonal(offset, dim1, dim2)`."""
    given = call.shape(0)
    if given is None or len(given) < 2:
        return None
    one, other = at(call.whole("dim1"), len(given)), at(call.whole("dim2"), len(given))
    rest = tuple(dim for place, dim in enumerate(given) if place not in (one, other))
    return None if None in (one, other) else (*rest, ANY_SIZE)


def unique(call: Call) -> Shapes:
    """`_unique2`: the elements, places in them, counts."""
    given = call.shape(0)
    return Several(((ANY_SIZE,), given, (ANY_SIZE,)))


def packed(call: Call) -> Shapes:
    """`_pack_padded_sequence`: the steps of all sequences in a row, and how many sequences each has."""
    given = call.shape(0)
    return Several((None if given is None else (ANY_SIZE, *given[2:]), (ANY_SIZE,)))


def unpacked(call: Call) -> Shapes:
    """`_pad_packed_sequence`: steps and sequences as two dimensions, and the lengths."""
    given = call.shape(0)
    return Several((None if given is None else (ANY_SIZE, ANY_SIZE, *given[1:]), (ANY_SIZE,)))


RULES: Mapping[str, Rule] = {
    "_unique2": unique,
    "_pack_padded_sequence": packed,
    "_pad_packed_sequence": unpacked,
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
    "diagonal": diagonal,
}

"""The laws of the domains of graphs: joins are joins, numbers cover what is computed with, transfers are monotone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tsl.ir import abstract, device, dtype, number, shape
from tsl.ir.abstract import ANYTHING, NEVER, NONE, Constant, Many, Maybe, Sequence, Table, Tensor, Value, calmed, join
from tsl.ir.device import ANYWHERE, NOWHERE
from tsl.ir.graph import Node
from tsl.ir.graph import Value as Defined
from tsl.ir.kernels import Kernels
from tsl.ir.number import Dim, Size, named
from tsl.ir.operator import operator_of
from tsl.ir.schema import schemas
from tsl.ir.shape import IMPOSSIBLE, Shape

DEVICES = st.sampled_from([NOWHERE, ANYWHERE, "cpu", "cuda:0", "cuda:1"])
DTYPES = st.sampled_from([dtype.NONE, dtype.ANY, "bool", "int64", "float16", "float32", "float64", "complex64"])
SMALL = st.integers(0, 4)
DIMS: st.SearchStrategy[Dim] = st.one_of(
    SMALL,
    st.tuples(SMALL, SMALL).map(lambda pair: number.join(min(pair), max(pair))),
    st.sampled_from([named("n"), named("m", 1), number.ANY_SIZE, number.add(named("n"), 1)]),
)
SHAPES: st.SearchStrategy[Shape] = st.one_of(st.none(), st.just(IMPOSSIBLE), st.lists(DIMS, max_size=3).map(tuple))
ORIGINS = st.sets(st.integers(0, 9), max_size=3).map(lambda found: tuple(sorted(found)))
TENSORS = st.tuples(DEVICES, DTYPES, SHAPES, ORIGINS).map(lambda parts: Tensor(*parts))
PLAIN: st.SearchStrategy[Value] = st.one_of(
    st.sampled_from([NEVER, ANYTHING, NONE, Constant("int", 1), Constant("int", 3), Constant("bool", True)]),
    st.sampled_from([Constant("float", 1.0), Constant("str", "a"), Constant("bool", False)]),
    DIMS.map(abstract.number),
    TENSORS,
    st.tuples(DEVICES, ORIGINS, st.booleans()).map(lambda parts: abstract.On(*parts)),
    st.sampled_from(["a", "b"]).map(lambda site: abstract.Thing(site, "__torch__.Net", site)),
    st.sets(st.integers(0, 3), min_size=1, max_size=2).map(lambda sites: abstract.Cell(tuple(sorted(sites)), "List")),
)
VALUES: st.SearchStrategy[Value] = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2).map(lambda parts: Sequence("list", tuple(parts))),
        st.lists(inner, max_size=2).map(lambda parts: Sequence("tuple", tuple(parts))),
        st.tuples(inner, DIMS).map(lambda parts: Many("list", *parts)),
        inner.filter(lambda value: value not in (ANYTHING, NONE) and type(value) is not Maybe).map(Maybe),
        st.dictionaries(st.sampled_from("xy"), inner, max_size=2).map(
            lambda parts: Table(tuple((Constant("str", key), parts[key]) for key in sorted(parts)), NEVER)
        ),
    ),
    max_leaves=4,
)


@pytest.mark.parametrize(
    ("lattice", "values"),
    [(device.join, DEVICES), (dtype.join, DTYPES), (number.join, DIMS), (shape.join, SHAPES), (join, VALUES)],
    ids=["device", "dtype", "number", "shape", "value"],
)
def test_a_join_is_idempotent_commutative_and_associative(lattice: Any, values: st.SearchStrategy[Any]) -> None:
    @given(values, values, values)
    def holds(a: Any, b: Any, c: Any) -> None:
        assert lattice(a, a) == a
        assert lattice(a, b) == lattice(b, a)
        assert lattice(a, lattice(b, c)) == lattice(lattice(a, b), c)

    holds()


@given(VALUES, VALUES)
def test_the_widening_covers_what_it_widens(a: Value, b: Value) -> None:
    after = join(a, b)
    wide = calmed(a, after)
    assert join(wide, after) == wide


@given(st.lists(VALUES, min_size=1, max_size=3))
def test_the_widening_settles(steps: list[Value]) -> None:
    held = steps[0]
    for _ in range(6):
        before = held
        for step in steps:
            held = calmed(held, join(held, step))
        if held == before:
            return
    assert held == before


def concrete(dim: Dim, n: int, m: int) -> list[int]:
    """Numbers that a dim stands for, where the named ones are these."""
    if isinstance(dim, int):
        return [dim]
    if dim.terms is None:
        return [value for value in range(-3, 9) if dim.low <= value <= dim.high]
    total = 0
    for names, factor in dim.terms:
        term = factor
        for name in names:
            term *= {"n": n, "m": m}[name]
        total += term
    return [total]


OPERATIONS = {
    number.add: lambda a, b: a + b,
    number.sub: lambda a, b: a - b,
    number.mul: lambda a, b: a * b,
    number.floordiv: lambda a, b: a // b,
    number.mod: lambda a, b: a % b,
    number.smaller: min,
    number.larger: max,
    number.join: lambda a, b: a,
}


@pytest.mark.parametrize("on_dims", OPERATIONS, ids=lambda found: found.__name__)
def test_arithmetic_on_sizes_covers_arithmetic_on_numbers(on_dims: Any) -> None:
    @given(DIMS, DIMS, SMALL, st.integers(1, 4))
    def holds(a: Dim, b: Dim, n: int, m: int) -> None:
        found = on_dims(a, b)
        for one in concrete(a, n, m):
            for other in concrete(b, n, m):
                if on_dims in (number.floordiv, number.mod) and other < 1:
                    continue
                exact = OPERATIONS[on_dims](one, other)
                assert number.low(found) <= exact <= number.high(found)

    holds()


@given(DIMS, DIMS, SMALL, st.integers(1, 4))
def test_what_is_decided_of_sizes_is_so_for_all_numbers(a: Dim, b: Dim, n: int, m: int) -> None:
    pairs = [(one, other) for one in concrete(a, n, m) for other in concrete(b, n, m)]
    if number.is_same(a, b):
        assert all(one == other for one, other in pairs)
    if number.is_other(a, b):
        assert all(one != other for one, other in pairs)
    decided = number.less(a, b)
    if decided is not None:
        assert all((one < other) == decided for one, other in pairs)


KINDS = """
aten::add.Tensor aten::mul.Tensor aten::div.Tensor aten::eq.Tensor aten::relu aten::matmul aten::cat
aten::stack aten::index_select aten::transpose.int aten::unsqueeze aten::sum aten::mean.dim aten::to.other
aten::type_as aten::copy_ aten::where.self aten::expand_as aten::add_.Tensor aten::linear aten::embedding
aten::softmax.int aten::index.Tensor aten::masked_fill.Tensor aten::squeeze aten::flatten.using_ints
aten::lerp.Tensor aten::zeros_like aten::gather
""".split()


def tensor(of: Shape) -> Tensor:
    """A tensor of which the shape alone matters."""
    return Tensor("cpu", "float32", of, ())


def schema_of(kind: str) -> str:
    name, _, overload = kind.partition(".")
    return next(each.text for each in schemas().overloads(name) if each.overload == overload)


def called(text: str, tensors: list[Tensor]) -> tuple[Value, bool]:
    """What an operator makes of tensors, its other arguments being as they default; and whether it conflicts."""
    operator = operator_of(text)
    assert operator is not None
    given, rest = [], list(tensors)
    for argument in operator.schema.arguments:
        if argument.type.kind == "Tensor":
            given.append(rest.pop(0))
        elif argument.type.kind == "List" and "Tensor" in str(argument.type):
            given.append(Sequence("list", (rest.pop(0), rest.pop(0))))
        elif argument.type.kind == "Optional" or argument.default is None:
            given.append(Constant("int", 0) if argument.type.kind == "int" else NONE)
        else:
            given.append(abstract.constant(argument.default))
    inputs = tuple(
        Defined(place, argument.type, str(place)) for place, argument in enumerate(operator.schema.arguments)
    )
    node = Node(operator.kind, inputs, (Defined(99, operator.schema.returns[0].type, "r"),), schema=text)
    kernels = Kernels(lambda reason: 0)
    (made,) = kernels.call(operator, node, given, True, 0)
    return made, any(note.domain != "promotion" for notes in kernels.notes.values() for note in notes)


@pytest.mark.parametrize("kind", KINDS)
def test_who_knows_less_of_the_operands_knows_less_of_the_result(kind: str) -> None:
    text = schema_of(kind)

    @settings(max_examples=settings().max_examples * 3 // 5)
    @given(st.lists(TENSORS, min_size=4, max_size=4), st.lists(TENSORS, min_size=4, max_size=4))
    @example(
        [tensor((number.join(0, 1),)), tensor((number.join(0, 2),)), *[tensor(None)] * 2],
        [tensor((2,)), tensor((number.join(0, 2),)), *[tensor(None)] * 2],
    )
    @example([tensor((0,)), tensor((0,)), *[tensor(None)] * 2], [tensor(IMPOSSIBLE), tensor((1,)), *[tensor(None)] * 2])
    @example(
        [tensor((number.join(0, 1),)), tensor((number.join(0, 2),)), *[tensor(None)] * 2],
        [tensor(IMPOSSIBLE), *[tensor(None)] * 3],
    )
    @example([tensor((0,)), tensor((0,)), tensor(None), tensor(None)], [tensor(IMPOSSIBLE), *[tensor(None)] * 3])
    def holds(narrow: list[Tensor], other: list[Tensor]) -> None:
        wide = [join(a, b)._replace(origin=a.origin) for a, b in zip(narrow, other, strict=True)]
        (less, _), (more, conflicts) = called(text, narrow), called(text, wide)
        if conflicts:
            assert called(text, narrow)[1] or any(is_unreached(each) for each in narrow)
        assert join(less, more)._replace(origin=()) == more._replace(origin=()) or is_covered(less, more)

    holds()


def is_unreached(tensor: Tensor) -> bool:
    return tensor.device == NOWHERE or tensor.dtype == dtype.NONE or tensor.shape == IMPOSSIBLE


def is_covered(less: Tensor, more: Tensor) -> bool:
    """Whether a tensor covers another, sizes by their bounds: what is computed two ways may have two names."""
    if device.join(less.device, more.device) != more.device or dtype.join(less.dtype, more.dtype) != more.dtype:
        return False
    if more.shape is None or less.shape == IMPOSSIBLE:
        return True
    if less.shape is None or len(less.shape) != len(more.shape):
        return False
    pairs = zip(less.shape, more.shape, strict=True)
    return all(number.low(b) <= number.low(a) and number.high(a) <= number.high(b) for a, b in pairs)


@given(st.lists(TENSORS, min_size=2, max_size=2))
def test_a_tensor_that_may_be_anywhere_never_conflicts(tensors: list[Tensor]) -> None:
    text = schema_of("aten::add.Tensor")
    unknown = [tensors[0]._replace(device=ANYWHERE, shape=None, dtype=dtype.ANY), tensors[1]]
    assert not called(text, unknown)[1]


def test_a_size_prints_as_a_person_writes_it() -> None:
    n = named("n")
    assert str(number.sub(number.mul(n, 2), 1)) == "2*n - 1"
    assert [str(each) for each in (Size(0, number.MOST), Size(1, 8), Size(2, number.MOST))] == ["?", "1..8", "2.."]

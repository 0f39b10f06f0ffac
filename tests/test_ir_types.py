"""TorchScript's types: two spellings of one type, subtyping as torch has it, and laws that hold for any type."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsl.ir.types import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    NONE,
    SCALAR,
    STR,
    TENSOR,
    Type,
    TypeSyntaxError,
    is_subtype,
    list_of,
    optional,
    parse,
    tuple_of,
    unify,
)

POINT = Type("NamedTuple", (TENSOR, INT), "__torch__.net.Point", ("x", "n"))

BASE = st.sampled_from([TENSOR, INT, FLOAT, BOOL, STR, NONE, SCALAR, ANY, Type("Class", (), "__torch__.net.Net")])
TYPES = st.recursive(
    BASE,
    lambda inner: st.one_of(
        inner.map(list_of),
        inner.map(optional),
        st.lists(inner, max_size=3).map(lambda parts: tuple_of(*parts)),
        st.tuples(st.sampled_from([INT, STR]), inner).map(lambda pair: Type("Dict", pair)),
        inner.map(lambda type: Type("Future", (type,))),
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("text", "annotation", "graph"),
    [
        ("Tensor(a!)", "Tensor", "Tensor"),
        ("Tensor(a -> *)", "Tensor", "Tensor"),
        ("Tensor(a)[]", "List[Tensor]", "Tensor[]"),
        ("int[2]?", "Optional[List[int]]", "int[]?"),
        ("SymInt[]", "List[int]", "int[]"),
        ("ScalarType?", "Optional[int]", "int?"),
        ("Dict(str, t)(a!)", "Dict[str, t]", "Dict(str, t)"),
        ("Tuple[()]", "Tuple[()]", "()"),
        ("(Tensor, int[])", "Tuple[Tensor, List[int]]", "(Tensor, int[])"),
        ("Optional[Optional[Tensor]]", "Optional[Tensor]", "Tensor?"),
        ("Future[List[Tensor]]", "Future[List[Tensor]]", "Future[Tensor[]]"),
        ("Final[int]", "int", "int"),
        ("Scalar", "number", "Scalar"),
        ("__torch__.net.Net", "__torch__.net.Net", "__torch__.net.Net"),
        ("Enum<__torch__.net.Colour>", "__torch__.net.Colour", "Enum<__torch__.net.Colour>"),
    ],
)
def test_a_type_reads_from_schemas_archives_and_graphs_and_prints_as_both(text: str, annotation: str, graph: str):
    assert (str(parse(text)), parse(text).ir) == (annotation, graph)


@pytest.mark.parametrize(
    "text", ["", "List[", "List[int", "Dict[int]", "int]", "(Tensor", "...", "1", "a b", "[" * 999]
)
def test_what_is_no_type_is_said_to_be_none(text: str):
    with pytest.raises(TypeSyntaxError):
        parse(text)


def test_a_type_nested_too_deep_is_refused_and_not_recursed_into():
    with pytest.raises(TypeSyntaxError):
        parse("List[" * 10_000 + "int" + "]" * 10_000)


def test_the_archive_says_what_a_qualified_name_is():
    known = {"__torch__.net.Point": POINT}
    assert parse("List[__torch__.net.Point]", known.get) is list_of(POINT)
    assert POINT.ir == "NamedTuple(x : Tensor, n : int)"


@given(TYPES)
def test_both_spellings_read_back(type: Type):
    assert parse(str(type)) is type
    assert parse(type.ir) is type


@given(TYPES)
def test_equal_types_are_one_object_wherever_they_come_from(type: Type):
    assert Type(type.kind, type.arguments, type.name, type.fields) is type
    assert pickle.loads(pickle.dumps(type)) is type


@given(TYPES)
def test_every_type_is_a_subtype_of_itself_of_its_optional_and_of_any(type: Type):
    assert is_subtype(type, type)
    assert is_subtype(type, optional(type))
    assert is_subtype(type, ANY)


@given(TYPES, TYPES, TYPES)
def test_subtyping_is_transitive(one: Type, two: Type, three: Type):
    if is_subtype(one, two) and is_subtype(two, three):
        assert is_subtype(one, three)


@given(TYPES, TYPES)
def test_unifying_is_commutative_and_gives_a_type_of_both(one: Type, two: Type):
    unified = unify(one, two)
    assert unify(two, one) is unified or (unified is not None and is_subtype(one, two) and is_subtype(two, one))
    if unified is not None:
        assert is_subtype(one, unified)
        assert is_subtype(two, unified)


@pytest.mark.parametrize(
    ("type", "of", "holds"),
    [
        ("int", "Scalar", True),
        ("bool", "Scalar", False),
        ("int", "float", False),
        ("None", "Optional[Tensor]", True),
        ("Optional[Tensor]", "Tensor", False),
        ("List[int]", "List[Optional[int]]", False),
        ("Tuple[int, int]", "Tuple[Optional[int], int]", True),
        ("Tuple[int, int]", "Tuple[int]", False),
        ("List[int]", "Any", True),
        ("Union[int, str]", "Union[str, int, float]", True),
        ("Unknown", "Tensor", True),
    ],
)
def test_subtyping_is_torchs(type: str, of: str, holds: bool):
    assert is_subtype(parse(type), parse(of)) is holds


def test_a_named_tuple_is_a_tuple_and_a_tuple_is_no_named_tuple():
    assert is_subtype(POINT, tuple_of(TENSOR, INT))
    assert not is_subtype(tuple_of(TENSOR, INT), POINT)


def test_torch_agrees_about_every_pair_of_types():
    torch = pytest.importorskip("torch", reason="torch is not installed, so nothing can be asked")
    from itertools import product

    told = [
        "Tensor",
        "int",
        "bool",
        "float",
        "complex",
        "str",
        "NoneType",
        "Any",
        "int[]",
        "int?",
        "Tensor?",
        "Tensor?[]",
    ]
    told += ["(Tensor, int)", "(Tensor?, int)", "Dict(str, int)", "Dict(str, int?)", "Future(int)", "Scalar", "Device"]
    types = {text: torch._C.parse_ir(f"graph(%x : {text}):\n  return (%x)\n").inputs() for text in told}
    real = {text: next(iter(inputs)).type() for text, inputs in types.items()}
    for one, other in product(told, told):
        assert is_subtype(parse(one), parse(other)) == real[one].isSubtypeOf(real[other]), (one, other)

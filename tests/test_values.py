"""The laws of the abstract domain, and the transfer functions of operators."""

from __future__ import annotations

import _ast

from hypothesis import given
from hypothesis import strategies as st

from tsl.flow.lattice import TOP
from tsl.source import operators, values
from tsl.source.refs import External
from tsl.source.values import (
    DATA,
    DICT,
    INT,
    NONE,
    SEQ,
    SIZE,
    SIZES,
    TENSOR,
    TRACED,
    UNKNOWN,
    Value,
    constant,
    join,
    join_all,
    listing,
    reference,
    sequence,
    size,
    tensor,
)

PLAIN = st.one_of(
    st.sampled_from([0, 1, 2.5, True, "a", None]).map(constant),
    st.integers(0, 31).map(tensor),
    st.integers(0, 31).map(size),
    st.sampled_from([values.UNKNOWN_VALUE, values.INT_VALUE, values.LIST_VALUE, values.DICT_VALUE]),
    st.sampled_from("abcdefghij").map(lambda name: reference(External(name))),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(sequence),
        inner.map(listing),
        st.dictionaries(st.sampled_from("xy"), inner, max_size=2).map(lambda parts: Value(DICT, parts=parts)),
    ),
    max_leaves=5,
)
OPERATORS = st.sampled_from([_ast.Add(), _ast.Sub(), _ast.Mult(), _ast.Div(), _ast.FloorDiv(), _ast.Pow()])


@given(VALUES)
def test_a_value_joined_with_itself_is_itself(a: Value) -> None:
    assert join(a, a) == a


@given(VALUES, VALUES)
def test_the_join_does_not_depend_on_the_order(a: Value, b: Value) -> None:
    assert join(a, b) == join(b, a)


@given(PLAIN, PLAIN, PLAIN)
def test_the_join_of_plain_values_is_associative(a: Value, b: Value, c: Value) -> None:
    assert join(a, join(b, c)) == join(join(a, b), c)


@given(VALUES, VALUES)
def test_the_join_covers_both_sides(a: Value, b: Value) -> None:
    both = join(a, b)
    assert both.kind & a.kind == a.kind
    assert both.origin & b.origin == b.origin
    assert join(both, a).kind == both.kind


@given(PLAIN, PLAIN, PLAIN, OPERATORS)
def test_arithmetic_never_loses_a_doubt_or_a_traced_kind(a: Value, b: Value, c: Value, op: _ast.operator) -> None:
    narrow, wide = operators.binary(op, a, b), operators.binary(op, join(a, c), b)
    if not (a.kind | b.kind | c.kind) & (NONE | SEQ | values.STR | DICT | values.REF):
        assert narrow.kind & (TRACED | UNKNOWN) & ~wide.kind == 0
        assert narrow.origin & ~wide.origin == 0


def test_equal_values_are_one_key_whatever_their_trail() -> None:
    assert tensor(DATA, trail=(("here", "a tensor"),)) == tensor(DATA)
    assert len({tensor(DATA, trail=(("here", "a tensor"),)), tensor(DATA)}) == 1


def test_true_and_one_are_different_values() -> None:
    assert constant(True) != constant(1)


def test_ruling_out_the_tensor_rules_out_what_it_depended_on() -> None:
    either = join(tensor(DATA), listing(values.INT_VALUE))
    assert either.without(TENSOR).origin == 0


def test_lists_of_different_lengths_join_to_a_list_of_their_elements() -> None:
    joined = join(sequence([constant(1)]), sequence([constant(1), tensor(DATA)]))
    assert joined.parts is None
    assert joined.elements().kind == INT | TENSOR


def test_the_empty_list_adds_nothing_to_what_a_list_holds() -> None:
    joined = join(sequence([]), listing(tensor(DATA)))
    assert joined.elements().is_only(TENSOR)


def test_more_references_than_the_domain_holds_are_doubtful() -> None:
    many = join_all([reference(External(str(number))) for number in range(values.MAX_REFS + 1)])
    assert many.kind & UNKNOWN


def test_a_size_stays_traced_through_arithmetic_with_anything_but_a_tensor() -> None:
    for other in (constant(2), constant(0.5), values.UNKNOWN_VALUE):
        assert operators.binary(_ast.Mult(), size(SIZES), other).kind == SIZE
    assert operators.binary(_ast.Mult(), size(SIZES), tensor(DATA)).kind == TENSOR


def test_a_comparison_with_a_size_is_traced_and_with_plain_numbers_plain() -> None:
    assert operators.compare(_ast.Gt(), size(SIZES), constant(1)).kind == SIZE
    assert operators.compare(_ast.Gt(), values.INT_VALUE, constant(1)).kind == values.BOOL


def test_constants_fold_and_division_by_zero_does_not_crash() -> None:
    assert operators.binary(_ast.Add(), constant(1), constant(2)).const == 3
    assert operators.binary(_ast.FloorDiv(), constant(1), constant(0)).const is TOP

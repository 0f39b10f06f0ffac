"""The laws of tsl.flow: joins are joins, and the fixpoint loop finds the least fixpoint."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tsl.flow.lattice import TOP, flat, pointwise
from tsl.flow.solve import fixpoint

CONSTANTS = st.one_of(st.just(TOP), st.booleans(), st.integers(-2, 2), st.sampled_from([0.0, 1.0, "a", "", None]))
MAPS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 15))


def is_same(left: object, right: object) -> bool:
    return left is right or (type(left) is type(right) and left == right)


@given(CONSTANTS, CONSTANTS, CONSTANTS)
def test_the_flat_join_is_idempotent_commutative_and_associative(a: object, b: object, c: object) -> None:
    assert is_same(flat(a, a), a)
    assert is_same(flat(a, b), flat(b, a))
    assert is_same(flat(a, flat(b, c)), flat(flat(a, b), c))


def test_one_and_true_are_different_constants() -> None:
    assert flat(1, True) is TOP
    assert flat(1, 1.0) is TOP


@given(MAPS, MAPS, MAPS)
def test_the_pointwise_join_keeps_the_laws(a: dict[str, int], b: dict[str, int], c: dict[str, int]) -> None:
    def join(left: dict[str, int], right: dict[str, int]) -> dict[str, int]:
        return pointwise(left, right, int.__or__, lambda fact: fact)

    assert join(a, a) == a
    assert join(a, b) == join(b, a)
    assert join(a, join(b, c)) == join(join(a, b), c)


def test_an_absent_key_joins_with_what_absence_means() -> None:
    assert pointwise({"x": 1}, {}, int.__or__, lambda fact: fact | 8) == {"x": 9}


@given(st.sets(st.integers(0, 9), max_size=3))
def test_a_fixpoint_is_the_least_set_closed_under_the_step(start: set[int]) -> None:
    def step(state: frozenset[int]) -> frozenset[int]:
        return frozenset((number * 2) % 10 for number in state)

    solved, settled = fixpoint(frozenset(start), step, frozenset.union, frozenset.__eq__, rounds=20)
    closure = set(start)
    for _ in range(20):
        closure |= {(number * 2) % 10 for number in closure}
    assert settled
    assert solved == closure


def test_a_loop_that_needs_more_rounds_says_that_it_did_not_settle() -> None:
    solved, settled = fixpoint(0, lambda state: state + 1, max, int.__eq__, rounds=3)
    assert (solved, settled) == (3, False)

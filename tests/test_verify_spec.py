"""The language of --input: what a SPEC means, and what is said about one that means nothing. Needs no torch."""

from __future__ import annotations

import pytest

from tsl.entry.spec import Dim, InputSpec, parse


def fixed(*sizes: int) -> tuple[Dim, ...]:
    return tuple(Dim("", size, size) for size in sizes)


def test_an_input_has_a_name_a_dtype_and_sizes() -> None:
    assert parse("x=float32[1,3,224,224]") == (InputSpec("x", "float32", fixed(1, 3, 224, 224)),)


@pytest.mark.parametrize("text", ["float32[]", "float32"])
def test_an_input_may_have_no_name_and_no_dimensions(text: str) -> None:
    assert parse(text) == (InputSpec("", "float32"),)


@pytest.mark.parametrize(
    "text", ["x=f32[2,3],y=i64[2]", "x=f32[2, 3] y=i64[2]", " x=f32[2,3]; y=long[2] ", "x=f32[2,3]\ny=i64[2]"]
)
def test_inputs_stand_between_commas_semicolons_or_blanks(text: str) -> None:
    assert parse(text) == (InputSpec("x", "float32", fixed(2, 3)), InputSpec("y", "int64", fixed(2)))


def test_ranges_and_names_are_free_and_numbers_are_not() -> None:
    (one,) = parse("x=float32[1..8,3,H,W=32,D=4..64]")
    assert one.dims == (Dim("", 1, 8), Dim("", 3, 3), Dim("H"), Dim("W", 32, 32), Dim("D", 4, 64))
    assert [dim.free for dim in one.dims] == [True, False, True, True, True]


def test_a_size_is_everywhere_what_it_is_said_to_be_once() -> None:
    one, other = parse("x=float32[N,3] y=float32[N=4..9]")
    assert one.dims[0] == other.dims[0] == Dim("N", 4, 9)


def test_a_name_may_hold_digits() -> None:
    assert parse("x2=float32[N8]") == (InputSpec("x2", "float32", (Dim("N8"),)),)


def test_values_may_be_bounded() -> None:
    one, other = parse("tokens=int64[2]:0..31 x=float32[2]:-1.5..1e2")
    assert (one.low, one.high, other.low, other.high) == (0, 31, -1.5, 100)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "there is no input in ''; write NAME=DTYPE[DIM,...]"),
        ("x=float32[2", "'x=float32[2' is no input; write NAME=DTYPE[DIM,...]"),
        ("x=float33[2]", "there is no dtype 'float33'; did you mean float32?"),
        ("x[2]", "there is no dtype 'x'; write NAME=DTYPE[DIM,...]"),
        ("x=float32[2,,3]", "'' is no dimension; write 8, 1..8, N, N=8 or N=1..8"),
        ("x=float32[-1]", "'-1' is no dimension"),
        ("x=float32[..4]", "'..4' is no dimension"),
        ("x=float32[N=]", "'N=' is no dimension"),
        ("x=float32[N..4]", "'N..4' is no dimension"),
        ("x=float32[4..2]", "'4..2' holds nothing"),
        ("x=float32[2]:3..1", "3..1 holds nothing"),
        ("x=float32[N=2,N=3]", "N is said to be two different things; say it once"),
        ("x=float32[1] x=float32[1]", "x is given twice"),
    ],
)
def test_a_wrong_spec_is_one_line_that_helps(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"\A[^\n]+\Z") as raised:
        parse(text)
    assert words in str(raised.value)

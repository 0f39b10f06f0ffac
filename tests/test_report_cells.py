"""A source line as terminal cells, for any line."""

from __future__ import annotations

from itertools import pairwise
from unicodedata import category, east_asian_width

from hypothesis import given, settings
from hypothesis import strategies as st

from tsl.report.cells import ELLIPSIS, WIDTH, view, visible

PIECES = st.sampled_from(["word", " ", "\t", "温度", "ü", "e\u0301", "\x1b[2J", "\u202e", "\x85", "\udcff", "\u200b"])
LINES = st.lists(PIECES, max_size=80).map("".join)


def cells(text: str) -> int:
    """How many cells a terminal gives to a text."""
    return sum(0 if category(c) in ("Mn", "Cf") else 1 + (east_asian_width(c) in "WF") for c in text)


@settings(deadline=None)
@given(LINES, st.integers(0, 300), st.integers(0, 40))
def test_a_line_never_fills_more_cells_than_the_window(line: str, start: int, length: int) -> None:
    assert cells(view(line, start, start + length).text) <= WIDTH


@settings(deadline=None)
@given(LINES, st.integers(0, 300), st.integers(0, 40))
def test_a_place_on_the_line_is_always_in_view(line: str, start: int, length: int) -> None:
    start = min(start, len(line))
    shown = view(line, start, start + length)
    place = shown.cells(start, start + length)
    assert place
    assert 0 <= place[0] < place[1] <= cells(shown.text) + 1


@settings(deadline=None)
@given(LINES, st.integers(0, 300))
def test_columns_are_the_cells_before_each_character(line: str, start: int) -> None:
    shown = view(line, start, start + 1)
    head = len(ELLIPSIS) if shown.first else 0
    assert shown.columns[0] == head
    assert all(left <= right for left, right in pairwise(shown.columns))
    inner = shown.text[:-3] if shown.first + len(shown.columns) - 1 < len(line) else shown.text
    assert shown.columns[-1] == cells(inner)


@settings(deadline=None)
@given(st.text())
def test_visible_text_holds_nothing_a_terminal_acts_on(text: str) -> None:
    shown = visible(text)
    assert not any(category(c) in ("Cc", "Cs", "Zl", "Zp") or c in "\u202a\u202e\u2066\u2069\ufeff" for c in shown)
    assert len(shown) == len(text)

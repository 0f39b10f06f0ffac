"""The report for people, as whole texts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.specimens import BRANCH, EMPTY_BOOK, LINES, LOOP, NOTE, UNREADABLE, at, outcome
from tsl.diagnostic import Diagnostic, Label, Severity, Span
from tsl.outcome import Outcome
from tsl.report import render

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
SPANS = st.builds(Span, st.just("a.py"), *[st.integers(1, 14)] * 4)


def plain(run: Outcome, *, statistics: bool = False) -> str:
    return render("text", run, EMPTY_BOOK, color=False, statistics=statistics)


def shown(line: str, span: Span, *labels: Label) -> list[str]:
    """The excerpt of a finding on the only line of a file."""
    found = BRANCH._replace(span=span, labels=labels)
    report = plain(Outcome((found,), 1, 0, lines={span.path: [line]}))
    return [row[4:] for row in report.splitlines()[3:] if row.startswith(("1 |", "  |")) and row[4:]]


def test_a_finding_is_shown_with_its_story_and_its_remedy() -> None:
    assert (
        plain(outcome(BRANCH))
        == """\
error[TSL101] tensor-branch: tracing keeps only the branch its example input takes
 --> models/gate.py:7:12
  |
5 |     def forward(self, x, y):
  |                       - a tensor since here
6 |         total = x.sum()
  |         ----- its sum, still a tensor
7 |         if total > 0:
  |            ^^^^^^^^^
  |
  = help: use torch.where
  = more: tsl explain tensor-branch

Found 1 error in 1 file
"""
    )


def test_a_label_inside_the_place_hangs_below_it_and_a_gap_is_dotted() -> None:
    assert (
        plain(outcome(LOOP))
        == """\
warning[TSL112] size-loop: tracing unrolls the loop for the size of its example input
 --> models/gate.py:9:21
  |
5 |     def forward(self, x, y):
  |                       - a tensor since here
...
9 |         for step in range(x.size(0)):
  |                     ^^^^^^---------^
  |                           |
  |                           a size since here
  |
  = help: write the loop as one tensor operation
  = more: tsl explain size-loop

Found 1 warning in 1 file
"""
    )


def test_a_single_line_between_two_marked_ones_is_shown() -> None:
    found = BRANCH._replace(labels=BRANCH.labels[:1])
    assert plain(outcome(found)).splitlines()[3:8] == [
        "5 |     def forward(self, x, y):",
        "  |                       - a tensor since here",
        "6 |         total = x.sum()",
        "7 |         if total > 0:",
        "  |            ^^^^^^^^^",
    ]


def test_findings_are_sorted_by_place_and_a_rule_is_recommended_once() -> None:
    report = plain(outcome(NOTE, LOOP, BRANCH))
    assert [line for line in report.splitlines() if "[TSL" in line or "more:" in line] == [
        "error[TSL101] tensor-branch: tracing keeps only the branch its example input takes",
        "  = more: tsl explain tensor-branch",
        "warning[TSL112] size-loop: tracing unrolls the loop for the size of its example input",
        "  = more: tsl explain size-loop",
        "info[TSL112] size-loop: tracing unrolls the loop for the size of its example input",
    ]


def test_line_numbers_of_different_length_share_one_gutter() -> None:
    lines = ["x = 1"] * 9 + ["if x:"]
    found = BRANCH._replace(
        span=at(10, "x", path="a.py", lines=lines), labels=(Label(at(9, "x", path="a.py", lines=lines), "here"),)
    )
    report = plain(Outcome((found,), 1, 0, lines={"a.py": lines}))
    assert report.splitlines()[1:8] == [
        "  --> a.py:10:4",
        "   |",
        " 9 | x = 1",
        "   | - here",
        "10 | if x:",
        "   |    ^",
        "   |",
    ]


def test_labels_of_one_line_hang_in_turn() -> None:
    line = "z = first + second + third"
    labels = (Label(at(1, "first", lines=[line]), "one"), Label(at(1, "second", lines=[line]), "two"))
    assert shown(line, at(1, "third", lines=[line]), *labels) == [
        "z = first + second + third",
        "    -----   ------   ^^^^^",
        "    |       |",
        "    |       two",
        "    one",
    ]


def test_the_text_of_a_label_right_of_all_stands_beside_it() -> None:
    line = "z = first + second"
    label = Label(at(1, "second", lines=[line]), "two")
    assert shown(line, at(1, "first", lines=[line]), label) == ["z = first + second", "    ^^^^^   ------ two"]


def test_a_label_on_the_place_itself_keeps_the_caret() -> None:
    line = "z = first"
    span = at(1, "first", lines=[line])
    assert shown(line, span, Label(span, "a tensor")) == ["z = first", "    ^^^^^ a tensor"]


def test_a_label_that_is_told_twice_is_shown_once() -> None:
    line = "z = first"
    span = at(1, "first", lines=[line])
    assert shown(line, span, Label(span, "a tensor"), Label(span, "a tensor")) == ["z = first", "    ^^^^^ a tensor"]


def test_a_place_of_several_lines_is_underlined_on_each() -> None:
    lines = ["if (", "    x.sum() > 0", "", "    and y", "):"]
    found = BRANCH._replace(span=Span("a.py", 1, 4, 5, 2), labels=())
    report = plain(Outcome((found,), 1, 0, lines={"a.py": lines}))
    assert report.splitlines()[2:12] == [
        "  |",
        "1 | if (",
        "  |    ^",
        "2 |     x.sum() > 0",
        "  |     ^^^^^^^^^^^",
        "3 |",
        "4 |     and y",
        "  |     ^^^^^",
        "5 | ):",
        "  | ^",
    ]


def test_the_text_of_a_label_that_ends_on_an_empty_line_is_told() -> None:
    found = BRANCH._replace(span=Span("a.py", 1, 1, 1, 2), labels=(Label(Span("a.py", 1, 3, 2, 1), "a story"),))
    report = plain(Outcome((found,), 1, 0, lines={"a.py": ["x (", ""]}))
    assert "  | ^ - a story" in report.splitlines()


def test_a_very_long_place_is_shown_by_its_ends() -> None:
    lines = ["call(", *["    x,"] * 50, ")"]
    found = BRANCH._replace(span=Span("a.py", 1, 1, 52, 2), labels=())
    report = plain(Outcome((found,), 1, 0, lines={"a.py": lines}))
    assert report.splitlines()[3:8] == [" 1 | call(", "   | ^^^^^", "...", "52 | )", "   | ^"]


def test_carets_align_under_tabs() -> None:
    line = "\tif x:\ty"
    assert shown(line, at(1, "y", lines=[line])) == ["    if x:   y", "            ^"]


def test_carets_align_under_wide_and_combining_characters() -> None:
    line = "f('温度', 'e\u0301', x)"
    source, carets = shown(line, at(1, "x", lines=[line]))
    assert source == line
    assert carets == " " * 15 + "^"  # two ideographs fill four cells, the accent none


def test_a_wide_character_is_underlined_whole() -> None:
    line = "f('温度')"
    assert shown(line, at(1, "温度", lines=[line]))[1] == "   ^^^^"


@pytest.mark.parametrize("name", ["short", "x" * 40])
def test_a_long_line_is_windowed_around_the_caret(name: str) -> None:
    line = "call(" + "a, " * 60 + name + ", " + "b, " * 60 + ")"
    source, carets = shown(line, at(1, name, lines=[line]))
    assert len(source) <= 120
    assert source.startswith("...")
    assert source.endswith("...")
    assert source[carets.index("^") : carets.rindex("^") + 1] == name


def test_the_end_of_a_long_line_is_shown_to_its_last_character() -> None:
    line = "call(" + "a, " * 100 + "last)"
    source, carets = shown(line, at(1, "last", lines=[line]))
    assert source.endswith("a, last)")
    assert source[carets.index("^") :] == "last)"


def test_a_label_outside_the_window_names_its_column() -> None:
    line = "first(" + "a, " * 100 + "last)"
    rows = shown(line, at(1, "last", lines=[line]), Label(at(1, "first", lines=[line]), "a tensor"))
    assert rows[2] == "a tensor (column 1)"


def test_a_place_after_the_end_of_a_line_has_a_caret() -> None:
    assert shown("f(", Span("a.py", 1, 3, 1, 3)) == ["f(", "  ^"]


def test_a_line_that_itself_ends_in_dots_is_not_taken_for_a_window() -> None:
    assert shown("x = ...", Span("a.py", 1, 8, 1, 8)) == ["x = ...", "       ^"]


def test_the_line_ends_of_windows_are_not_shown() -> None:
    assert shown("if x:\r", Span("a.py", 1, 4, 1, 5)) == ["if x:", "   ^"]


def test_source_cannot_write_escape_codes_to_the_terminal() -> None:
    line = "x = '\x1b[2J\u202e' + y"
    source, carets = shown(line, at(1, "y", lines=[line]))
    assert source == "x = '\u241b[2J\N{REPLACEMENT CHARACTER}' + y"
    assert carets == " " * 14 + "^"


def test_a_message_or_path_cannot_write_escape_codes_either() -> None:
    found = BRANCH._replace(span=Span("a\x1bb.py", 1, 1, 1, 1), message="a\nb", help="\x07", labels=())
    for format in ("text", "concise"):
        report = render(format, Outcome((found,), 1, 0), EMPTY_BOOK, color=False, statistics=False)
        assert not re.search(r"[\x00-\x09\x0b-\x1f]", report)
        assert "a\u240ab" in report


def test_a_place_without_source_is_named() -> None:
    found = BRANCH._replace(span=Span("gone.py", 3, 5, 3, 9), labels=())
    assert (
        plain(outcome(found))
        == """\
error[TSL101] tensor-branch: tracing keeps only the branch its example input takes
 --> gone.py:3:5
  = help: use torch.where
  = more: tsl explain tensor-branch

Found 1 error in 1 file
"""
    )


def test_an_info_in_the_place_of_an_error_is_a_line_of_it() -> None:
    info = NOTE._replace(span=BRANCH.span, code="TSL411", rule="host-read", message="python waits")
    report = plain(outcome(info, BRANCH))
    assert "  = also: info[TSL411] host-read: python waits" in report.splitlines()
    assert report.count("-->") == 1
    assert report.endswith("Found 1 error and 1 info in 1 file\n")


def test_a_label_in_another_file_is_shown_there() -> None:
    found = BRANCH._replace(labels=(Label(Span("helper.py", 12, 5, 12, 11), "called from here"),))
    lines = {"models/gate.py": LINES, "helper.py": [""] * 11 + ["    helper(x)"]}
    report = plain(Outcome((found,), 2, 0, lines=lines))
    assert report.splitlines()[1:12] == [
        "  --> models/gate.py:7:12",
        "   |",
        " 7 |         if total > 0:",
        "   |            ^^^^^^^^^",
        "   |",
        "  ::: helper.py:12:5",
        "   |",
        "12 |     helper(x)",
        "   |     ------ called from here",
        "   |",
        "   = help: use torch.where",
    ]


def test_a_label_in_a_file_without_source_is_named() -> None:
    found = BRANCH._replace(labels=(Label(Span("helper.py", 12, 5, 12, 11), "called from here"),))
    assert " ::: helper.py:12:5 called from here" in plain(outcome(found)).splitlines()


@pytest.mark.parametrize(
    ("found", "more", "line"),
    [
        ((BRANCH, LOOP, NOTE), {}, "Found 1 error, 1 warning and 1 info in 1 file"),
        ((BRANCH, BRANCH, LOOP, LOOP), {"files": 304}, "Found 2 errors and 2 warnings in 304 files"),
        ((NOTE, NOTE), {"suppressed": 2}, "Found 2 infos in 1 file (2 suppressed)"),
        ((), {"files": 304}, "All clear: 304 files"),
        ((), {"files": 1, "suppressed": 1}, "All clear: 1 file (1 suppressed)"),
        ((), {"files": 0}, "Nothing to check: no files"),
        ((), {"files": 3, "failures": (UNREADABLE,)}, "Found nothing in 3 files (1 not checked)"),
        ((NOTE,), {"suppressed": 2, "failures": (UNREADABLE,)}, "Found 1 info in 1 file (2 suppressed, 1 not checked)"),
    ],
)
def test_the_summary_is_a_sentence(found: tuple[Diagnostic, ...], more: dict[str, object], line: str) -> None:
    for format in ("text", "concise"):
        report = render(format, outcome(*found, **more), EMPTY_BOOK, color=False, statistics=False)
        assert report.splitlines()[-1] == line


def test_concise_is_one_line_a_finding() -> None:
    report = render("concise", outcome(LOOP, BRANCH), EMPTY_BOOK, color=False, statistics=False)
    assert (
        report
        == """\
models/gate.py:7:12: error TSL101 [tensor-branch] tracing keeps only the branch its example input takes
models/gate.py:9:21: warning TSL112 [size-loop] tracing unrolls the loop for the size of its example input
Found 1 error and 1 warning in 1 file
"""
    )


def test_statistics_count_by_rule_the_most_frequent_first() -> None:
    report = render("concise", outcome(BRANCH, *[LOOP] * 11, NOTE), EMPTY_BOOK, color=False, statistics=True)
    assert report.splitlines()[13:] == [
        "count  code    rule           severity",
        "   12  TSL112  size-loop      11 warnings and 1 info",
        "    1  TSL101  tensor-branch  1 error",
        "Found 1 error, 11 warnings and 1 info in 1 file",
    ]


def test_statistics_stand_between_the_findings_and_the_summary() -> None:
    assert plain(outcome(BRANCH), statistics=True).splitlines()[-5:] == [
        "",
        "count  code    rule           severity",
        "    1  TSL101  tensor-branch  1 error",
        "",
        "Found 1 error in 1 file",
    ]


def test_statistics_of_nothing_are_nothing() -> None:
    assert plain(outcome(), statistics=True) == "All clear: 1 file\n"


@pytest.mark.parametrize("format", ["text", "concise"])
def test_colour_changes_no_character(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")  # colour is the caller's decision, already taken
    run = outcome(BRANCH, LOOP, NOTE, suppressed=3)
    plain = render(format, run, EMPTY_BOOK, color=False, statistics=True)
    coloured = render(format, run, EMPTY_BOOK, color=True, statistics=True)
    assert ESCAPE.sub("", coloured) == plain
    assert "\x1b[1;31m" in coloured


def test_severities_are_painted_apart() -> None:
    report = render("concise", outcome(BRANCH, LOOP, NOTE), EMPTY_BOOK, color=True, statistics=False)
    painted = {severity: re.search(rf"(\x1b\[[0-9;]*m){severity.label} TSL", report) for severity in Severity}
    assert all(painted.values())
    assert len({match[1] for match in painted.values() if match}) == len(Severity)


@settings(deadline=None)
@given(
    lines=st.lists(st.text("az .\t温\u0301\x1b", max_size=12), min_size=1, max_size=5),
    labels=st.lists(st.builds(Label, SPANS, st.sampled_from(["", "here", "there"])), max_size=4),
)
def test_no_labels_hide_the_place(lines: list[str], labels: list[Label]) -> None:
    """Whatever else is marked, and however wrongly, the caret is seen and every label is told."""
    place = Span("a.py", len(lines), len(lines[-1]) + 1, len(lines), len(lines[-1]) + 1)
    report = plain(Outcome((BRANCH._replace(span=place, labels=tuple(labels)),), 1, 0, lines={"a.py": lines}))
    assert re.search(r"^ +\| .*\^", report, re.M)
    assert all(label.text in report for label in labels)
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", report)

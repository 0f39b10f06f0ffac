"""Suppressions: what is one, what it silences, and what it did in vain."""

from __future__ import annotations

import sys

import pytest

from tests.checkout import ROOT, plain_environment, ready
from tsl.diagnostic import Diagnostic, Severity, Span
from tsl.suppress import Suppression, read, settle

CODES = {
    "tensor-branch": frozenset({"TSL101"}),
    "TSL101": frozenset({"TSL101"}),
    "TSL111": frozenset({"TSL111"}),
    "TSL1": frozenset({"TSL101", "TSL111"}),
}


def codes_of(name: str) -> frozenset[str]:
    return CODES.get(name, frozenset())


def finding(line: int, code: str = "TSL101", end: int | None = None) -> Diagnostic:
    return Diagnostic(Span("net.py", line, 1, end or line, 2), code, "", Severity.ERROR, "", "", "")


def only(text: str) -> Suppression:
    (suppression,) = read("net.py", text)
    return suppression


@pytest.mark.parametrize(
    ("comment", "names"),
    [
        ("# tsl: ignore", ()),
        ("# tsl: ignore the arms agree", ()),
        ("# tsl: ignore[tensor-branch]", ("tensor-branch",)),
        ("# tsl: ignore[tensor-branch, TSL111] the arms agree", ("tensor-branch", "TSL111")),
        ("#tsl:ignore[TSL101]", ("TSL101",)),
        ("# type: ignore  # tsl: ignore[TSL101]", ("TSL101",)),
        ("# noqa", ()),
        ("# NOQA", ()),
        ("# noqa: TSL101", ("TSL101",)),
        ("# noqa:tsl101", ("TSL101",)),
        ("# noqa : TSL101,E501", ("TSL101", "E501")),
        ("# noqa: TSL101 E501 because", ("TSL101", "E501")),
        ("# pragma: no cover  # noqa: TSL101", ("TSL101",)),
    ],
)
def test_a_comment_names_what_it_suppresses(comment: str, names: tuple[str, ...]) -> None:
    suppression = only(f"x = 1\nif x:  {comment}\n    pass\n")
    assert (suppression.names, suppression.span.line, suppression.fault) == (names, 2, "")


@pytest.mark.parametrize(
    "text",
    [
        "x = '# tsl: ignore'\n",
        '"""\n# tsl: ignore[TSL101]\n# noqa\n"""\n',
        "x = 1  # tsl: ignored\n",
        "x = 1  # tsl: ignore-line\n",
        'x = 1  # say "# tsl: ignore[name]" to accept it\n',
        "x = 1  # noqable\n",
        "x = 1  # ruff: noqa\n",
    ],
)
def test_other_text_is_no_suppression(text: str) -> None:
    assert read("net.py", text) == ()


def test_the_span_is_that_of_the_comment() -> None:
    text = "é = '日本'  # type: ignore  # tsl: ignore[TSL101] why\n"
    span = only(text).span
    assert text[span.column - 1 : span.end_column - 1] == "# tsl: ignore[TSL101] why"


@pytest.mark.parametrize(
    ("comment", "fault"),
    [
        ("# tsl: ignore[TSL101", "its bracket is not closed"),
        ("# tsl: ignore[]", "its brackets name no rule"),
        ("# tsl: ignore-file", "ignore-file stands on a line of its own"),
    ],
)
def test_a_comment_that_cannot_work_says_why(comment: str, fault: str) -> None:
    suppression = only(f"x = 1  {comment}\n")
    assert suppression.fault == fault
    assert not suppression.covers(finding(1))


def test_a_comment_covers_findings_that_begin_or_end_on_its_line() -> None:
    suppression = only("x = 1\ny = 2  # tsl: ignore\n")
    assert suppression.covers(finding(2))
    assert suppression.covers(finding(1, end=2))
    assert not suppression.covers(finding(1))
    assert not suppression.covers(finding(1, end=3))


def test_a_comment_on_a_file_covers_all_of_it() -> None:
    suppression = only("    # tsl: ignore-file[TSL101] generated\nx = 1\n")
    assert suppression.names == ("TSL101",)
    assert suppression.covers(finding(99))


def test_a_text_that_breaks_off_keeps_the_comments_before() -> None:
    assert only("x = 1  # tsl: ignore\ny = (\n").span.line == 1


def test_findings_are_silenced_by_name_by_code_and_by_prefix() -> None:
    found = [finding(1), finding(2), finding(3), finding(4), finding(4, "TSL111")]
    text = "a  # tsl: ignore[tensor-branch]\nb  # noqa: TSL101\nc  # tsl: ignore[TSL111]\nd  # tsl: ignore[TSL1]\n"
    settled = settle(found, read("net.py", text), codes_of)
    assert settled.silenced == (True, True, False, True, True)
    assert [idle.names for idle in settled.idle] == [("TSL111",)]


def test_a_comment_without_names_silences_every_rule() -> None:
    settled = settle([finding(1), finding(1, "TSL111")], read("net.py", "a  # tsl: ignore\n"), codes_of)
    assert settled.silenced == (True, True)
    assert settled.idle == ()


def test_of_several_names_those_that_did_nothing_are_told() -> None:
    settled = settle([finding(1)], read("net.py", "a  # tsl: ignore[tensor-branch, TSL111, misspelt]\n"), codes_of)
    assert settled.silenced == (True,)
    assert [idle.names for idle in settled.idle] == [("TSL111", "misspelt")]


def test_a_comment_that_does_nothing_is_told() -> None:
    text = "a  # tsl: ignore\nb  # noqa\n# tsl: ignore-file\n"
    assert len(settle([], read("net.py", text), codes_of).idle) == 3


def test_a_text_without_such_a_word_is_not_tokenised() -> None:
    program = "import sys, tsl.suppress as s; s.read('a', 'x = 1  # fine'); print('tokenize' in sys.modules)"
    environment = plain_environment(PYTHONPATH=str(ROOT))
    assert ready(sys.executable, "-c", program, cwd=ROOT, env=environment).strip() == "False"

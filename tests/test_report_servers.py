"""The reports for servers of continuous integration: GitLab's form, JUnit's, and Markdown."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from tests.specimens import BRANCH, EMPTY_BOOK, LOOP, NOTE, outcome
from tsl.outcome import Failure, Outcome
from tsl.report import render


def rendered(format: str, run: Outcome) -> str:
    return render(format, run, EMPTY_BOOK, color=False, statistics=False)


def test_gitlab_has_what_its_form_requires_of_each_finding() -> None:
    rows = json.loads(rendered("gitlab", outcome(BRANCH, LOOP, NOTE)))
    assert [row["severity"] for row in rows] == ["critical", "major", "info"]
    for row, found in zip(rows, (BRANCH, LOOP, NOTE), strict=True):
        assert set(row) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert row["location"]["path"] == found.span.path
        assert row["location"]["lines"]["begin"] == found.span.line


def test_gitlab_tells_equal_findings_apart() -> None:
    rows = json.loads(rendered("gitlab", outcome(BRANCH, BRANCH)))
    assert len({row["fingerprint"] for row in rows}) == 2


def test_junit_is_a_document_whose_counts_are_those_of_its_cases() -> None:
    run = outcome(BRANCH, LOOP, NOTE)._replace(failures=(Failure("gone.py", "cannot read <it>"),))
    root = ElementTree.fromstring(rendered("junit", run))
    assert root.tag == "testsuites"
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "3", "1")
    assert len(root.findall(".//failure")) == 3
    assert [error.get("message") for error in root.findall(".//error")] == ["cannot read <it>"]
    assert {case.get("classname") for case in root.findall(".//testcase")} >= {BRANCH.span.path}


def test_junit_of_a_clean_run_is_a_case_that_passes() -> None:
    root = ElementTree.fromstring(rendered("junit", outcome()))
    (case,) = root.findall(".//testcase")
    assert list(case) == []


def test_text_from_a_file_is_no_markup_in_a_report() -> None:
    odd = BRANCH._replace(message="a | b <script> `x < y|z` ]]> \x1b[0m & *bold*")
    root = ElementTree.fromstring(rendered("junit", outcome(odd)))
    assert "<script>" in str(root.find(".//failure").get("message"))  # type: ignore[union-attr]
    (row,) = [line for line in rendered("markdown", outcome(odd)).splitlines() if "TSL101" in line and "|" in line]
    assert "<script>" not in row
    assert "\x1b" not in row
    assert row.replace("\\|", "").count("|") == 4


def test_markdown_has_a_row_a_finding_and_a_remedy_a_rule() -> None:
    text = rendered("markdown", outcome(BRANCH, BRANCH, LOOP))
    assert text.count("| error TSL101") == 2
    assert text.count(f"- **{BRANCH.rule}**") == 1
    assert text.endswith("</details>\n")


def test_markdown_of_a_clean_run_says_so_in_one_line() -> None:
    assert rendered("markdown", outcome(files=3)) == "**tsl**: All clear: 3 files\n"

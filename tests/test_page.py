"""Pages: what is read from a rule's docstring, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkout import ROOT
from tests.specimens import TENSOR_BRANCH, rule_in
from tsl.page import CODE, Page, PageError, page_of, problems
from tsl.rule import CODE as RULE_CODE
from tsl.rulebook import load

PAGE = """\
Branch on the value of a tensor

Words before any section.

```text
a fence before any section
```

## What happens
Tracing keeps one branch.

## Example
```python
## a comment, no heading
if x.sum() > 0:  # TSL101
    return x
```
"""


def test_the_first_line_is_the_title_and_the_rest_the_body() -> None:
    page = Page.parse(PAGE)
    assert page.title == "Branch on the value of a tensor"
    assert page.body.startswith("Words before any section.")


def test_sections_know_their_title_text_and_line() -> None:
    page = Page.parse(PAGE)
    assert [(section.title, section.line) for section in page.sections] == [("What happens", 9), ("Example", 12)]
    assert page.sections[0].text == "Tracing keeps one branch."
    assert page.section("Use instead") is None


def test_a_heading_inside_a_fence_is_code() -> None:
    assert "## a comment, no heading" in Page.parse(PAGE).fences[1].code


def test_a_fence_knows_its_language_line_section_and_code() -> None:
    first, second = Page.parse(PAGE).fences
    assert (first.language, first.line, first.section) == ("text", 5, "")
    assert (second.language, second.line, second.section) == ("python", 13, "Example")
    assert second.code == "## a comment, no heading\nif x.sum() > 0:  # TSL101\n    return x\n"


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ("x  # TSL101", {"TSL101"}),
        ("x  #TSL101  ", {"TSL101"}),
        ("x  # TSL101, TSL111", {"TSL101", "TSL111"}),
        ("x  # TSL101,TSL111", {"TSL101", "TSL111"}),
        ("x  # tsl: ignore[tensor-branch] reason  # TSL901", {"TSL901"}),
        ("x  # ACME007", {"ACME007"}),
        ("x  # as TSL101 says", None),
        ("x  # TSL101 is wrong here", None),
        ("x  # noqa: TSL101", None),
        ("x  # tsl101", None),
        ("x  # TSL1010", None),
        ("x = 'TSL101'", None),
    ],
)
def test_a_marker_is_a_comment_of_codes_only(line: str, codes: set[str] | None) -> None:
    fence = Page.parse(f"Title\n```python\nfirst\n{line}\n```\n").fences[0]
    assert fence.expected() == ({2: codes} if codes else {})


def test_a_marker_names_what_a_rule_may_be_called() -> None:
    assert RULE_CODE.pattern == CODE


def test_an_indented_fence_loses_its_indent() -> None:
    fence = Page.parse("Title\n\n- item\n  ```python\n  if x:\n\n      y\n  ```\n").fences[0]
    assert fence.code == "if x:\n\n    y\n"


@pytest.mark.parametrize("text", ["", "\n", "## What happens\n", "```python\n```\n"])
def test_a_page_without_title_is_refused(text: str) -> None:
    with pytest.raises(PageError, match=r"^mine\.py: the page has no title"):
        Page.parse(text, "mine.py")


def test_an_unclosed_fence_is_refused_by_its_line() -> None:
    with pytest.raises(PageError, match=r"^mine\.py: the fence on line 3 of the docstring is not closed"):
        Page.parse("Title\n\n```python\ncode\n", "mine.py")


def test_a_rules_page_is_read_from_its_file(tmp_path: Path) -> None:
    assert page_of(rule_in(tmp_path, TENSOR_BRANCH)).title == "Branch on the value of a tensor"


def test_a_page_is_there_when_docstrings_are_stripped(tmp_path: Path) -> None:
    rule = rule_in(tmp_path, TENSOR_BRANCH)
    program = (
        "import sys; from tsl.page import page_of; from tsl.rule import Rule; from tsl.diagnostic import Severity;"
        "print(page_of(Rule('TSL101', 'tensor-branch', Severity.ERROR, '0.1', '', 'source', None, sys.argv[1])).title)"
    )
    command = [sys.executable, "-OO", "-c", program, rule.path]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "Branch on the value of a tensor\n"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: "\n".join(text.split("'''")[2:]), "has no page"),
        (lambda text: text.replace("  # TSL101", ""), "no fence marks a finding"),
        (lambda text: text.replace("```\n'''", "'''"), "is not closed"),
        (lambda text: text.replace("Branch on the value of a tensor", ""), "has no title"),
        (lambda text: text + "\n)", "cannot be read: unmatched"),
    ],
)
def test_a_rule_without_a_usable_page_is_refused_in_one_line_that_names_the_file(tmp_path, change, words) -> None:
    rule = rule_in(tmp_path, TENSOR_BRANCH)
    Path(rule.path).write_text(change(TENSOR_BRANCH), encoding="utf-8")
    with pytest.raises(PageError) as error:
        page_of(rule)
    message = str(error.value)
    assert message.startswith(rule.path)
    assert words in message
    assert "\n" not in message


def test_a_missing_rule_file_is_told(tmp_path: Path) -> None:
    rule = rule_in(tmp_path, TENSOR_BRANCH)
    Path(rule.path).unlink()
    with pytest.raises(PageError, match="cannot be read: No such file"):
        page_of(rule)


def test_a_rule_of_the_driver_needs_no_marker(tmp_path: Path) -> None:
    """What `file-too-large` finds, two megabytes of source, fits in no fence."""
    text = TENSOR_BRANCH.replace("  # TSL101", "")
    rule = rule_in(tmp_path, text)._replace(engine="driver")
    assert problems(page_of(rule), rule) == []


def test_a_page_in_form_has_no_problems(tmp_path: Path) -> None:
    rule = rule_in(tmp_path, TENSOR_BRANCH)
    assert problems(page_of(rule), rule) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("of a tensor\n", "of a tensor.\n", "the title ends with a stop"),
        ("## Use instead\n", "## Instead\n", "the sections What happens, Example, Use instead must"),
        ("## Use instead\n", "## Instead\n", "no page has a section 'Instead'"),
        ("## What happens\n", "## Use instead\n", "must each stand there once, in this order"),
        ("0:  # TSL101", "0:  # TSL102", "the section Example marks no line with # TSL101"),
        ("x, -x)\n", "x, -x)  # TSL101\n", "the section Use instead marks a finding"),
        (
            "## Example\n```python",
            "## Example\n```text",
            "the fence on line 10 has markers but is not python, ir, python archive, ir cuda, python archive cuda",
        ),
    ],
)
def test_a_break_of_a_convention_is_told(tmp_path: Path, old: str, new: str, words: str) -> None:
    rule = rule_in(tmp_path, TENSOR_BRANCH)
    Path(rule.path).write_text(TENSOR_BRANCH.replace(old, new), encoding="utf-8")
    told = problems(page_of(rule), rule)
    assert any(words in line for line in told)
    assert all(line.startswith(rule.path) for line in told)


def test_the_pages_of_tsls_own_rules_are_in_form() -> None:
    rules = load().rules
    assert rules
    assert [problem for rule in rules for problem in problems(page_of(rule), rule)] == []

"""Hard cases: every fence of fixtures/rules and every model of fixtures/models has exactly the findings it marks.

A known gap in fixtures/rules is a fence after a line `xfail: reason`; it must fail, so that closing it is noticed.
That the models lose what they mark is tests/test_fixture_models.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import ir_fences
from tests.checkout import ROOT
from tests.fences import RULEBOOK, Case, archive_fences_of, cases_of, codes_on
from tsl.page import Fence

PAGES = sorted((ROOT / "fixtures" / "rules").glob("*.md"))
MODELS = sorted((ROOT / "fixtures" / "models").glob("*.py"))
FEWEST_FENCES_IN_A_FAMILY = 10


def _family(page: Path) -> str:
    rule = RULEBOOK.find(page.stem)
    assert rule
    return rule.code[:4]


def cases() -> list[object]:
    """Each case as a parameter, the known gaps marked."""
    return [
        pytest.param(
            case,
            _family(page),
            id=f"{page.stem}-line-{case.line}",
            marks=pytest.mark.xfail(strict=True, reason=case.gap, raises=AssertionError) if case.gap else (),
        )
        for page in PAGES
        for case in cases_of(page)
    ]


@pytest.mark.parametrize(("case", "family"), cases())
def test_a_hard_case_has_exactly_the_findings_it_marks(case: Case, family: str) -> None:
    code, expected = case.fence.code, case.fence.expected()
    language = case.fence.language
    found = ir_fences.codes_on(code, language) if language in ir_fences.LANGUAGES else codes_on(code, family)
    assert found == expected


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_has_exactly_the_findings_it_marks(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert codes_on(text) == Fence("python", text, 0, "").expected()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_of_hard_cases_is_one_of_a_rule_and_holds_both_kinds(page: Path) -> None:
    rule = RULEBOOK.find(page.stem)
    assert rule
    marked = [fence.expected() for fence in (*(case.fence for case in cases_of(page)), *archive_fences_of(page))]
    assert any(rule.code in codes for lines in marked for codes in lines.values())
    assert any(not lines for lines in marked)


@pytest.mark.parametrize("family", ["TSL10", "TSL11", "TSL12", "TSL13", "TSL14", "TSL30", "TSL40", "TSL50"])
def test_a_family_has_many_hard_cases(family: str) -> None:
    held = [case for page in PAGES if page.stem in _names(family) for case in cases_of(page)]
    assert len(held) >= FEWEST_FENCES_IN_A_FAMILY


def test_there_are_models() -> None:
    assert MODELS


def _names(family: str) -> set[str]:
    return {rule.name for rule in RULEBOOK.rules if rule.code.startswith(family)}

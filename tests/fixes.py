"""The cases of fixtures/fixes: a program before a fix and after it, and how to see that it helped.

A page is named as its fix. The line `kind:` under its title says what tests/test_fixes_under_torch.py runs; a section
holds a `python` fence and a `python fixed` one, and its title ends with `(unsafe)` where the fix has to be asked for as
such. It will never hold an assertion.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.checkout import ROOT
from tsl.page import Page

PAGES = sorted((ROOT / "fixtures" / "fixes").glob("*.md"))
UNSAFE = "(unsafe)"


class FixCase(NamedTuple):
    """A program before and after the fix of a name."""

    name: str
    kind: str
    before: str
    after: str
    unsafe: bool


def cases() -> Iterator[FixCase]:
    """Every case there is."""
    for path in PAGES:
        page = Page.parse(path.read_text(encoding="utf-8").removeprefix("# "), str(path))
        kind = page.body.partition("kind: ")[2].partition("\n")[0]
        for before, after in zip(page.fences[::2], page.fences[1::2], strict=True):
            assert (before.language, after.language) == ("python", "python fixed")
            yield FixCase(path.stem, kind, before.code, after.code, before.section.endswith(UNSAFE))


def params(*kinds: str) -> list[object]:
    """The cases of some kinds, or all, as parameters of a test."""
    numbered = enumerate(case for case in cases() if not kinds or case.kind in kinds)
    return [pytest.param(case, id=f"{case.name}-{number}") for number, case in numbered]

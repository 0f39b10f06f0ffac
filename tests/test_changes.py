"""Changelog fragments are of a known kind and say something."""

from __future__ import annotations

import re

from tests.checkout import ROOT

README = (ROOT / "changes" / "README.md").read_text(encoding="utf-8")
KINDS = tuple(re.findall(r"^\| `([a-z-]+)` \|", README, re.M))


def test_the_kinds_are_those_of_the_changelog() -> None:
    assert set(KINDS) == {"new-rule", "false-positive", "false-negative", "crash", "speed", "other"}


def test_every_fragment_has_a_kind_and_a_sentence() -> None:
    for path in (ROOT / "changes").iterdir():
        if path.name == "README.md":
            continue
        assert re.fullmatch(rf"(?:{'|'.join(KINDS)})-[a-z0-9-]+\.md", path.name), f"changes/{path.name} has no kind"
        text = path.read_text(encoding="utf-8").strip()
        assert text.endswith((".", "```")), f"changes/{path.name} is no sentence"

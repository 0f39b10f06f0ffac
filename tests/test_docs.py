"""The pages in docs/rules are those of the rules, as scripts/build_docs.py writes them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.checkout import ROOT, run

SCRIPT = ROOT / "scripts" / "build_docs.py"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A directory the script has just written."""
    done = run(sys.executable, SCRIPT, tmp_path / "rules", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    return tmp_path / "rules"


def test_the_pages_in_docs_are_fresh() -> None:
    done = run(sys.executable, SCRIPT, "--check", cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_rule_has_a_page_and_a_row_in_the_index(docs: Path) -> None:
    rules = sorted(path.stem.replace("_", "-") for path in (ROOT / "rules").glob("[!_]*.py"))
    index = (docs / "README.md").read_text(encoding="utf-8")
    assert rules
    assert sorted(path.stem for path in docs.glob("*.md") if path.name != "README.md") == rules
    assert [name for name in rules if f"[{name}]({name}.md)" not in index] == []


def test_a_stale_a_missing_and_a_left_over_page_are_named(docs: Path) -> None:
    stale, missing, *_ = sorted(path for path in docs.glob("*.md") if path.name != "README.md")
    stale.write_text("changed by hand", encoding="utf-8")
    missing.unlink()
    (docs / "gone-rule.md").write_text("of a rule that is no more", encoding="utf-8")
    done = run(sys.executable, SCRIPT, "--check", docs, cwd=ROOT)
    assert done.returncode == 1
    assert [line.partition(" is stale")[0] for line in done.stderr.splitlines()] == sorted(
        str(path) for path in (stale, missing, docs / "gone-rule.md")
    )


def test_writing_again_repairs_what_was_stale(docs: Path) -> None:
    page = next(path for path in sorted(docs.glob("*.md")))
    before = page.read_bytes()
    page.write_text("changed by hand", encoding="utf-8")
    (docs / "gone-rule.md").write_text("of a rule that is no more", encoding="utf-8")
    assert run(sys.executable, SCRIPT, docs, cwd=ROOT).returncode == 0
    assert page.read_bytes() == before
    assert not (docs / "gone-rule.md").exists()

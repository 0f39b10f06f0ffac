"""README.md shows what tsl says, names what exists, and documents every configuration key."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.checkout import ROOT, plain_environment, run

SCRIPT = ROOT / "scripts" / "refresh_examples.py"
ENVIRONMENT = plain_environment(PYTHONPATH=str(ROOT))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "benchmarks" / "README.md"]


def test_the_examples_are_what_tsl_prints() -> None:
    done = run(sys.executable, SCRIPT, "--check", cwd=ROOT, env=ENVIRONMENT)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_stale_example_is_named_and_written_anew(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- run: tsl --version -->\n```console\n$ tsl --version\ntsl 0.0.0\n```\n", encoding="utf-8")
    command = (sys.executable, SCRIPT, page)
    stale = run(*command, "--check", cwd=ROOT, env=ENVIRONMENT)
    assert (stale.returncode, stale.stderr) == (1, "page.md: its examples are stale; run make bless\n")
    assert run(*command, cwd=ROOT, env=ENVIRONMENT).returncode == 0
    assert run(*command, "--check", cwd=ROOT, env=ENVIRONMENT).returncode == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_within_the_checkout_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_configuration_keys_are_those_tsl_reads() -> None:
    from tsl.config import KEYS

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text[text.index("## Configuration") : text.index("## How it compares")]
    assert set(re.findall(r"^\| `([a-z-]+)`", table, re.M)) == set(KEYS)


def test_the_configuration_example_is_valid(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (tmp_path / "model.py").write_text("import torch\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(re.findall(r"```toml\n(.*?)```", text, re.S)[0], encoding="utf-8")
    done = run(sys.executable, "-m", "tsl", "check", cwd=tmp_path, env=ENVIRONMENT)
    assert (done.returncode, done.stderr) == (0, "")

"""docs/adding-a-rule.md does what it says: its files are written, its command is run, its output compared."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.checkout import ROOT, plain_environment, run

TEXT = (ROOT / "docs" / "adding-a-rule.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^<!-- (file|run): (.+?) -->\n(`{3,})\w*\n(.*?)^\3\n", re.M | re.S)
ENVIRONMENT = plain_environment(PYTHONPATH=str(ROOT))


@pytest.fixture
def followed(tmp_path: Path) -> Path:
    """A directory in which a reader has done what the page says."""
    for kind, name, _, body in BLOCK.findall(TEXT):
        if kind == "file":
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(body, encoding="utf-8")
    return tmp_path


def test_the_worked_example_prints_what_the_page_shows(followed: Path) -> None:
    runs = [(command, body) for kind, command, _, body in BLOCK.findall(TEXT) if kind == "run"]
    assert runs
    for command, body in runs:
        program, *arguments = shlex.split(command)
        assert program == "tsl"
        done = run(sys.executable, "-m", "tsl", *arguments, cwd=followed, env=ENVIRONMENT)
        assert (done.stdout, done.stderr) == (body, "")


def test_the_worked_example_is_explained(followed: Path) -> None:
    done = run(sys.executable, "-m", "tsl", "explain", "size-in-text", cwd=followed, env=ENVIRONMENT)
    assert "Size of an input formatted into a string" in done.stdout
    assert done.returncode == 0


def test_every_way_and_query_the_page_names_exists() -> None:
    from tsl.source import facts, ways

    asked = re.search(r"## What a rule may ask(.*?)^## ", TEXT, re.M | re.S)
    assert asked
    assert {"range", "len"} <= set(ways.WAYS)
    for owner, name in re.findall(r"`(function|use)\.(\w+)", asked[1]):
        assert hasattr(facts.Function if owner == "function" else facts.Use, name), f"{owner}.{name}"

"""What starting tsl may load: nothing heavy, because a hook runs it on every commit."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.checkout import ROOT, plain_environment, run

HEAVY = frozenset({"torch", "numpy", "libcst", "networkx", "graphviz", "rich", "pathspec", "multiprocessing"})
SLOW = frozenset({"dataclasses", "json", "tomllib", "tomli", "hashlib", "difflib", "inspect", "tokenize", "subprocess"})

MODEL = """
import torch


class Net(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.sum() > 0:
            return x
        return -x
"""


def imported(*arguments: str, cwd: Path = ROOT) -> frozenset[str]:
    """Top-level names of the modules a Python command loads beyond what `python -c pass` loads by itself."""

    def loaded(*command: str) -> set[str]:
        done = run(sys.executable, "-X", "importtime", *command, cwd=cwd, env=plain_environment(PYTHONPATH=str(ROOT)))
        assert done.returncode in (0, 1), done.stderr
        lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
        return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines[1:]}

    return frozenset(loaded(*arguments) - loaded("-c", "pass"))


def test_importtime_sees_what_is_imported() -> None:
    assert "json" in imported("-c", "import json")


@pytest.mark.parametrize("name", sorted(HEAVY | SLOW))
def test_version_does_not_load(name: str, version_modules: frozenset[str]) -> None:
    assert name not in version_modules


@pytest.fixture(scope="module")
def version_modules() -> frozenset[str]:
    return imported("-m", "tsl", "--version")


def test_importing_tsl_loads_no_engine() -> None:
    assert not {name for name in imported("-c", "import tsl") if name in HEAVY | SLOW | {"argparse", "ast"}}


@pytest.mark.parametrize("form", ["concise", "github"])
def test_a_check_with_a_finding_loads_nothing_heavy(tmp_path: Path, form: str) -> None:
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    loaded = imported("-m", "tsl", "check", "--isolated", "--no-cache", "--format", form, "model.py", cwd=tmp_path)
    assert "tsl" in loaded
    assert not loaded & (HEAVY | {"dataclasses", "json", "tomllib", "tomli"})


def test_reading_a_configuration_loads_no_report_or_engine_library(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.tsl]\nignore = ["tensor-branch"]\n', encoding="utf-8")
    loaded = imported("-m", "tsl", "check", "--no-cache", "--format", "concise", "model.py", cwd=tmp_path)
    assert not loaded & (HEAVY - {"pathspec"})

"""A project in a temporary directory, and the command line run in it as a user runs it.

Needs nothing but tsl. It will never hold an assertion about tsl.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import settings

from tests.checkout import ROOT
from tsl.cli import main

# A change must not pass or fail by luck: the tests draw the same examples every time, and `make laws` draws new ones.
settings.register_profile("same", derandomize=True, database=None)
settings.register_profile("search", max_examples=2000, deadline=None)
settings.load_profile("same")

BRANCH = """\
import torch


class Net(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x
        return -x
"""
BRANCH_LINE = 6
CLEAN = """\
import torch


class Net(torch.nn.Module):
    def forward(self, x):
        return torch.relu(x)
"""


class Done(NamedTuple):
    """What a command left: its exit code and what it said."""

    code: int
    out: str
    err: str

    @property
    def findings(self) -> list[dict[str, Any]]:
        """The diagnostics of a JSON report."""
        found = json.loads(self.out)["diagnostics"]
        assert isinstance(found, list)
        return found

    @property
    def places(self) -> list[tuple[str, int, str]]:
        """Path, line and code of each finding of a JSON report."""
        return [(found["path"], found["line"], found["code"]) for found in self.findings]

    @property
    def codes(self) -> list[str]:
        """The codes of a JSON report, in its order."""
        return [found["code"] for found in self.findings]


class Project:
    """A directory with files in it, which is the working directory."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self._monkeypatch, self._capsys = root, monkeypatch, capsys

    def write(self, name: str, content: str | bytes = "") -> Path:
        """Puts a file into the project."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def tsl(self, *arguments: str, stdin: bytes = b"") -> Done:
        """What a command does, without a cache unless the arguments speak of one."""
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        self._capsys.readouterr()
        code = main(arguments)
        said = self._capsys.readouterr()
        return Done(code, said.out, said.err)

    def check(self, *arguments: str, stdin: bytes = b"") -> Done:
        """What `tsl check` finds, as JSON and from no cache."""
        return self.tsl("check", "--no-cache", "--format", "json", *arguments, stdin=stdin)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    """An empty project, in a terminal that asks for nothing."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TSL_DEBUG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    assert os.getcwd() == str(tmp_path)
    return Project(tmp_path, monkeypatch, capsys)


@pytest.fixture(scope="session")
def small_zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of archives that torch has just exported."""
    directory = tmp_path_factory.mktemp("zoo")
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "zoo.py", "--small", directory],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return directory

"""The checkout under test: its files as they stand, committed or not, and copies of it that tests may install.

Needs git for `copied`. It will never hold an assertion about tsl.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FIXTURE = ROOT / "fixtures" / "models"


def plain_environment(**more: str) -> dict[str, str]:
    """This process's environment without what would lead a child to another Python path or another git repository."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTHON", "VIRTUAL_ENV"))}
    return {**kept, **more}


def run(
    *command: str | Path, cwd: Path, env: Mapping[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """The finished process of a command, its output as text, whatever its exit code."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=dict(env) if env is not None else plain_environment(),
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def ready(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """The standard output of a command that must succeed; the test fails with all it said where it does not."""
    done = run(*command, cwd=cwd, env=env)
    if done.returncode:
        said = f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        pytest.fail(said, pytrace=False)
    return done.stdout


def committed(directory: Path) -> str:
    """The commit a directory's files are put into, in a new git repository there."""
    author = ("-c", "user.name=tsl", "-c", "user.email=tsl@example.invalid", "-c", "commit.gpgsign=false")
    ready("git", "init", "--quiet", "--initial-branch=main", cwd=directory)
    ready("git", "add", "--all", cwd=directory)
    ready("git", *author, "commit", "--quiet", "--no-verify", "--message", "as it stands", cwd=directory)
    return ready("git", "rev-parse", "HEAD", cwd=directory).strip()


def copied(target: Path) -> Path:
    """`target`, now holding a copy of the files of the checkout, uncommitted ones included and ignored ones not.

    The corpus stays behind: it is large and no installation needs it.
    """
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    if listed.returncode:
        pytest.skip("copying the checkout needs git and a git checkout")
    for name in filter(None, listed.stdout.split("\0")):
        source = ROOT / name
        if name.startswith("corpus/") or not source.is_file():
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target / name)
    return target

"""The hook, run by the real pre-commit in a temporary git repository that uses this checkout as its hook repository.

pre-commit builds the hook's environment itself, so these tests need a package index; they share one environment.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkout import ROOT, committed, copied, plain_environment, ready, run

CLEAN = '''
import torch


class Block{number}(torch.nn.Module):
    """Nothing tracing would lose."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x) + x.mean()
'''

FINDING = """
import torch


class Gate(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.mean() > 0.5:
            return x
        return -x
"""

CONFIG = """
repos:
  - repo: {checkout}
    rev: {commit}
    hooks:
      - id: tsl
"""


class Hook:
    """pre-commit set up once; `fresh` makes a repository whose hook it is, `run` runs the hook on all its files."""

    def __init__(self, home: Path, checkout: Path) -> None:
        self.home, self.checkout = home, checkout
        self.commit = committed(checkout)
        self.environment = plain_environment(PRE_COMMIT_HOME=str(home), PRE_COMMIT_COLOR="never")

    def fresh(self, directory: Path, files: dict[str, str], options: str = "") -> Path:
        config = CONFIG.format(checkout=self.checkout, commit=self.commit) + options
        for name, text in {**files, ".pre-commit-config.yaml": config}.items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_text(text, encoding="utf-8")
        committed(directory)
        return directory

    def run(self, repository: Path) -> subprocess.CompletedProcess[str]:
        command = (sys.executable, "-m", "pre_commit", "run", "--all-files", "--verbose")
        return run(*command, cwd=repository, env=self.environment)


@pytest.fixture(scope="module")
def hook(tmp_path_factory: pytest.TempPathFactory) -> Hook:
    if shutil.which("git") is None:
        pytest.skip("pre-commit needs git")
    return Hook(tmp_path_factory.mktemp("home"), copied(tmp_path_factory.mktemp("hooks")))


def test_a_finding_fails_the_commit_and_is_shown(hook: Hook, tmp_path: Path) -> None:
    done = hook.run(hook.fresh(tmp_path, {"models/gate.py": FINDING, "models/block.py": CLEAN.format(number=0)}))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "TSL101" in done.stdout
    assert "gate.py" in done.stdout
    assert "if x.mean() > 0.5" in done.stdout


def test_a_clean_repository_passes(hook: Hook, tmp_path: Path) -> None:
    done = hook.run(hook.fresh(tmp_path, {"block.py": CLEAN.format(number=0)}))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout


def test_a_run_leaves_nothing_for_git_to_see(hook: Hook, tmp_path: Path) -> None:
    repository = hook.fresh(tmp_path, {"block.py": CLEAN.format(number=0), "gate.py": FINDING})
    hook.run(repository)
    assert ready("git", "status", "--porcelain", cwd=repository) == ""


def test_a_repository_without_python_passes(hook: Hook, tmp_path: Path) -> None:
    done = hook.run(hook.fresh(tmp_path, {"README.md": "nothing to check\n"}))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no files to check" in done.stdout


def test_a_hook_that_is_always_run_without_files_passes(hook: Hook, tmp_path: Path) -> None:
    """With `always_run` pre-commit calls the hook even when no file matches, and then with no argument."""
    done = hook.run(hook.fresh(tmp_path, {"README.md": "nothing\n"}, "        always_run: true\n"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout


def test_many_files_pass(hook: Hook, tmp_path: Path) -> None:
    """More names than one command line of pre-commit holds, so that the hook is called in batches."""
    long = "a_directory_with_a_name_long_enough_to_fill_command_lines_" * 4
    files = {f"{long}/block{number}.py": CLEAN.format(number=number) for number in range(700)}
    done = hook.run(hook.fresh(tmp_path / "clean", files))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout
    done = hook.run(hook.fresh(tmp_path / "finding", {**files, f"{long}/gate.py": FINDING}))
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.count("TSL101") == 1


def test_arguments_reach_tsl(hook: Hook, tmp_path: Path) -> None:
    done = hook.run(hook.fresh(tmp_path, {"gate.py": FINDING}, "        args: [--ignore, tensor-branch]\n"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hook_has_no_torch_and_needs_none(hook: Hook, tmp_path: Path) -> None:
    hook.run(hook.fresh(tmp_path, {"block.py": CLEAN.format(number=0)}))
    pythons = [python for python in hook.home.glob("repo*/py_env-*/bin/python") if python.with_name("tsl").exists()]
    assert len(pythons) == 1
    assert "No module named 'torch'" in run(pythons[0], "-c", "import torch", cwd=tmp_path).stderr
    command = (pythons[0], "-X", "importtime", "-m", "tsl", "check", "block.py")
    modules = {line.rpartition("|")[2].strip() for line in run(*command, cwd=tmp_path).stderr.splitlines()}
    assert "tsl.check" in modules
    assert not {name for name in modules if name.partition(".")[0] in {"torch", "numpy"}}


def test_the_manifest_is_valid() -> None:
    manifest = ROOT / ".pre-commit-hooks.yaml"
    ready(sys.executable, "-m", "pre_commit", "validate-manifest", manifest, cwd=ROOT)

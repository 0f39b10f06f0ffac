"""tsl as it is installed: wheel, editable, bare checkout, and under -OO; never with torch.

The virtual environments are fresh and hold the base dependencies alone, so these tests need a package index.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from tests.checkout import FIXTURE, ROOT, copied, plain_environment, ready, run

PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")


def rule_names() -> set[str]:
    return {path.stem.replace("_", "-") for path in (ROOT / "rules").glob("*.py") if not path.stem.startswith("_")}


def fresh(directory: Path) -> Path:
    """The interpreter of a new virtual environment."""
    ready(sys.executable, "-m", "venv", directory, cwd=directory.parent)
    return directory / ("Scripts" if sys.platform == "win32" else "bin") / "python"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    ready(sys.executable, *PIP, "wheel", "--no-deps", "--wheel-dir", target, source, cwd=target)
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    python = fresh(tmp_path_factory.mktemp("installed") / "venv")
    ready(python, *PIP, "install", wheel, cwd=wheel.parent)
    return python


@pytest.fixture(scope="module")
def editable(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    python = fresh(tmp_path_factory.mktemp("editable") / "venv")
    ready(python, *PIP, "install", "--editable", source, cwd=source.parent)
    return python


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A directory with one model in it, far from the checkout."""
    text = "import torch\n\n\nclass Gate(torch.nn.Module):\n    def forward(self, x):\n"
    text += "        if x.sum() > 0:\n            return x\n        return -x\n"
    (tmp_path / "gate.py").write_text(text, encoding="utf-8")
    return tmp_path


def assert_tsl_works(tsl: tuple[str | Path, ...], cwd: Path, **more: str) -> None:
    """The whole road once: all rules load, one is explained, a model is judged."""
    environment = plain_environment(**more)
    listed = ready(*tsl, "rules", cwd=cwd, env=environment)
    assert {name for name in rule_names() if name not in listed} == set()
    assert "TSL101" in ready(*tsl, "explain", "tensor-branch", cwd=cwd, env=environment)
    done = run(*tsl, "check", "--no-cache", "--format", "concise", "gate.py", cwd=cwd, env=environment)
    assert (done.returncode, done.stderr) == (1, "")
    assert "gate.py:6:" in done.stdout
    assert "TSL101" in done.stdout


def test_the_wheel_holds_the_rules_the_types_marker_and_nothing_beside_tsl(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {Path(name).stem.replace("_", "-") for name in names if name.startswith("tsl/rules/")} >= rule_names()
    assert "tsl/py.typed" in names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"tsl", "torchscript_lint"}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_is_of_this_version(wheel: Path) -> None:
    version = ready(sys.executable, "-c", "import tsl; print(tsl.__version__)", cwd=ROOT).strip()
    assert wheel.name == f"torchscript_lint-{version}-py3-none-any.whl"


def test_the_wheel_works_from_another_directory(installed: Path, elsewhere: Path) -> None:
    assert_tsl_works((installed.with_name("tsl"),), elsewhere)


def test_the_base_installation_has_no_torch_and_does_not_miss_it(installed: Path, elsewhere: Path) -> None:
    absent = run(installed, "-c", "import torch", cwd=elsewhere)
    assert "No module named 'torch'" in absent.stderr
    models = sorted(FIXTURE.glob("*.py"))
    assert models
    done = run(installed.with_name("tsl"), "check", "--no-cache", *models, cwd=elsewhere)
    assert (done.returncode, done.stderr) == (1, "")


def test_rules_are_explained_without_docstrings(installed: Path, elsewhere: Path) -> None:
    """-OO strips `__doc__`; pages are read from the files' text."""
    plain = ready(installed, "-m", "tsl", "explain", "TSL101", cwd=elsewhere)
    assert ready(installed, "-OO", "-m", "tsl", "explain", "TSL101", cwd=elsewhere) == plain
    assert_tsl_works((installed, "-OO", "-m", "tsl"), elsewhere)


def test_an_editable_installation_works(editable: Path, elsewhere: Path) -> None:
    assert_tsl_works((editable.with_name("tsl"),), elsewhere)


def test_an_editable_installation_sees_a_changed_rule(editable: Path, source: Path, elsewhere: Path) -> None:
    """The rules of the checkout are read, not a copy made while installing."""
    rule = source / "rules" / "tensor_branch.py"
    before = rule.read_text(encoding="utf-8")
    # A line more: Python tells stale byte code by time to the second and by length.
    rule.write_text(before.replace("TSL101", "TSL199") + "\n", encoding="utf-8")
    try:
        done = run(editable.with_name("tsl"), "check", "--no-cache", "--format", "concise", "gate.py", cwd=elsewhere)
    finally:
        rule.write_text(before, encoding="utf-8")
    assert "TSL199" in done.stdout


def test_a_bare_checkout_works(installed: Path, source: Path, elsewhere: Path) -> None:
    """`python -m tsl` straight from a clone, its libraries present and tsl itself not installed."""
    python = fresh(elsewhere / "venv")
    ready(python, *PIP, "install", *requirements(installed), cwd=elsewhere)
    assert_tsl_works((python, "-m", "tsl"), elsewhere, PYTHONPATH=str(source))


def requirements(python: Path) -> list[str]:
    """What is installed beside tsl and pip, pinned."""
    frozen = ready(python, *PIP, "freeze", cwd=python.parent)
    return [line for line in frozen.splitlines() if not line.startswith(("torchscript-lint", "pip", "setuptools"))]

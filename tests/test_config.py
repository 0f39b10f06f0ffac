"""The configuration: where it is found, what each key may hold, and what a wrong one is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.checkout import ROOT, plain_environment, ready
from tests.conftest import Project
from tsl.config import KEYS, Config, SettingError, read
from tsl.diagnostic import Severity

EVERY_KEY = """
[tool.tsl]
select = ["TSL1"]
ignore = ["size-check"]
extend-select = ["TSL901"]
exclude = ["build/", "*_pb2.py"]
capture = "trace"
targets = ["onnx:17", "tensorrt"]
target-files = ["deploy/acme.toml"]
deploy = "cuda:map_location"
rulebooks = ["lint/rules"]
src = ["python"]

[tool.tsl.per-file-ignores]
"tests/**" = ["TSL1"]

[tool.tsl.severity]
tensor-branch = "info"
"""


def test_without_a_file_the_default_holds(project: Project) -> None:
    assert read() == Config()


def test_every_key_is_read(project: Project) -> None:
    project.write("pyproject.toml", EVERY_KEY)
    assert read() == Config(
        select=("TSL1",),
        ignore=("size-check",),
        extend_select=("TSL901",),
        per_file_ignores=(("tests/**", ("TSL1",)),),
        exclude=("build/", "*_pb2.py"),
        severity=(("tensor-branch", Severity.INFO),),
        capture="trace",
        targets=("onnx:17", "tensorrt"),
        target_files=("deploy/acme.toml",),
        deploy="cuda:map_location",
        rulebooks=("lint/rules",),
        src=("python",),
        directory=str(project.root),
        file="pyproject.toml",
    )


def test_the_example_above_holds_every_key() -> None:
    assert [key for key in KEYS if key not in EVERY_KEY] == []


def test_the_nearest_file_upward_that_speaks_of_tsl_counts(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("pyproject.toml", '[tool.tsl]\nignore = ["TSL1"]\n')
    project.write("package/pyproject.toml", "[project]\nname = 'package'  # tool.tsl is elsewhere\n")
    project.write("package/inner/module.py")
    monkeypatch.chdir(project.root / "package" / "inner")
    config = read()
    assert config.ignore == ("TSL1",)
    assert config.file == "../../pyproject.toml"
    assert config.place("lint") == str(project.root / "lint")


def test_a_file_of_tsls_own_comes_before_the_shared_one(project: Project) -> None:
    project.write("pyproject.toml", '[tool.tsl]\nignore = ["TSL1"]\n')
    project.write("tsl.toml", 'ignore = ["TSL9"]\n')
    assert read().ignore == ("TSL9",)


def test_a_named_file_counts_and_no_other(project: Project) -> None:
    project.write("pyproject.toml", '[tool.tsl]\nignore = ["TSL1"]\n')
    project.write("ci/lint.toml", 'ignore = ["TSL9"]\n')
    config = read("ci/lint.toml")
    assert (config.ignore, config.directory) == (("TSL9",), str(project.root / "ci"))


@pytest.mark.parametrize("text", ["tool = { tsl = { capture = 'both' } }", "[tool]\ntsl.capture = 'both'"])
def test_a_table_may_be_spelled_in_any_way_toml_has(project: Project, text: str) -> None:
    project.write("pyproject.toml", text)
    assert read("pyproject.toml").capture == "both"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('selct = ["TSL1"]', "selct: there is no such key; did you mean select?"),
        ("per_file_ignores = {}", "per_file_ignores: there is no such key; did you mean per-file-ignores?"),
        ("zzz = 1", "zzz: there is no such key"),
        ('select = "TSL1"', "select: expected a list of strings, found a string"),
        ("ignore = [101]", "ignore: expected a list of strings, found a number in it"),
        ("exclude = true", "exclude: expected a list of strings, found true or false"),
        ("src = 1979-05-27", "src: expected a list of strings, found a date or time"),
        ('per-file-ignores = ["a"]', "per-file-ignores: expected a table such as"),
        ('per-file-ignores = { a = "TSL1" }', "per-file-ignores: expected a list of strings, found a string"),
        ('severity = { tensor-branch = "warn" }', "severity: tensor-branch: 'warn' is not a severity; use error"),
        (
            "severity = { tensor-branch = 1 }",
            "severity: tensor-branch: expected error, warning or info, found a number",
        ),
        (
            'capture = "tracing"',
            "capture: expected one of auto, trace, script, both, found 'tracing'; did you mean trace?",
        ),
        ("capture = []", "capture: expected one of auto, trace, script, both, found a list"),
        ('targets = ["onnx:"]', "targets: 'onnx:' is not a target; write a name"),
        ('targets = ["onnx 17"]', "targets: 'onnx 17' is not a target"),
        ("select = [", "is not valid TOML: "),
    ],
)
def test_what_is_wrong_is_told_with_file_and_key(project: Project, text: str, line: str) -> None:
    project.write("tsl.toml", text)
    with pytest.raises(SettingError) as caught:
        read()
    assert str(caught.value).startswith(f"tsl.toml: {line}")
    assert "\n" not in str(caught.value)


def test_a_tool_table_that_is_none_is_told(project: Project) -> None:
    project.write("pyproject.toml", "[tool]\ntsl = 1")
    with pytest.raises(SettingError, match=r"pyproject.toml: tool.tsl: expected a table, found a number"):
        read()


def test_a_named_file_that_says_nothing_of_tsl_is_told(project: Project) -> None:
    project.write("pyproject.toml", "[project]\n")
    with pytest.raises(SettingError, match=r"^pyproject.toml: has no \[tool.tsl\] table"):
        read("pyproject.toml")


def test_a_named_file_that_is_not_there_is_told(project: Project) -> None:
    with pytest.raises(SettingError, match=r"^absent.toml: cannot be read: no such file or directory"):
        read("absent.toml")


def test_a_file_that_is_not_utf8_is_told(project: Project) -> None:
    project.write("pyproject.toml", b"[tool.tsl] # \xff")
    with pytest.raises(SettingError, match=r"^pyproject.toml: cannot be read: it is not UTF-8"):
        read()


def test_flags_override_keys_and_say_so() -> None:
    config = Config(ignore=("TSL9",), capture="trace", file="pyproject.toml").with_flags(capture="both", ignore=None)
    assert (config.capture, config.ignore) == ("both", ("TSL9",))
    assert config.origin("capture") == "--capture"
    assert config.origin("ignore") == "pyproject.toml: ignore"


def test_a_selection_on_the_command_line_begins_anew() -> None:
    config = Config(select=("TSL1",), ignore=("TSL11",), extend_select=("TSL9",))
    chosen = config.with_flags(select=["TSL11"])
    assert (chosen.select, chosen.ignore, chosen.extend_select) == (("TSL11",), (), ())


def test_extending_on_the_command_line_adds_to_the_file() -> None:
    config = Config(extend_select=("TSL9",)).with_flags(extend_select=["TSL2"])
    assert config.extend_select == ("TSL9", "TSL2")


def test_a_flag_is_held_to_the_form_of_its_key() -> None:
    with pytest.raises(SettingError, match=r"^--select: expected a list of strings, found a string"):
        Config().with_flags(select="TSL1")


def test_a_project_that_says_nothing_of_tsl_costs_no_toml_reader(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")
    program = "import sys, tsl.config; tsl.config.read(); print(*{'tomllib', 'tomli'} & set(sys.modules))"
    environment = plain_environment(PYTHONPATH=str(ROOT))
    assert ready(sys.executable, "-c", program, cwd=tmp_path, env=environment).strip() == ""

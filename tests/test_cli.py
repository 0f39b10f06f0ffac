"""The command line: commands, arguments, streams and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tsl
from tests.checkout import ROOT, plain_environment, run
from tests.conftest import BRANCH, CLEAN, Project

ENVIRONMENT = plain_environment(PYTHONPATH=str(ROOT))
CONTRACT = [
    *("--stdin-filename", "--capture", "--root", "--select", "--ignore", "--extend-select", "--severity", "--format"),
    *("--output", "--statistics", "--jobs", "--no-cache", "--exit-zero", "--isolated", "--config", "--color"),
]


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_the_commands_are_listed(project: Project, arguments: tuple[str, ...]) -> None:
    done = project.tsl(*arguments)
    assert (done.code, done.err) == (0, "")
    for command in ("check", "explain", "rules"):
        assert f"\n  {command} " in done.out


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version_is_told(project: Project, flag: str) -> None:
    assert project.tsl(flag) == (0, f"tsl {tsl.__version__}\n", "")


@pytest.mark.parametrize("command", ["check", "explain", "rules"])
@pytest.mark.parametrize("columns", ["80", "200"])
def test_help_fits_the_terminal(project: Project, monkeypatch: pytest.MonkeyPatch, command: str, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    done = project.tsl(command, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"usage: tsl {command} ")
    assert max(map(len, done.out.splitlines())) <= min(int(columns), 100)


def test_help_of_check_names_every_flag_of_the_contract_and_the_exit_codes(project: Project) -> None:
    text = project.tsl("check", "--help").out
    assert [flag for flag in CONTRACT if flag not in text] == []
    assert "exit codes:" in text


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("chekc",), "chekc: there is no such command; did you mean check?"),
        (("lint",), "lint: there is no such command; tsl --help lists them"),
        (("net.py",), "net.py: there is no such command; did you mean tsl check net.py?"),
        (("check", "--selct", "TSL1"), "--selct: there is no such option; did you mean --select?"),
        (("check", "--sel=TSL1"), "--sel: there is no such option; did you mean --select?"),
        (("check", "--zzz"), "--zzz: there is no such option; see tsl check --help"),
        (("check", "--format", "jsn"), "--format: there is no 'jsn'; did you mean json?"),
        (
            ("check", "--format", "yaml"),
            "--format: there is no 'yaml'; use text, concise, json, sarif, github, gitlab, junit or markdown",
        ),
        (("check", "--capture", "tracing"), "--capture: there is no 'tracing'; did you mean trace?"),
        (("check", "--severity", "warn"), "--severity: 'warn' is not a severity; use error, warning or info"),
        (("check", "--jobs", "0"), "--jobs: '0' is not a number of processes; use 1 or more"),
        (("check", "--select"), "--select: needs RULE,...: report these rules and no others"),
        (("check", "--select", "--ignore", "TSL1"), "--select: needs RULE,...: report these rules and no others"),
        (("check", "--exit-zero=yes"), "--exit-zero: is a switch and takes no value"),
        (("check", "-x"), "-x: there is no such option; see tsl check --help"),
        (("check", "--select", "TSL1,"), "--select: 'TSL1,' has an empty place; write rules with commas between them"),
        (
            ("check", "--select", "tensor-brnch"),
            "--select: no rule is called 'tensor-brnch'; did you mean tensor-branch?",
        ),
        (("check", "--ignore", "TSL999"), "--ignore: no rule is called 'TSL999'; did you mean "),
        (
            ("check", "--statistics", "--format", "json"),
            "--statistics: goes with --format text or concise and not with json",
        ),
        (
            ("check", "--stdin-filename", "a.py"),
            "--stdin-filename: names standard input, which is not checked; add - to",
        ),
        (
            ("check", "--isolated", "--config", "a.toml"),
            "--isolated: reads no configuration, and --config names one; leave",
        ),
        (("check", "--config", "absent.toml"), "absent.toml: cannot be read: no such file or directory"),
        (("explain",), "explain: needs RULE; see tsl explain --help"),
        (("explain", "tensor-brnch"), "explain: no rule is called 'tensor-brnch'; did you mean tensor-branch?"),
        (("explain", "TSL10"), "explain: TSL10 stands for "),
        (("explain", "TSL101", "TSL102"), "TSL102: is one argument too many; see tsl explain --help"),
        (("rules", "--format", "sarif"), "--format: there is no 'sarif'; use text or json"),
    ],
)
def test_a_wrong_argument_is_one_line_that_helps(project: Project, arguments: tuple[str, ...], line: str) -> None:
    project.write("net.py", CLEAN)
    done = project.tsl(*arguments)
    assert done.err.startswith(f"tsl: {line}")
    assert done.err.count("\n") == 1
    assert (done.code, done.out) == (2, "")


def test_options_and_paths_come_in_any_order(project: Project) -> None:
    project.write("a.py", BRANCH)
    project.write("b.py", BRANCH)
    assert project.check("a.py", "--select", "TSL1", "b.py").codes == ["TSL101", "TSL101"]


def test_a_value_may_be_attached_to_its_flag(project: Project) -> None:
    project.write("net.py", BRANCH)
    assert project.check("--select=TSL11", "net.py").codes == []
    assert project.check("net.py", "-oreport.json").out == ""
    assert (project.root / "report.json").exists()


def test_after_two_dashes_all_are_paths(project: Project) -> None:
    project.write("--select.py", BRANCH)
    assert project.check("--", "--select.py").places == [("--select.py", 6, "TSL101")]


def test_of_a_flag_given_twice_the_last_counts(project: Project) -> None:
    project.write("net.py", BRANCH)
    assert "TSL101" in project.check("--format", "sarif", "--format", "json").codes


@pytest.mark.parametrize("form", ["text", "concise", "json", "sarif", "github"])
def test_every_format_reports_the_finding_and_the_same_exit_code(project: Project, form: str) -> None:
    project.write("net.py", BRANCH)
    done = project.tsl("check", "--no-cache", "--format", form)
    assert (done.code, done.err) == (1, "")
    assert "TSL101" in done.out
    assert "net.py" in done.out


def test_the_report_is_text_unless_asked_otherwise(project: Project) -> None:
    project.write("net.py", BRANCH)
    assert project.tsl("check", "--no-cache") == project.tsl("check", "--no-cache", "--format", "text")


def test_statistics_add_counts(project: Project) -> None:
    project.write("net.py", BRANCH)
    plain = project.tsl("check", "--no-cache", "--format", "concise")
    counted = project.tsl("check", "--no-cache", "--format", "concise", "--statistics")
    assert len(counted.out) > len(plain.out)


def test_a_report_is_written_to_a_file(project: Project) -> None:
    project.write("net.py", BRANCH)
    path = project.write("tsl.json", "old")
    shown = project.check("net.py")
    done = project.check("net.py", "-o", "tsl.json")
    assert done == (1, "", "")
    assert path.read_text(encoding="utf-8") == shown.out
    assert sorted(os.listdir(project.root)) == ["net.py", "tsl.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="has no such device")
def test_a_report_may_go_to_a_stream(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(BRANCH, encoding="utf-8")
    command = (sys.executable, "-m", "tsl", "check", "--no-cache", "net.py", "-o", "/dev/stdout")
    assert "TSL101" in run(*command, cwd=tmp_path, env=ENVIRONMENT).stdout
    with (tmp_path / "report").open("w", encoding="utf-8") as report:
        subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, stdout=report, check=False)
    assert "TSL101" in (tmp_path / "report").read_text(encoding="utf-8")


def test_a_report_that_cannot_be_written_is_told(project: Project) -> None:
    project.write("net.py", BRANCH)
    done = project.check("net.py", "-o", "absent/tsl.json")
    assert done == (2, "", "tsl: absent/tsl.json: cannot write the report: no such file or directory\n")


def test_exit_zero_makes_findings_pass(project: Project) -> None:
    project.write("net.py", BRANCH)
    done = project.check("net.py", "--exit-zero")
    assert (done.code, done.codes) == (0, ["TSL101"])


@pytest.mark.parametrize(
    ("when", "environment", "painted"),
    [
        ("never", {}, False),
        ("auto", {}, False),
        ("always", {}, True),
        ("always", {"NO_COLOR": "1"}, True),
    ],
)
def test_colour_is_chosen(
    project: Project, monkeypatch: pytest.MonkeyPatch, when: str, environment: dict[str, str], painted: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    project.write("net.py", BRANCH)
    assert ("\x1b[" in project.tsl("check", "--no-cache", "--color", when).out) is painted


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("no_color", "painted"), [("", True), ("1", False)])
def test_a_terminal_gets_colour_unless_it_asks_for_none(tmp_path: Path, no_color: str, painted: bool) -> None:
    import pty

    (tmp_path / "net.py").write_text(BRANCH, encoding="utf-8")
    ours, theirs = pty.openpty()
    environment = {**ENVIRONMENT, "NO_COLOR": no_color, "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "tsl", "check", "--no-cache", "net.py"]
    subprocess.run(command, cwd=tmp_path, env=environment, stdout=theirs, stdin=theirs, check=False)
    os.close(theirs)
    said = b""
    try:
        while chunk := os.read(ours, 4096):
            said += chunk
    except OSError:
        pass  # how a pseudo-terminal says that nothing more comes
    os.close(ours)
    assert b"TSL101" in said
    assert (b"\x1b[" in said) is painted


def test_a_reader_that_leaves_early_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(BRANCH + "        x\n" * 3, encoding="utf-8")
    for number in range(400):
        (tmp_path / f"net{number}.py").write_text(BRANCH, encoding="utf-8")
    command = [sys.executable, "-m", "tsl", "check", "--no-cache", "."]
    running = subprocess.Popen(command, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdout is not None
    running.stdout.close()
    _, error = running.communicate()
    assert (running.returncode, error) == (2, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter there")
def test_an_interrupt_is_one_line(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys, tsl.cli\n"
        "class Stdin:\n"
        "    class buffer:\n"
        "        read = staticmethod(lambda: os.kill(os.getpid(), signal.SIGINT))\n"
        "sys.stdin = Stdin\n"
        "sys.exit(tsl.cli.main(['check', '-']))\n"
    )
    done = run(sys.executable, "-c", program, cwd=tmp_path, env=ENVIRONMENT)
    assert (done.returncode, done.stderr) == (2, "tsl: interrupted\n")


def test_text_that_the_locale_lacks_is_shown_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(BRANCH.replace("> 0:", "> 0:  # 日本"), encoding="utf-8")
    environment = {**ENVIRONMENT, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = run(sys.executable, "-m", "tsl", "check", "--no-cache", "net.py", cwd=tmp_path, env=environment)
    assert (done.returncode, done.stderr) == (1, "")
    assert "# 日本" in done.stdout


def test_two_runs_say_the_same_under_any_hash_seed(tmp_path: Path) -> None:
    for name in ("a.py", "b/c.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(BRANCH + "x = 1  # tsl: ignore[size-branch, tensor-loop]\n", encoding="utf-8")
    for form in ("text", "json", "sarif", "github"):
        command = (sys.executable, "-m", "tsl", "check", "--no-cache", "--format", form)
        said = [
            run(*command, cwd=tmp_path, env={**ENVIRONMENT, "PYTHONHASHSEED": seed}).stdout for seed in ("0", "1", "2")
        ]
        assert said[0]
        assert said[1:] == said[:1] * 2


def test_a_rule_is_explained_by_name_and_by_code(project: Project) -> None:
    by_name, by_code = project.tsl("explain", "tensor-branch"), project.tsl("explain", "TSL101")
    assert by_name == by_code
    assert (by_name.code, by_name.err) == (0, "")
    assert "tensor-branch" in by_name.out


def test_rules_are_listed_as_text_and_as_json(project: Project) -> None:
    text, data = project.tsl("rules"), project.tsl("rules", "--format", "json")
    assert (text.code, data.code) == (0, 0)
    assert "TSL101" in text.out
    assert "TSL101" in [rule["code"] for rule in json.loads(data.out)]


OWN_PAGE = '''\
"""A rule of one's own

## What happens
It is found.

## Example
```python
def forward(self, x):  # MY001
    return x
```

## Use instead
```python
x = 1
```
"""
'''
OWN_RULE = """\
from tsl.rule import source_rule

@source_rule("MY001", severity="warning", since="1", help="nothing")
def my_rule(function):
    yield from ()
"""


def test_a_users_rules_are_listed_and_explained_too(project: Project) -> None:
    project.write("lint/my_rule.py", OWN_PAGE + OWN_RULE)
    project.write("pyproject.toml", '[tool.tsl]\nrulebooks = ["lint"]\n')
    assert "MY001" in project.tsl("rules").out
    assert "A rule of one's own" in project.tsl("explain", "my-rule").out
    assert project.tsl("explain", "my-rule", "--isolated").code == 2


def test_a_broken_rulebook_fails_the_list_that_lacks_it(project: Project) -> None:
    project.write("lint/my_rule.py", "x = 1\n")
    project.write("pyproject.toml", '[tool.tsl]\nrulebooks = ["lint"]\n')
    done = project.tsl("rules")
    assert done.code == 2
    assert done.err.startswith("tsl: lint/my_rule.py: holds 0 rules")
    assert "TSL101" in done.out


def test_a_rule_without_a_page_is_told_where_the_page_is_needed(project: Project) -> None:
    project.write("lint/my_rule.py", OWN_RULE)
    project.write("pyproject.toml", '[tool.tsl]\nrulebooks = ["lint"]\n')
    project.write("net.py", CLEAN)
    assert project.tsl("check", "--no-cache", "net.py").code == 0
    done = project.tsl("explain", "my-rule")
    assert done.err.startswith("tsl: my-rule: ")
    assert done.err.count("\n") == 1
    assert (done.code, done.out) == (2, "")


def test_a_fault_of_tsls_own_is_one_line_unless_it_is_debugged(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("net.py", BRANCH)
    monkeypatch.setattr("tsl.report.render", None)
    done = project.tsl("check", "--no-cache")
    assert done.err.startswith("tsl: failed: TypeError: ")
    assert done.err.count("\n") == 1
    assert done.code == 2
    monkeypatch.setenv("TSL_DEBUG", "1")
    with pytest.raises(TypeError):
        project.tsl("check", "--no-cache")

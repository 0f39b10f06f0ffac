"""Bad input: each kind has one clear line and the right exit code, and the other files are still checked.

A file that is not Python is a finding (exit 1); what tsl could not do is a failure (exit 2).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import BRANCH, BRANCH_LINE, Done, Project

OTHER = ("other.py", BRANCH_LINE, "TSL101")


@pytest.fixture(autouse=True)
def _another_file(project: Project) -> None:
    project.write("other.py", BRANCH)


def assert_told(done: Done, path: str, line: int, code: str, words: str) -> None:
    """One finding on a file, among those on the others, and nothing on standard error."""
    assert done.places == sorted([OTHER, (path, line, code)])
    (message,) = [found["message"] for found in done.findings if found["path"] == path]
    assert message.startswith("nothing in this file is checked: ")
    assert words in message
    assert (done.code, done.err) == (1, "")


def assert_failed(done: Done, *lines: str) -> None:
    """Some lines on standard error, exit 2, and the other file checked."""
    assert done.err.splitlines() == list(lines)
    assert OTHER in done.places
    assert done.code == 2


def test_a_file_that_does_not_parse_is_a_finding_where_it_breaks(project: Project) -> None:
    project.write("bad.py", "x = 1\ndef f(:\n")
    assert_told(project.check("."), "bad.py", 2, "TSL900", "invalid syntax")


def test_a_file_of_null_bytes_is_a_finding(project: Project) -> None:
    project.write("bad.py", b"x = 1\0\n")
    assert_told(project.check("."), "bad.py", 1, "TSL900", "null bytes")


def test_a_file_that_is_not_utf8_is_a_finding_where_it_breaks(project: Project) -> None:
    project.write("bad.py", b"x = 1\ny = '\xff'\n")
    done = project.check(".")
    assert_told(done, "bad.py", 2, "TSL900", "byte 0xff is not UTF-8 and no encoding is declared")
    assert done.findings[0]["column"] == 6


def test_a_file_with_an_unknown_encoding_is_a_finding(project: Project) -> None:
    project.write("bad.py", b"# -*- coding: klingon -*-\nx = '\xff'\n")
    assert_told(project.check("."), "bad.py", 1, "TSL900", "")


def test_a_file_in_a_declared_encoding_is_read(project: Project) -> None:
    project.write("latin.py", b"# -*- coding: latin-1 -*-\n" + BRANCH.replace("Net", "Né").encode("latin-1"))
    assert ("latin.py", BRANCH_LINE + 1, "TSL101") in project.check(".").places


def test_a_file_with_a_byte_order_mark_and_windows_lines_is_read(project: Project) -> None:
    project.write("windows.py", b"\xef\xbb\xbf" + BRANCH.replace("\n", "\r\n").encode())
    assert ("windows.py", BRANCH_LINE, "TSL101") in project.check(".").places


@pytest.mark.parametrize("content", ["", "\n", "# nothing\n", "\f", "x = 1"])
def test_an_empty_file_is_clean(project: Project, content: str) -> None:
    project.write("other.py", content)
    done = project.check(".")
    assert (done.code, done.out.count('"path"'), done.err) == (0, 0, "")


def test_five_megabytes_of_generated_code_are_told_and_not_read(project: Project) -> None:
    project.write("big.py", "x = 1\n" * 900_000)
    assert_told(project.check("."), "big.py", 1, "TSL902", "more than 2 MiB")


def test_code_that_is_nested_too_deeply_for_python_is_a_finding(project: Project) -> None:
    project.write("deep.py", "(" * 300 + ")" * 300 + "\n")
    assert_told(project.check("."), "deep.py", 1, "TSL900", "too many nested parentheses")


def test_a_sum_of_fifty_thousand_terms_is_survived(project: Project) -> None:
    """Pythons differ in what they make of it: a tree, or an error of recursion."""
    project.write("deep.py", "x = " + "1 + " * 50_000 + "1\n")
    done = project.check(".")
    assert [place for place in done.places if place[0] != "deep.py"] == [OTHER]
    assert (done.code, done.err) == (1, "")


def test_code_that_is_nested_too_deeply_for_the_engine_is_a_failure(project: Project) -> None:
    project.write("deep.py", BRANCH.replace("x.sum() > 0", "x" + ".sum()" * 900))
    line = "tsl: deep.py: cannot be checked: its code is nested too deeply; split it, or leave it out with exclude"
    assert_failed(project.check("."), line)


def test_a_syntax_error_is_told_whatever_is_selected(project: Project) -> None:
    project.write("bad.py", "def f(:\n")
    assert project.check(".", "--select", "TSL11").codes == ["TSL900"]
    assert project.check(".", "--select", "TSL11", "--ignore", "syntax-error").codes == []


def test_a_warning_of_the_compiler_is_not_tsls_business(project: Project) -> None:
    project.write("other.py", BRANCH + "x = '\\d'\nassert (1, 'always')\n")
    assert project.check(".").err == ""


def test_a_missing_path_is_a_failure(project: Project) -> None:
    assert_failed(project.check("absent.py", "."), "tsl: absent.py: no such file or directory")


def test_a_damaged_archive_is_a_finding(project: Project) -> None:
    project.write("model.pt")
    done = project.check("model.pt", "other.py")
    assert (done.code, done.err, done.codes) == (1, "", ["TSL712", "TSL101"])


def test_a_link_that_leads_nowhere_is_a_failure(project: Project) -> None:
    link(project.root / "dangling.py", "nowhere.py")
    assert_failed(project.check("."), "tsl: dangling.py: cannot read the file: a link that leads nowhere")


def test_a_link_to_itself_is_a_failure(project: Project) -> None:
    link(project.root / "itself.py", "itself.py")
    done = project.check("itself.py", ".")
    assert_failed(done, *sorted(done.err.splitlines()))
    assert len(done.err.splitlines()) == 2
    assert all(line.startswith("tsl: itself.py: ") for line in done.err.splitlines())


def test_a_directory_loop_is_a_note(project: Project) -> None:
    link(project.root / "loop", ".")
    done = project.check(".")
    assert done.err == "tsl: loop: a link back to a directory it lies in; not followed\n"
    assert (done.places, done.code) == ([OTHER], 1)


def test_what_may_not_be_read_is_a_failure(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with unprivileged() as directory:
        monkeypatch.chdir(directory)
        (directory / "other.py").write_text(BRANCH, encoding="utf-8")
        (directory / "closed.py").write_text(BRANCH, encoding="utf-8")
        (directory / "closed").mkdir()
        (directory / "closed.py").chmod(0)
        (directory / "closed").chmod(0)
        done = project.check(".")
        (directory / "closed").chmod(0o700)
    assert_failed(
        done,
        "tsl: closed: cannot read the directory: permission denied",
        "tsl: closed.py: cannot read the file: permission denied",
    )


def test_a_name_that_is_no_text_is_shown_in_one_line(project: Project) -> None:
    if os.name == "nt":
        pytest.skip("names are text there")
    (project.root / os.fsdecode(b"bad\xff\nname.py")).write_text("def f(:\n", encoding="utf-8")
    done = project.check(".")
    assert done.codes == ["TSL900", "TSL101"]
    missing = project.check(os.fsdecode(b"absent\xff\n.py"), "other.py")
    assert_failed(missing, "tsl: absent\\udcff\\n.py: no such file or directory")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def f(:\n", "the rule does not parse"),
        ("raise KeyError('x')\n", "the rule fails to load: KeyError"),
        ("x = 1\n", "holds 0 rules"),
        (
            'from tsl.rule import source_rule\n\n@source_rule("my1", severity="error", since="1", help="")\n'
            "def broken_rule(function):\n    yield from ()\n",
            "'my1' is not a rule code",
        ),
    ],
)
def test_a_broken_rule_is_a_failure_and_the_others_are_asked(project: Project, text: str, words: str) -> None:
    project.write("lint/broken_rule.py", text)
    project.write("pyproject.toml", '[tool.tsl]\nrulebooks = ["lint"]\nexclude = ["lint"]\nignore = ["my-rule"]\n')
    done = project.check(".")
    assert_failed(done, *done.err.splitlines())
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("tsl: lint/broken_rule.py")
    assert words in done.err


def test_a_rulebook_that_is_not_there_is_a_failure(project: Project) -> None:
    project.write("pyproject.toml", '[tool.tsl]\nrulebooks = ["lint"]\n')
    done = project.check(".")
    assert_failed(done, *done.err.splitlines())
    assert done.err.lower().startswith("tsl: lint: no such file or directory")


RAISING = '''\
"""A rule that fails.

## What happens
It raises.
"""
from tsl.rule import source_rule

@source_rule("MY001", severity="error", since="1", help="nothing")
def raising_rule(function):
    if function.qualname == "Net.forward":
        raise KeyError("no such fact")
    yield from ()
'''


def test_a_rule_that_raises_costs_its_file_and_no_other(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("lint/raising_rule.py", RAISING)
    project.write("pyproject.toml", '[tool.tsl]\nrulebooks = ["lint"]\nexclude = ["lint"]\n')
    project.write("net.py", BRANCH)
    project.write("other.py", BRANCH.replace("Net", "Other"))
    line = (
        "tsl: net.py: cannot be checked: KeyError: 'no such fact', in the rule raising-rule;"
        " please report it with what TSL_DEBUG=1 prints"
    )
    assert_failed(project.check("."), line)
    monkeypatch.setenv("TSL_DEBUG", "1")
    done = project.check(".")
    assert "Traceback" in done.err
    assert done.code == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[tool.tsl\n", "tsl: pyproject.toml: is not valid TOML: "),
        ("[tool.tsl]\nselekt = []\n", "tsl: pyproject.toml: selekt: there is no such key; did you mean select?\n"),
        (
            "[tool.tsl]\nselect = ['tensor-brnch']\n",
            "tsl: pyproject.toml: select: no rule is called 'tensor-brnch'; did you mean tensor-branch?\n",
        ),
        (
            "[tool.tsl.per-file-ignores]\n'*' = ['tensor-brnch']\n",
            "tsl: pyproject.toml: per-file-ignores: no rule is called 'tensor-brnch'; did you mean tensor-branch?\n",
        ),
        (
            "[tool.tsl.severity]\nTSL404 = 'info'\n",
            "tsl: pyproject.toml: severity: no rule is called 'TSL404'; did you mean ",
        ),
        ("[tool.tsl]\nexclude = ['!']\n", "tsl: pyproject.toml: exclude: "),
    ],
)
def test_a_bad_configuration_is_one_line_and_ends_the_run(project: Project, text: str, line: str) -> None:
    project.write("pyproject.toml", text)
    done = project.check(".")
    assert done.err.startswith(line)
    assert done.err.count("\n") == 1
    assert (done.code, done.out) == (2, "")


def test_failures_stay_failures_under_exit_zero(project: Project) -> None:
    assert project.check("absent.py", "--exit-zero").code == 2
    assert project.check("other.py", "--exit-zero").code == 0


def link(path: Path, target: str) -> None:
    try:
        path.symlink_to(target)
    except OSError:
        pytest.skip("this system makes no links")


@contextmanager
def unprivileged() -> Iterator[Path]:
    """A directory of a user whom permissions bind, as whom the process runs meanwhile."""
    if not hasattr(os, "geteuid"):
        pytest.skip("permissions are another matter there")
    nobody = 65534
    with tempfile.TemporaryDirectory() as directory:
        if os.geteuid():
            yield Path(directory)
            return
        os.chown(directory, nobody, nobody)
        os.seteuid(nobody)
        try:
            yield Path(directory)
        finally:
            os.seteuid(0)

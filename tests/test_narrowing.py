"""Baselines and changes since a revision: which findings of a run are shown."""

from __future__ import annotations

import json

import pytest

from tests.checkout import committed
from tests.conftest import BRANCH, BRANCH_LINE, CLEAN, Project

BASELINE = ("--baseline", "tsl.json")
SECOND = BRANCH.replace("x.sum() > 0", "x.max() > 1")


@pytest.fixture
def accepted(project: Project) -> Project:
    """A project with one finding, which its baseline holds."""
    project.write("net.py", BRANCH)
    done = project.tsl("check", *BASELINE, "--write-baseline")
    assert (done.code, done.err) == (0, "tsl: tsl.json: holds 1 finding now\n")
    return project


def test_a_finding_of_the_baseline_is_not_shown(accepted: Project) -> None:
    done = accepted.tsl("check", *BASELINE)
    assert (done.code, done.out) == (0, "All clear: 1 file (1 in the baseline)\n")


def test_a_finding_that_moved_is_still_of_the_baseline(accepted: Project) -> None:
    accepted.write("net.py", "# moved\n\n" + BRANCH)
    assert accepted.check(*BASELINE).codes == []


def test_a_new_finding_is_shown(accepted: Project) -> None:
    accepted.write("other.py", BRANCH)
    assert accepted.check(*BASELINE).places == [("other.py", BRANCH_LINE, "TSL101")]


def test_the_same_line_once_more_is_a_new_finding(accepted: Project) -> None:
    again = BRANCH.replace("        return -x", "        if x.sum() > 0:\n            return x * 2\n        return -x")
    accepted.write("net.py", again)
    assert len(accepted.check(*BASELINE).codes) == 1


def test_what_is_gone_is_said(accepted: Project) -> None:
    accepted.write("net.py", CLEAN)
    done = accepted.tsl("check", *BASELINE)
    said = "tsl: tsl.json: 1 finding of it no longer there; --write-baseline drops what is gone\n"
    assert (done.code, done.err) == (0, said)


def test_what_was_not_checked_is_not_gone(accepted: Project) -> None:
    accepted.write("other.py", CLEAN)
    assert accepted.tsl("check", "other.py", *BASELINE).err == ""


def test_a_baseline_reads_well_and_is_the_same_every_time(accepted: Project) -> None:
    first = (accepted.root / "tsl.json").read_bytes()
    accepted.tsl("check", *BASELINE, "--write-baseline")
    assert (accepted.root / "tsl.json").read_bytes() == first
    (entry,) = json.loads(first)["findings"]
    assert (entry["code"], entry["path"]) == ("TSL101", "net.py")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no such baseline"),
        (b"{", "is no baseline"),
        (b"\xff", "is no baseline"),
        (b"[]", "is no baseline"),
        (b'{"version": 9, "findings": []}', "is of version 9"),
    ],
)
def test_what_is_no_baseline_is_said(project: Project, content: bytes | None, said: str) -> None:
    project.write("net.py", BRANCH)
    if content is not None:
        project.write("tsl.json", content)
    done = project.tsl("check", *BASELINE)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert said in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--write-baseline"],
        [*BASELINE, "--write-baseline", "--diff-base", "HEAD"],
        [*BASELINE, "--fix"],
        ["--diff-base", "HEAD", "--diff"],
    ],
)
def test_options_that_do_not_go_together_are_refused(project: Project, arguments: list[str]) -> None:
    done = project.tsl("check", *arguments)
    assert (done.code, done.err.count("\n")) == (2, 1)


@pytest.fixture
def revised(project: Project) -> Project:
    """A repository whose last commit holds a finding in each of two files."""
    project.write("net.py", BRANCH)
    project.write("sub/old.py", BRANCH)
    committed(project.root)
    return project


def test_what_a_change_did_not_touch_is_not_shown(revised: Project) -> None:
    assert revised.check("--diff-base", "HEAD").codes == []
    done = revised.tsl("check", "--no-cache", "--diff-base", "HEAD")
    assert (done.code, done.out) == (0, "All clear: 2 files (2 outside the change)\n")


def test_a_changed_line_and_a_new_file_are_of_the_change(revised: Project) -> None:
    revised.write("net.py", SECOND)
    revised.write("sub/new file.py", BRANCH)
    assert revised.check("--diff-base", "HEAD").places == [
        ("net.py", BRANCH_LINE, "TSL101"),
        ("sub/new file.py", BRANCH_LINE, "TSL101"),
    ]


def test_a_finding_that_points_at_a_changed_line_is_of_the_change(revised: Project) -> None:
    revised.write("net.py", BRANCH.replace("def forward(self, x):", "def forward(self, x, y=1):"))
    assert revised.check("--diff-base", "HEAD").places == [("net.py", BRANCH_LINE, "TSL101")]


def test_a_change_elsewhere_in_a_file_is_not_of_the_finding(revised: Project) -> None:
    revised.write("net.py", BRANCH + "\n\nx = 1\n")
    assert revised.check("--diff-base", "HEAD").codes == []


def test_changes_are_found_from_a_directory_inside(revised: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    revised.write("sub/old.py", SECOND)
    monkeypatch.chdir(revised.root / "sub")
    assert revised.check("--diff-base", "HEAD").places == [("old.py", BRANCH_LINE, "TSL101")]


def test_a_revision_that_is_not_there_is_said(revised: Project) -> None:
    done = revised.tsl("check", "--diff-base", "nowhere")
    assert (done.code, done.err) == (2, "tsl: --diff-base: git knows no revision 'nowhere'\n")


def test_without_a_repository_that_is_said(project: Project) -> None:
    project.write("net.py", BRANCH)
    done = project.tsl("check", "--diff-base", "HEAD")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "not a git repository" in done.err

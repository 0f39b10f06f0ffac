"""`tsl check --fix` and `--diff`: what is written and what is not, and what is said of it."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from pathlib import Path

import jsonschema
import pytest

from tests.checkout import ROOT
from tests.conftest import BRANCH, CLEAN, Project
from tsl.diagnostic import Edit, Span
from tsl.fix import files
from tsl.fix.edits import applied

HALF = """\
import torch


class Net(torch.nn.Module):
    def forward(self, x):
        return x[..., : int(x.shape[-1] / 2)]
"""
FIXED = HALF.replace("int(x.shape[-1] / 2)", "x.shape[-1] // 2")
ROOT_OF = """\
import math
import torch


class Net(torch.nn.Module):
    def forward(self, x):
        return x / math.sqrt(x.size(1))
"""
SIZES = """\
import torch


def sizes(x: torch.Tensor):
    out = []
    out.append(x.size(0))
    return out


torch.jit.script(sizes)
"""
USE = """\
import torch
from ops import sizes


def added(x: torch.Tensor, y: torch.Tensor):
    return x + y


class Net(torch.nn.Module):
    def forward(self, x: torch.Tensor):
        return added(x, sizes(x)[0])


torch.jit.script(Net())
"""
FLAGS = ("check", "--isolated", "--no-cache")


def test_fix_writes_the_file_and_says_how_many(project: Project) -> None:
    path = project.write("net.py", HALF)
    done = project.tsl(*FLAGS, "--fix", "net.py")
    assert (done.code, done.out) == (0, "All clear: 1 file (1 fixed)\n")
    assert path.read_text(encoding="utf-8") == FIXED


def test_what_remains_is_reported_and_fails_the_run(project: Project) -> None:
    project.write("net.py", HALF)
    project.write("other.py", BRANCH)
    done = project.tsl(*FLAGS, "--format", "concise", "--fix", ".")
    assert done.code == 1
    assert "other.py:6:12: error TSL101" in done.out
    assert done.out.endswith("Found 1 error in 2 files (1 fixed)\n")


def test_formats_for_machines_are_told_of_fixes_on_standard_error(project: Project) -> None:
    project.write("net.py", HALF)
    done = project.tsl(*FLAGS, "--format", "json", "--fix", "net.py")
    assert json.loads(done.out)["diagnostics"] == []
    assert done.err == "tsl: fixed 1 finding in 1 file\n"


def test_diff_shows_and_writes_nothing(project: Project) -> None:
    path = project.write("pkg/net.py", HALF)
    done = project.tsl(*FLAGS, "--diff", "--fix", ".")
    assert done.code == 1
    assert done.out.startswith("--- pkg/net.py\n+++ pkg/net.py\n@@ -3,4 +3,4 @@\n")
    assert "-        return x[..., : int(x.shape[-1] / 2)]\n+        return x[..., : x.shape[-1] // 2]\n" in done.out
    assert done.err == "tsl: would fix 1 finding in 1 file\n"
    assert path.read_text(encoding="utf-8") == HALF


def test_patch_makes_of_a_diff_what_fix_makes(project: Project) -> None:
    path = project.write("net.py", HALF.rstrip("\n"))
    project.write("fix.diff", project.tsl(*FLAGS, "--diff", "net.py").out)
    subprocess.run(["patch", "-p0", "-i", "fix.diff"], check=True, capture_output=True)
    assert path.read_text(encoding="utf-8") == FIXED.rstrip("\n")


def test_diff_of_what_needs_no_fix_is_empty(project: Project) -> None:
    project.write("net.py", BRANCH)
    done = project.tsl(*FLAGS, "--diff", "net.py")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert project.tsl(*FLAGS, "--diff", "--exit-zero", "net.py").code == 0


def test_a_diff_goes_where_a_report_goes(project: Project) -> None:
    project.write("net.py", HALF)
    assert project.tsl(*FLAGS, "--diff", "-o", "fix.diff", "net.py").out == ""
    assert (project.root / "fix.diff").read_text(encoding="utf-8").startswith("--- net.py\n")


def test_standard_input_is_mended_to_standard_output(project: Project) -> None:
    done = project.tsl(*FLAGS, "--fix", "-", "--stdin-filename", "net.py", stdin=HALF.encode())
    assert (done.code, done.out) == (0, FIXED)
    assert done.err == "All clear: 1 file (1 fixed)\n"
    assert not (project.root / "net.py").exists()


@pytest.mark.parametrize("text", ["", CLEAN, BRANCH, "def f(:\n"])
def test_standard_input_that_has_no_fix_comes_back_as_it_is(text: str, project: Project) -> None:
    assert project.tsl(*FLAGS, "--fix", "-", stdin=text.encode()).out == text


def test_a_fix_that_may_change_what_a_program_does_is_offered_and_not_made(project: Project) -> None:
    path = project.write("net.py", ROOT_OF)
    done = project.tsl(*FLAGS, "--fix", "net.py")
    assert done.code == 1
    assert done.err == "tsl: --unsafe-fixes may fix 1 more, and may change what the program does\n"
    assert path.read_text(encoding="utf-8") == ROOT_OF
    assert project.tsl(*FLAGS, "--fix", "--unsafe-fixes", "net.py").code == 0
    assert "x.size(1) ** 0.5" in path.read_text(encoding="utf-8")


def test_a_suppressed_finding_is_not_fixed(project: Project) -> None:
    text = HALF.replace("/ 2)]", "/ 2)]  # tsl: ignore[size-to-number] it is always even")
    path = project.write("net.py", text)
    assert project.tsl(*FLAGS, "--fix", "net.py").code == 0
    assert path.read_text(encoding="utf-8") == text


def test_a_finding_that_is_not_selected_is_not_fixed(project: Project) -> None:
    path = project.write("net.py", HALF)
    project.tsl(*FLAGS, "--fix", "--ignore", "TSL113", "net.py")
    assert path.read_text(encoding="utf-8") == HALF


def test_a_comment_that_a_fix_leaves_without_use_goes_with_the_finding(project: Project) -> None:
    made = "torch.zeros(2, device=x.device, dtype=x.dtype)"
    text = HALF.replace("x[..., : int(x.shape[-1] / 2)]", f"x + {made}  # tsl: ignore[dtype-constant]")
    path = project.write("net.py", text.replace("x):", "x: torch.Tensor):"))
    assert project.tsl(*FLAGS, "--fix", "net.py").code == 0
    assert path.read_text(encoding="utf-8").endswith("        return x + x.new_zeros(2)\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (HALF.replace("\n", "\r\n").encode(), FIXED.replace("\n", "\r\n").encode()),
        (b"\xef\xbb\xbf" + HALF.encode(), b"\xef\xbb\xbf" + FIXED.encode()),
        (
            f"# coding: latin-1\n# \xe4\n{HALF}".encode("latin-1"),
            f"# coding: latin-1\n# \xe4\n{FIXED}".encode("latin-1"),
        ),
        (HALF.rstrip("\n").encode(), FIXED.rstrip("\n").encode()),
        (
            HALF.replace("x[...", "'\u00e4\U0001f600' and x[...").encode(),
            FIXED.replace("x[...", "'\u00e4\U0001f600' and x[...").encode(),
        ),
        (HALF.replace("    ", "\t").encode(), FIXED.replace("    ", "\t").encode()),
    ],
    ids=["crlf", "mark", "latin-1", "no last newline", "not ascii", "tabs"],
)
def test_all_else_in_a_file_stays_as_it_is(before: bytes, after: bytes, project: Project) -> None:
    path = project.write("net.py", before)
    project.tsl(*FLAGS, "--fix", "net.py")
    assert path.read_bytes() == after


def test_mode_and_links_are_kept(project: Project) -> None:
    path = project.write("real/net.py", HALF)
    path.chmod(0o750)
    (project.root / "net.py").symlink_to(path)
    project.tsl(*FLAGS, "--fix", "net.py")
    assert (project.root / "net.py").is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    assert path.read_text(encoding="utf-8") == FIXED
    assert sorted(os.listdir(project.root / "real")) == ["net.py"]


def test_a_file_that_changed_meanwhile_is_left_alone(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    path = project.write("net.py", HALF)
    from tsl.fix import rounds

    known = rounds.Rounds.all

    def slow(self: rounds.Rounds) -> rounds.Mended:
        mended = known(self)
        path.write_text(CLEAN, encoding="utf-8")
        return mended

    monkeypatch.setattr(rounds.Rounds, "all", slow)
    done = project.tsl(*FLAGS, "--fix", "net.py")
    assert done.code == 2
    assert done.err == "tsl: net.py: is not fixed: it changed while it was checked; run tsl check --fix again\n"
    assert path.read_text(encoding="utf-8") == CLEAN


def test_a_file_that_cannot_be_written_is_told_and_left(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    path = project.write("net.py", HALF)

    def refuse(_source: str, _target: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.os, "replace", refuse)
    done = project.tsl(*FLAGS, "--fix", "net.py")
    assert done.code == 2
    assert done.err == "tsl: net.py: is not fixed: it cannot be written: permission denied\n"
    assert path.read_text(encoding="utf-8") == HALF
    assert os.listdir(project.root) == ["net.py"]


def test_a_fix_in_one_file_is_held_to_the_files_that_use_it(project: Project) -> None:
    """What is a list of ints here, the other file takes for one of tensors: nothing is changed while that one does."""
    path = project.write("ops.py", SIZES)
    project.write("use.py", USE)
    assert project.tsl(*FLAGS, "--fix", ".").code == 1
    assert path.read_text(encoding="utf-8") == SIZES
    (project.root / "use.py").unlink()
    assert project.tsl(*FLAGS, "--fix", ".").code == 0
    assert "out: list[int] = []" in path.read_text(encoding="utf-8")


def test_a_finding_that_another_file_leads_to_is_fixed_once(project: Project) -> None:
    """Only the model that calls the helper makes a size of what it is given."""
    helper = "def half(n, x):\n    b = x.shape[0]\n    return int(b / 2)\n"
    path = project.write("helper.py", helper)
    model = HALF.replace("int(x.shape[-1] / 2)", "half(1, x)").replace(
        "import torch", "import torch\nfrom helper import half"
    )
    project.write("net.py", model)
    assert [place[0] for place in project.check("--isolated", ".").places] == ["helper.py"]
    assert project.tsl(*FLAGS, "--fix", ".").out == "All clear: 2 files (1 fixed)\n"
    assert path.read_text(encoding="utf-8") == helper.replace("int(b / 2)", "b // 2")


def test_a_file_that_does_not_parse_is_left_alone(project: Project) -> None:
    path = project.write("net.py", "def f(:\n")
    assert project.tsl(*FLAGS, "--fix", "net.py").code == 1
    assert path.read_text(encoding="utf-8") == "def f(:\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--unsafe-fixes", "net.py"), "--unsafe-fixes: says which fixes; add --fix or --diff"),
        (("--fix", "--entry", "Net", "net.py"), "--fix: changes the text"),
        (("--diff", "--against", "net.pt", "net.py"), "leave --against out"),
        (("--diff", "--format", "json", "net.py"), "--diff: is the whole report; leave --format json out"),
        (("--diff", "--statistics", "net.py"), "leave --statistics out"),
        (("--fix", "-", "net.py"), "name no file beside -"),
    ],
)
def test_arguments_that_do_not_go_together_are_told(arguments: tuple[str, ...], words: str, project: Project) -> None:
    path = project.write("net.py", HALF)
    done = project.tsl(*FLAGS, *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert done.err.count("\n") == 1
    assert path.read_text(encoding="utf-8") == HALF


def test_json_carries_each_fix(project: Project) -> None:
    project.write("net.py", HALF)
    (found,) = project.check("--isolated", "net.py").findings
    assert found["fix"] == {
        "title": "compute with the size itself",
        "applicability": "safe",
        "edits": [
            {"path": "net.py", "line": 6, "column": 25, "end_line": 6, "end_column": 45, "text": "x.shape[-1] // 2"}
        ],
    }


def test_json_carries_no_fix_that_does_not_hold(project: Project) -> None:
    project.write("ops.py", SIZES + USE.replace("from ops import sizes\n", ""))
    assert [found["fix"] for found in project.check("--isolated", ".").findings] == [None]
    project.write("ops.py", SIZES)
    assert None not in [found["fix"] for found in project.check("--isolated", ".").findings]


def test_sarif_carries_fixes_as_the_standard_has_them(project: Project) -> None:
    project.write("net.py", HALF)
    project.write("root.py", ROOT_OF)
    log = json.loads(project.tsl(*FLAGS, "--format", "sarif", ".").out)
    schema = json.loads((Path(__file__).parent / "data" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
    jsonschema.Draft4Validator(schema).validate(log)
    half, root = log["runs"][0]["results"]
    assert half["fixes"][0]["description"] == {"text": "compute with the size itself"}
    assert "unsafe" in root["fixes"][0]["description"]["text"]
    (change,) = half["fixes"][0]["artifactChanges"]
    assert change["artifactLocation"]["uri"] == "net.py"
    (replacement,) = change["replacements"]
    assert replacement["insertedContent"] == {"text": "x.shape[-1] // 2"}
    assert replacement["deletedRegion"] == {"startLine": 6, "startColumn": 25, "endLine": 6, "endColumn": 45}


def test_two_runs_say_the_same_whatever_the_seed_of_hashes(project: Project) -> None:
    from tests.checkout import plain_environment, run

    project.write("net.py", HALF.replace("x[...", "F.dropout(torch.tensor(x), 0.5) + x.data + len(x) + x[..."))
    said = {
        run(
            *(os.sys.executable, "-m", "tsl", *FLAGS, "--unsafe-fixes", "--diff", "net.py"),  # type: ignore[attr-defined]
            cwd=project.root,
            env=plain_environment(PYTHONPATH=str(ROOT), PYTHONHASHSEED=seed),
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1
    assert said != {""}


def test_edits_keep_the_line_ends_of_a_text() -> None:
    edits = [Edit(Span("", 1, 1, 1, 2), "A\nB"), Edit(Span("", 2, 2, 3, 1), ""), Edit(Span("", 3, 2, 4, 1), "!")]
    assert applied("a\r\nbc\r\nd", edits) == "A\r\nB\r\nbd!"


def test_the_example_of_the_page_is_what_diff_prints(project: Project) -> None:
    text = (ROOT / "docs" / "fixes.md").read_text(encoding="utf-8")
    file, shown = (re.search(rf"```{language}\n(.*?)```", text, re.S) for language in ("python", "diff"))
    assert file
    assert shown
    project.write("export.py", file[1])
    assert project.tsl(*FLAGS, "--diff", "export.py").out == shown[1]

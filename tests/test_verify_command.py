"""`tsl verify` as a user runs it: the process around the user's code, exit codes, streams and reports; needs torch."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed, so nothing can be run")

from tests.checkout import FIXTURE, ROOT
from tests.conftest import Done, Project

GATE = """\
import os
import sys
import time

import torch

print("imported", flush=True)


class Net(torch.nn.Module):
    def forward(self, x):
        print('{"divergence": 1}', flush=True)
        print("noise", file=sys.stderr, flush=True)
        os.write(1, b"raw noise")
        if x.sum() > 0:
            return x
        return -x


class Sound(torch.nn.Module):
    def forward(self, x):
        return x * x.size(0)


class Slow(torch.nn.Module):
    def forward(self, x):
        time.sleep(0.5)
        return x if x.sum() > 0 else -x


class Leaves(torch.nn.Module):
    def forward(self, x):
        os._exit(7)


class Crashes(torch.nn.Module):
    def forward(self, x):
        import ctypes

        if x.numel() != 4:
            ctypes.string_at(0)
        return x


class Asks(torch.nn.Module):
    def forward(self, x):
        input("go on? ")
        return x


def leaves_while_made():
    sys.exit("no licence")


def hangs():
    import subprocess

    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with open("pid", "w") as file:
        file.write(str(child.pid))
    time.sleep(600)


def examples():
    return Net(), torch.ones(2, 2)
"""
BRANCH_LINE = 15
LINES = {line.strip(): number for number, line in enumerate(GATE.splitlines(), 1)}


@pytest.fixture
def net(project: Project) -> Project:
    """A project with the file above in it."""
    project.write("net.py", GATE)
    return project


def verify(project: Project, *arguments: str, file: str = "net.py") -> Done:
    return project.tsl("verify", file, "--isolated", *arguments)


def report(done: Done) -> dict[str, Any]:
    found = json.loads(done.out)
    assert isinstance(found, dict)
    return found


def test_a_divergence_is_reported_and_confirms_the_finding_on_its_line(net: Project) -> None:
    done = verify(net, "--entry", "examples", "--format", "json")
    assert (done.code, done.err) == (1, "")
    found = report(done)
    (divergence,) = found["divergences"]
    assert divergence["place"] == {"path": "net.py", "line": BRANCH_LINE, "function": "forward"}
    assert divergence["decision"] == {"call": "the truth of a tensor", "example": "True", "here": "False"}
    assert divergence["warned"]
    evidence = {one["line"]: (one["code"], one["evidence"]) for one in found["diagnostics"] if one["code"] == "TSL101"}
    assert evidence == {BRANCH_LINE: ("TSL101", ["source", "run"])}
    assert divergence["confirms"] == [one["fingerprint"] for one in found["diagnostics"] if one["line"] == BRANCH_LINE]


def test_no_divergence_exits_0(net: Project) -> None:
    done = verify(net, "--entry", "Sound", "--input", "x=float32[N,2]", "--trials", "20")
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("No divergence: 20 perturbations\n")


def test_what_user_code_prints_is_no_part_of_the_report(net: Project) -> None:
    done = verify(net, "--entry", "examples")
    assert "noise" not in done.out + done.err
    assert "imported" not in done.out + done.err


def test_two_runs_give_the_same_bytes(net: Project) -> None:
    runs = [verify(net, "--entry", "examples", "--format", "json").out for _ in range(2)]
    assert runs[0] == runs[1]


def test_the_process_is_ended_with_all_it_started_when_its_time_has_passed(net: Project) -> None:
    done = verify(net, "--entry", "hangs", "--timeout", "8")
    assert (done.code, done.out) == (2, "")
    assert re.fullmatch(r"tsl: --timeout: 8 s were over while \w+ing [\w ]+; give more, or fewer --trials\n", done.err)
    if (net.root / "pid").exists():  # it came so far
        assert is_gone(int((net.root / "pid").read_text()))


def is_gone(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").exists() and " Z " in Path(f"/proc/{pid}/stat").read_text():
            return True  # ended, and nobody has asked for its status
        time.sleep(0.05)
    return False


def test_a_search_that_gets_short_of_time_says_how_far_it_came(net: Project) -> None:
    done = verify(net, "--entry", "Slow", "--input", "x=float32[4]", "--timeout", "15", "--format", "json")
    counts = report(done)["perturbations"]
    assert 0 < counts["ran"] < counts["planned"]
    assert (done.code, done.err) == (1, "")


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ("Leaves", "net.py: ended its process with exit code 7 while running the model on its example inputs"),
        ("Asks", "--entry: the model raises on its example inputs: EOFError: EOF when reading a line (line {input})"),
        ("leaves_while_made", "--entry: leaves_while_made() raises SystemExit: no licence (line {exit})"),
        ("Nett", "--entry: net.py has no 'Nett'; did you mean Net?"),
    ],
)
def test_what_user_code_does_to_its_process_is_one_line(net: Project, entry: str, line: str) -> None:
    line = line.format(input=LINES['input("go on? ")'], exit=LINES['sys.exit("no licence")'])
    assert verify(net, "--entry", entry, "--input", "float32[4]") == (2, "", f"tsl: {line}\n")


def test_a_crash_on_the_way_leaves_what_was_found(net: Project) -> None:
    done = verify(net, "--entry", "Crashes", "--input", "float32[4]")
    assert done.code == 2
    assert done.out.startswith("Not finished")
    assert re.fullmatch(
        r"tsl: net\.py: ended its process with SIGSEGV while trying dimension 0 of `x`: 4 -> \d\n", done.err
    )


def test_a_suspect_is_told_even_if_looking_for_its_cause_crashes(project: Project) -> None:
    text = GATE.replace("if x.sum() > 0:", "if crash(x.sum() > 0):") + (
        "\n\nimport traceback\n\n\ndef crash(test):\n"
        "    if any('locate.py' in frame.filename for frame in traceback.extract_stack()):\n"
        "        os._exit(9)\n    return test\n"
    )
    project.write("net.py", text)
    done = verify(project, "--entry", "examples", "--format", "json")
    assert done.code == 2
    found = report(done)
    assert [one["place"] for one in found["divergences"]] == [None]
    assert found["failure"]["message"].startswith("ended its process with exit code 9 while trying")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "import no_such_library\n",
            "cannot be imported: ModuleNotFoundError: No module named 'no_such_library' (line 1)",
        ),
        ("\n\nraise SystemExit(3)\n", "cannot be imported: SystemExit: 3 (line 3)"),
        ("def forward(:\n", "cannot be imported: SyntaxError: invalid syntax (net.py, line 1)"),
        ("from .other import x\n", "cannot be imported: ImportError: attempted relative import"),
    ],
)
def test_a_file_that_cannot_be_imported_is_one_line(project: Project, text: str, words: str) -> None:
    project.write("net.py", text)
    done = verify(project, "--entry", "Net")
    assert done.err.startswith(f"tsl: net.py: {words}")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    ("raised", "line"),
    [
        (
            "ModuleNotFoundError(\"No module named 'torch'\", name='torch')",
            "torch: is not installed, and verify runs the model: pip install 'torchscript-lint[torch]'",
        ),
        ("ImportError('libc10.so: no such file')", "torch: cannot be imported: ImportError: libc10.so: no such file"),
    ],
)
def test_a_missing_torch_is_one_line(net: Project, monkeypatch: pytest.MonkeyPatch, raised: str, line: str) -> None:
    net.write("without/torch.py", f"raise {raised}\n")
    monkeypatch.setenv("PYTHONPATH", str(net.root / "without"))
    assert verify(net, "--entry", "examples") == (2, "", f"tsl: {line}\n")


def test_a_file_of_a_package_is_imported_under_its_name(project: Project) -> None:
    project.write("project/__init__.py")
    project.write("project/parts.py", "def half(x):\n    return x / 2\n")
    project.write("project/models/__init__.py")
    text = "import torch\nimport lib\n\nfrom ..parts import half\n\n\nclass Net(torch.nn.Module):\n"
    project.write("project/models/net.py", text + "    def forward(self, x):\n        return lib.same(half(x))\n")
    project.write("src/lib.py", "def same(x):\n    return x\n")
    arguments = ("--entry", "Net", "--input", "f32[2]", "--trials", "5")
    assert verify(project, *arguments, file="project/models/net.py").code == 0


def test_a_file_may_be_called_like_a_module_of_python(project: Project) -> None:
    project.write(
        "types.py", "import torch\n\n\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        return x\n"
    )
    assert verify(project, "--entry", "Net", "--input", "f32[2]", "--trials", "5", file="types.py").code == 0


def test_the_example_in_the_documentation_is_what_verify_prints(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    text = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")
    examples = re.findall(r"```console\n.*?\$ tsl (verify [^\n]+)\n(.*?)```", text, re.S)
    run = [(command, shown) for command, shown in examples if (ROOT / command.split()[1]).is_file()]
    assert run
    for command, shown in run:
        assert project.tsl(*command.split()).out == shown


def test_a_fixture_that_traces_right_has_nothing_to_report(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    path = str((FIXTURE / "unet.py").relative_to(ROOT))
    done = project.tsl("verify", path, "--entry", "examples", "--trials", "40")
    assert (done.code, done.err) == (0, "")

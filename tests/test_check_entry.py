"""`tsl check --entry` and `--against` as a user runs them: graphs beside the source they came from; needs torch."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed, so nothing can be exported")

from tests.checkout import ROOT, plain_environment, run
from tests.conftest import Done, Project

NET = """\
import sys
import time

import torch
from torch import nn

print("imported", flush=True)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        x = self.dropout(self.linear(x))
        steps = torch.arange(x.shape[1], device=x.device)
        x = x + steps
        if x.sum() > 100000:
            x = x.relu()
        else:
            x = x.tanh()
        return x.nonzero()


class Reads(nn.Module):
    def forward(self, x):
        n = x.sum().item()
        return x * n


class Calls(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2


class Foreign(nn.Module):
    def forward(self, x):
        y = x + 1
        return Calls.apply(y)


class Several(nn.Module):
    def __init__(self):
        super().__init__()
        self.foreign = Foreign()

    def forward(self, x):
        x = Pair.apply(x)[0]
        x = self.foreign(x)
        return torch.special.erfcx(x)


class Pair(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 3, torch.special.bessel_j1(x)


@torch.jit.ignore
def ignored(x: torch.Tensor) -> torch.Tensor:
    return x.cumsum(0)


class Ignores(nn.Module):
    def forward(self, x):
        return ignored(x) + 1


class Upsampled(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose2d(2, 2, 2)

    def forward(self, x):
        return self.up(x)


class Lambda(nn.Module):
    def forward(self, x):
        return (lambda y: y + 1)(x)


class Fails(nn.Module):
    def forward(self, x):
        return x.view(3, 5)


def build():
    model = Net()
    return model, (torch.zeros(2, 4),)


def calm():
    return Net().eval(), (torch.zeros(2, 4),)


def reads():
    return Reads()


def foreign():
    return Foreign(), (torch.ones(2),)


def several():
    return Several(), (torch.ones(2),)


def ignores():
    return Ignores(), (torch.ones(2),)


def upsampled():
    return Upsampled(), (torch.ones(1, 2, 4, 4),)


def unscripted():
    return Lambda()


def fails():
    return Fails(), (torch.ones(2),)


def hangs():
    time.sleep(600)


def leaves():
    sys.exit("no licence")


def double(x):
    return x * 2 + torch.arange(x.shape[0], device=x.device)
"""
LINES = {line.strip(): number for number, line in enumerate(NET.splitlines(), 1)}
ARANGE = LINES["steps = torch.arange(x.shape[1], device=x.device)"]
BRANCH, RELU = LINES["if x.sum() > 100000:"], LINES["x = x.relu()"]


@pytest.fixture
def net(project: Project) -> Project:
    """A project with the file above in it."""
    project.write("net.py", NET)
    return project


def entry(project: Project, name: str, *arguments: str, file: str = "net.py") -> Done:
    return project.check("--isolated", file, "--entry", name, *arguments)


def findings(done: Done) -> dict[tuple[int, str], dict[str, Any]]:
    """The findings of a run by line and code, which tell them apart."""
    found = json.loads(done.out)["diagnostics"]
    by_place = {(one["line"], one["code"]): one for one in found}
    assert len(by_place) == len(found)
    return by_place


def evidence(done: Done) -> dict[tuple[int, str], list[str]]:
    return {key: one["evidence"] for key, one in findings(done).items()}


def labels(found: Mapping[str, Any]) -> list[tuple[int, str]]:
    return [(label["line"], label["text"]) for label in found["labels"]]


def test_what_both_engines_find_on_a_line_is_one_finding_with_both_evidences(net: Project) -> None:
    done = entry(net, "build")
    assert (done.code, done.err) == (1, "")
    found = findings(done)
    baked = found[ARANGE, "TSL141"]
    assert baked["evidence"] == ["source", "ir"]
    assert any(line == ARANGE and text.startswith("in the graph: `aten::arange`") for line, text in labels(baked))
    assert (ARANGE + 1, "joined here with a tensor that moves") in labels(baked)
    assert not [key for key in found if key[1] in {"TSL401", "TSL501"}]


def test_a_finding_keeps_its_identity_when_the_graph_bears_it_out(net: Project) -> None:
    with_graph, alone = findings(entry(net, "build")), findings(net.check("--isolated", "net.py"))
    for key in alone.keys() & with_graph.keys():
        assert with_graph[key]["fingerprint"] == alone[key]["fingerprint"]
    assert (ARANGE, "TSL141") in alone


def test_the_arm_that_the_trace_does_not_have_is_named(net: Project) -> None:
    branch = findings(entry(net, "build"))[BRANCH, "TSL101"]
    assert branch["evidence"] == ["source", "ir"]
    assert (BRANCH, "the exported graph has only one arm") in labels(branch)
    assert (RELU, "not in the exported graph") in labels(branch)
    assert (RELU + 2, "not in the exported graph") not in labels(branch)


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ("        assert x.sum() > 0\n        return x * 2\n", "TSL103", "the exported graph has no such check"),
        (
            "        for _ in range(x.size(0)):\n            x = x * 2\n        return x\n",
            "TSL112",
            "the exported graph has no loop",
        ),
        (
            "        y = x * 2\n        return y if x.sum() > 0 else -y\n",
            "TSL104",
            "the exported graph has no branch here",
        ),
        (
            "        for y in (x, -x):\n            if y.sum() > 0:\n                x = x * 2\n            else:\n"
            "                x = x / 2\n        return x\n",
            "TSL101",
            "the exported graph has no branch here",  # it has both arms, one after the other
        ),
    ],
)
def test_what_python_decided_is_not_in_the_trace(project: Project, body: str, code: str, text: str) -> None:
    head = "import torch\n\n\nclass Net(torch.nn.Module):\n    def forward(self, x):\n"
    project.write("net.py", head + body + "\n\ndef build():\n    return Net(), torch.ones(3)\n")
    (found,) = findings(entry(project, "build", "--select", code)).values()
    assert found["evidence"] == ["source", "ir"]
    assert [label["text"] for label in found["labels"] if "exported" in label["text"]] == [text]


def test_a_script_has_both_arms(net: Project) -> None:
    done = entry(net, "build", "--capture", "both")
    assert evidence(done)[BRANCH, "TSL101"] == ["source", "ir"]  # of the trace, which is exported as well
    done = entry(net, "build", "--capture", "script")
    assert (BRANCH, "TSL101") not in findings(done)
    assert evidence(done)[BRANCH, "TSL411"] == ["source", "ir"]


def test_what_only_the_graph_has_is_a_finding_of_the_file(net: Project) -> None:
    alone = entry(net, "build", "--select", "TSL401,TSL501")
    assert evidence(alone) == {
        (ARANGE, "TSL501"): ["ir"],
        (LINES["return x.nonzero()"], "TSL401"): ["ir"],
    }


def test_the_training_flag_stands_where_the_model_is_made(net: Project) -> None:
    found = findings(entry(net, "build", "--select", "TSL7"))
    assert list(found) == [(LINES["return model, (torch.zeros(2, 4),)"], "TSL707")]
    assert not findings(entry(net, "calm", "--select", "TSL7"))


def test_without_inputs_and_call_sites_the_model_is_scripted(net: Project) -> None:
    done = entry(net, "reads")
    reading = LINES["n = x.sum().item()"]
    assert evidence(done)[reading, "TSL411"] == ["source", "ir"]
    assert (reading, "TSL106") not in findings(done)


def test_what_is_scripted_takes_arguments_that_are_no_tensors(net: Project) -> None:
    net.write("net.py", NET + "\n\ndef flagged():\n    return Net(), (torch.zeros(2, 4), True)\n")
    assert entry(net, "flagged", "--capture", "script").code != 2
    assert "flagged() gives" in entry(net, "flagged", "--capture", "trace").err


def test_with_described_inputs_it_is_traced(net: Project) -> None:
    done = entry(net, "Reads", "--input", "x=float32[2,3]")
    assert (LINES["n = x.sum().item()"], "TSL106") in findings(done)


def test_a_function_can_be_the_model(net: Project) -> None:
    done = entry(net, "double", "--input", "x=float32[3]")
    line = LINES["return x * 2 + torch.arange(x.shape[0], device=x.device)"]
    assert evidence(done)[line, "TSL501"] == ["ir"]


def test_call_sites_say_what_is_done(net: Project) -> None:
    net.write("net.py", NET + "\n\ndef save():\n    torch.jit.script(Net()).save('net.pt')\n")
    assert evidence(entry(net, "build"))[BRANCH, "TSL411"] == ["source", "ir"]


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("unscripted", "return (lambda y: y + 1)(x)", r"torch\.jit\.script refuses this: .*Lambda.*"),
        (
            "fails",
            "return x.view(3, 5)",
            r"torch\.jit\.trace refuses this: RuntimeError: shape '\[3, 5\]' is invalid .*",
        ),
    ],
)
def test_what_torch_refuses_is_a_finding_at_the_users_line(net: Project, name: str, line: str, message: str) -> None:
    done = entry(net, name, "--select", "TSL904")
    assert done.code == 1
    (found,) = findings(done).values()
    assert (found["line"], found["rule"], found["evidence"]) == (LINES[line], "refused-export", ["ir"])
    assert re.fullmatch(message, found["message"])


def test_every_call_of_python_is_told_and_what_it_did_is_checked(net: Project) -> None:
    done = entry(net, "several", "--select", "TSL6,TSL904", "--target", "onnx:13")
    assert {key: one["message"] for key, one in findings(done).items()} == {
        (LINES["x = Pair.apply(x)[0]"], "TSL603"): "`Pair` calls Python: the model cannot be saved",
        (LINES["return Calls.apply(y)"], "TSL603"): "`Calls` calls Python: the model cannot be saved",
        (LINES["return torch.special.erfcx(x)"], "TSL601"): (
            "the model ends at `aten::special_erfcx`: not in `onnx:13`"
        ),
    }
    assert done.err == ""


def test_a_call_of_an_ignored_function_is_told_once(net: Project) -> None:
    done = entry(net, "ignores", "--capture", "script", "--select", "TSL6,TSL904")
    assert list(findings(done)) == [(LINES["return ignored(x) + 1"], "TSL603")]


def test_what_a_library_runs_stands_at_the_call_of_it(net: Project) -> None:
    done = entry(net, "upsampled", "--capture", "script", "--select", "TSL6", "--target", "coreml")
    found = findings(done)[LINES["return self.up(x)"], "TSL601"]
    assert (found["message"], found["evidence"]) == ("the model ends at `aten::__is__`: not in `coreml`", ["ir"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--entry", "nothing"), r"--entry: net\.py has no 'nothing'.*"),
        (("--entry", "leaves"), r"--entry: leaves\(\) raises SystemExit: no licence \(line \d+\)"),
        (("--entry", "hangs", "--timeout", "6"), r"--timeout: 6 s were over while making the model; give more"),
        (("--entry", "Reads", "--capture", "trace"), r"--input: is needed: Reads makes a module without .*"),
    ],
)
def test_what_cannot_be_done_is_a_line_and_the_source_is_checked_all_the_same(
    net: Project, arguments: tuple[str, ...], said: str
) -> None:
    done = net.check("--isolated", "net.py", *arguments)
    assert done.code == 2
    assert re.fullmatch(rf"tsl: {said}\n", done.err)
    assert (BRANCH, "TSL101") in findings(done)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("net.py", "--timeout", "3"), "--timeout: goes with --entry"),
        ((".", "--entry", "build"), "--entry: names something in a Python file, and the first path is ."),
    ],
)
def test_options_that_need_each_other_say_so(net: Project, arguments: tuple[str, ...], said: str) -> None:
    done = net.tsl("check", "--isolated", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"tsl: {said}")


def test_a_comment_silences_what_the_graph_finds_and_is_not_unused_without_it(net: Project) -> None:
    text = NET.replace("return x.nonzero()", "return x.nonzero()  # tsl: ignore[host-sync]")
    net.write("net.py", text)
    done = entry(net, "build", "--select", "TSL4,TSL9")
    assert evidence(done) == {(LINES["return x.nonzero()"], "TSL412"): ["source"]}
    assert json.loads(done.out)["summary"]["suppressed"] == 1
    assert not [key for key in findings(net.check("--isolated", "net.py")) if key[1] == "TSL901"]


def test_findings_in_another_file_of_the_run_stand_there(project: Project) -> None:
    project.write("part.py", "def crop(x):\n    return x[x > 0]\n")
    model = "import torch\nfrom part import crop\n\n\nclass Net(torch.nn.Module):\n    def forward(self, x):\n"
    model += "        return crop(x).sum()\n\n\ndef build():\n    return Net(), torch.ones(3)\n"
    project.write("net.py", model)
    done = project.check("--isolated", "net.py", "part.py", "--entry", "build", "--select", "TSL401")
    assert [(one["path"], one["line"]) for one in json.loads(done.out)["diagnostics"]] == [("part.py", 2)]
    done = entry(project, "build", "--select", "TSL401")
    (found,) = findings(done).values()
    assert found["line"] == 7
    assert [(label["path"], label["text"]) for label in found["labels"]] == [("part.py", "recorded here, in crop")]


def test_every_format_reports_the_graph(net: Project) -> None:
    for form in ("text", "concise", "github", "sarif"):
        done = net.tsl("check", "--isolated", "--no-cache", "net.py", "--entry", "build", "--format", form)
        assert "TSL707" in done.out, form


def test_what_user_code_prints_is_no_part_of_the_report_and_no_file_is_left(net: Project, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    done = entry(net, "build")
    assert "imported" not in done.out + done.err
    assert [path for path in sorted(os.listdir(tmp_path)) if path != "__pycache__"] == before
    assert entry(net, "build").out == done.out


@pytest.fixture
def exported(net: Project, tmp_path: Path) -> Project:
    """The project with archives of its model: `traced.pt` and `scripted.pt`, made in another directory."""
    script = "import sys, torch, net\nmodel, given = net.build()\n"
    script += "torch.jit.save(torch.jit.trace(model, given, check_trace=False), sys.argv[1] + '/traced.pt')\n"
    script += "torch.jit.save(torch.jit.script(model), sys.argv[1] + '/scripted.pt')\n"
    there = tmp_path / "elsewhere"
    there.mkdir()
    (there / "net.py").write_text(NET, encoding="utf-8")
    done = run(sys.executable, "-c", script, tmp_path, cwd=there)
    assert done.returncode == 0, done.stderr
    (there / "net.py").unlink()
    return net


def against(project: Project, archive: str, *arguments: str) -> Done:
    return project.check("--isolated", "net.py", "--against", archive, *arguments)


def test_an_archive_made_elsewhere_says_what_the_export_would(exported: Project) -> None:
    there, here = findings(against(exported, "traced.pt")), findings(entry(exported, "build"))
    assert there.pop((LINES["class Net(nn.Module):"], "TSL707"))
    assert here.pop((LINES["return model, (torch.zeros(2, 4),)"], "TSL707"))
    assert there == here


def test_a_scripted_archive_is_held_to_the_promises_of_scripts(exported: Project) -> None:
    found = evidence(against(exported, "scripted.pt"))
    assert found[BRANCH, "TSL411"] == ["source", "ir"]
    assert (BRANCH, "TSL101") not in found


@pytest.mark.parametrize("archive", ["traced.pt", "scripted.pt"])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("import sys\n", "import sys\n\n"),
        lambda text: text.replace("def forward(self, x):\n", "def forward(self, x):\n        # a comment\n", 1),
        lambda text: text.replace("class Net(", "class New(nn.Module):\n    pass\n\n\nclass Net("),
    ],
)
def test_an_archive_of_another_version_of_the_file_says_so_and_nothing_else(
    exported: Project, archive: str, change: Any
) -> None:
    changed = change(NET)
    assert changed != NET
    exported.write("net.py", changed)
    done = against(exported, archive)
    said = rf"tsl: {archive}: was made from another version of net\.py: line \d+ .*; nothing is said there\n"
    assert re.fullmatch(said, done.err)
    assert all(kinds == ["source"] for kinds in evidence(done).values())


def test_an_archive_of_another_model_says_that_it_is(exported: Project) -> None:
    exported.write("other.py", "def f(x):\n    return x\n")
    done = exported.check("--isolated", "other.py", "--against", "traced.pt")
    assert (done.code, done.err) == (0, "tsl: traced.pt: none of the checked files is recorded in it\n")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.pt", "cannot be read: no such file or directory"),
        ("net.py", "holds no TorchScript model: it is a text"),
    ],
)
def test_what_is_no_archive_is_said(net: Project, name: str, said: str) -> None:
    done = against(net, name)
    assert (done.code, done.err) == (2, f"tsl: {name}: {said}\n")


def test_an_archive_is_read_without_torch(exported: Project, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "torch.py").write_text("raise RuntimeError('torch was imported')\n", encoding="utf-8")
    environment = plain_environment(PYTHONPATH=os.pathsep.join([str(hidden), str(ROOT)]))
    command = (sys.executable, "-m", "tsl", "check", "--isolated", "--no-cache", "--format", "json", "net.py")
    done = run(*command, "--against", "traced.pt", cwd=tmp_path, env=environment)
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout) == json.loads(against(exported, "traced.pt").out)


def test_without_torch_an_entry_says_how_to_get_it(net: Project, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "torch.py").write_text("raise ModuleNotFoundError('no torch', name='torch')\n", encoding="utf-8")
    environment = plain_environment(PYTHONPATH=os.pathsep.join([str(hidden), str(ROOT)]))
    done = run(
        sys.executable, "-m", "tsl", "check", "--isolated", "net.py", "--entry", "build", cwd=tmp_path, env=environment
    )
    assert done.returncode == 2
    assert "tsl: torch: is not installed, and --entry runs the model: pip install" in done.stderr


def test_the_page_shows_what_tsl_prints() -> None:
    script, page = ROOT / "scripts" / "refresh_examples.py", ROOT / "docs" / "entry.md"
    done = run(sys.executable, script, "--check", page, cwd=ROOT, env=plain_environment(PYTHONPATH=str(ROOT)))
    assert (done.returncode, done.stderr) == (0, "")


def test_an_arm_that_the_example_does_not_take_is_held_against_targets(project: Project) -> None:
    project.write(
        "net.py",
        "import torch\n\n\nclass Net(torch.nn.Module):\n    def forward(self, x: torch.Tensor) -> torch.Tensor:\n"
        "        if x.shape[0] == 1:\n            x = x.squeeze(0)\n        return x + 1\n\n\n"
        "def build():\n    return Net(), (torch.rand(1, 4, 4),)\n",
    )
    done = entry(project, "build", "--capture", "script", "--target", "onnx:13", "--select", "TSL604")
    assert done.places == [("net.py", 6, "TSL604")]

"""`tsl migrate`: that no use is missed, that what it says to write is right, and that proofs are run."""

from __future__ import annotations

import ast
import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.checkout import ROOT, run
from tests.conftest import Project
from tests.releases import since
from tsl.migrate.ledger import EFFORTS, KINDS, STATUSES

PLAIN_GREP = re.compile(r"torch\.(jit|onnx)\b")

EXPORT = '''\
"""Exports the model; torch.jit.trace is what we use."""
import torch
import torch.onnx
from torch import jit
from torch.jit import Final, ScriptModule as Scripted
from net import Net


def main(path):
    model = Net().eval()
    x = torch.rand(2, 3, 32, 32)
    traced = torch.jit.trace(model, x, check_trace=False)
    frozen = jit.freeze(traced)
    frozen.save("net.pt")
    torch.jit.save(traced, f"{path}/net.pt")
    torch.onnx.export(
        model, x, "net.onnx", opset_version=11, do_constant_folding=True,
        input_names=["image"], output_names=["scores"],
        dynamic_axes={"image": {0: "batch", 2: "height"}, "scores": [0]},
    )
    loaded = jit.load("net.pt", map_location="cpu")  # torch.jit reads it
    return isinstance(loaded, (torch.jit.ScriptModule, Scripted)), getattr(torch.jit, "trace")


@torch.jit.script
def straight(a, b):
    return a + b


@jit.script
def clipped(x: torch.Tensor, most: float) -> torch.Tensor:
    while bool(x.max() > most):
        x = x / 2
    return x


class Old(jit.ScriptModule):
    scale: Final[int]

    @torch.jit.script_method
    def forward(self, x):
        if torch.jit.is_scripting():
            return x
        return torch.jit.annotate(torch.Tensor, x)

    @torch.jit.export
    def encode(self, x, lengths):
        return x

    @torch.jit.unused
    def draw(self):
        torch.jit.set_fusion_strategy([("STATIC", 2)])
        torch.onnx.dynamo_export(self, 1)
        torch.jit._script._private(self)
'''


@pytest.fixture
def sites(project: Project) -> list[dict[str, Any]]:
    """The sites of EXPORT."""
    project.write("export.py", EXPORT)
    done = project.tsl("migrate", "--format", "json")
    assert (done.code, done.err) == (0, "")
    found: list[dict[str, Any]] = json.loads(done.out)["sites"]
    return found


def at(sites: list[dict[str, Any]], text: str) -> dict[str, Any]:
    """The one site in the first line of EXPORT that holds a text, which is no import or mention."""
    line = next(number for number, line in enumerate(EXPORT.splitlines(), 1) if text in line)
    (found,) = [site for site in sites if site["line"] == line and site["kind"] not in ("import", "mention")]
    return found


def test_every_line_a_plain_grep_finds_is_in_the_ledger(sites: list[dict[str, Any]]) -> None:
    listed = {site["line"] for site in sites}
    found = {number for number, line in enumerate(EXPORT.splitlines(), 1) if PLAIN_GREP.search(line)}
    assert found <= listed


def test_uses_under_another_name_are_in_the_ledger(sites: list[dict[str, Any]]) -> None:
    names = {site["name"] for site in sites}
    assert {"torch.jit.freeze", "torch.jit.ScriptModule.save", "torch.jit.ScriptModule", "torch.jit.Final"} <= names
    assert at(sites, "class Old")["name"] == "torch.jit.ScriptModule"


def test_kinds_statuses_and_efforts_are_words_that_are_explained(sites: list[dict[str, Any]]) -> None:
    assert {site["kind"] for site in sites} <= KINDS.keys()
    assert {site["effort"] for site in sites} <= EFFORTS.keys()
    assert {site["status"] for site in sites} <= STATUSES.keys()


@pytest.mark.parametrize(
    ("text", "kind", "status", "effort"),
    [
        ("traced = ", "capture", "deprecated", "medium"),
        ("frozen.save", "save", "deprecated", "small"),
        ("torch.onnx.export(", "onnx", "works", "medium"),
        ("loaded = ", "load", "deprecated", "small"),
        ("@torch.jit.script", "island", "deprecated", "small"),
        ("@jit.script", "island", "deprecated", "large"),
        ("is_scripting()", "guard", "works", "small"),
        ("set_fusion", "setting", "deprecated", "small"),
        ("dynamo_export", "onnx", "gone", "small"),
        ("_private", "other", "private", "none"),
    ],
)
def test_a_site_says_what_it_is_and_how_torch_stands_to_it(
    sites: list[dict[str, Any]], text: str, kind: str, status: str, effort: str
) -> None:
    found = at(sites, text)
    assert (found["kind"], found["status"], found["effort"]) == (kind, status, effort)


@pytest.mark.parametrize(
    ("text", "replacement"),
    [
        ("traced = ", "program = torch.export.export(model, (x,))\ntraced = program.module()"),
        ("frozen.save", "torch.export.save(program, 'net.pt2')"),
        ("annotate", "x"),
        (
            "torch.onnx.export(",
            "torch.onnx.export(model, (x,), 'net.onnx', opset_version=18, input_names=['image'],"
            " output_names=['scores'], dynamo=True,"
            ' dynamic_shapes=({0: torch.export.Dim("batch"), 2: torch.export.Dim("height")},))',
        ),
        ("is_scripting()", "torch.compiler.is_exporting()"),
        ("dynamo_export", "torch.onnx.export(self, (1,), dynamo=True)"),
    ],
)
def test_the_replacement_is_made_of_what_the_site_gives(
    sites: list[dict[str, Any]], text: str, replacement: str
) -> None:
    assert at(sites, text)["replacement"] == replacement


def test_every_replacement_parses(sites: list[dict[str, Any]]) -> None:
    for site in sites:
        ast.parse(site["replacement"])


def test_a_python_that_torch_refuses_is_said(sites: list[dict[str, Any]]) -> None:
    assert at(sites, "traced = ")["no_python_314"]
    assert not at(sites, "is_scripting()")["no_python_314"]


def test_names_that_hide_torch_are_not_torch(project: Project) -> None:
    project.write(
        "net.py", "import numba as jit\n\n\n@jit.script\ndef f(jit, torch):\n    return torch.jit.trace(jit)\n"
    )
    project.write("own.py", "from own import jit\n\njit.trace(1)\n")
    found = json.loads(project.tsl("migrate", "--format", "json").out)["sites"]
    assert [(site["path"], site["kind"]) for site in found] == [("net.py", "mention")]


def test_sizes_that_forward_reads_are_dynamic(project: Project) -> None:
    project.write(
        "net.py",
        """\
import torch

        class Net(torch.nn.Module):
            def forward(self, x, mask, y):
                b, c, h, w = x.shape
                return x.reshape(b, c, h * w) + mask.size(1)

        def export(x, m, y):
            net = Net().eval().cuda()
            return torch.jit.trace(net, (x, m, y))
        """.replace("\n        ", "\n"),
    )
    (site,) = json.loads(project.tsl("migrate", "--format", "json").out)["sites"]
    auto = "torch.export.Dim.AUTO"
    x = ", ".join(f"{axis}: {auto}" for axis in range(4))
    assert site["replacement"].splitlines()[0] == (
        "program = torch.export.export(net, (x, m, y), "
        f'dynamic_shapes={{"x": {{{x}}}, "mask": {{1: {auto}}}, "y": {{}}}})'
    )


BRANCHED = {
    "return": ("if x.sum() > 0:\n    return x * 2\nreturn -x", "torch.cond"),
    "assign": ("y = x\nif x.sum() > 0:\n    y = y * 2\nelse:\n    y = -y\nreturn y + 1", "torch.cond"),
    "half": ("y = -x\nif x.sum() > 0:\n    y = y * 2\nreturn y + 1", "torch.cond"),
    "ternary": ("return x * 2 if x.sum() > 0 else -x", "torch.where"),
    "loop": ("while x.sum() > 1:\n    x = x / 2\nreturn x", "torch.while_loop"),
}


LOOP = pytest.param("loop", marks=since((2, 7), "2.4 has no torch.while_loop"))


@pytest.mark.parametrize("case", [LOOP if case == "loop" else case for case in BRANCHED])
def test_a_branch_on_data_written_as_told_is_exported_and_means_the_same(project: Project, case: str) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed, so nothing can be exported")
    body, operator = BRANCHED[case]
    text = "import torch\n\n\nclass Net(torch.nn.Module):\n    def forward(self, x):\n" + textwrap.indent(body, " " * 8)
    project.write("net.py", text + "\n")
    (site,) = json.loads(project.tsl("migrate", "--format", "json").out)["sites"]
    assert site["kind"] == "branch"
    assert operator in site["replacement"]
    old, new = _model(text), _model(_rewritten(text, site))
    inputs = [torch.full((3,), 2.0), torch.full((3,), -2.0)]
    program = torch.export.export(new, (inputs[0],)).module()
    for one in inputs:
        assert torch.equal(program(one.clone()), old(one.clone()))


def _rewritten(text: str, site: dict[str, Any]) -> str:
    """The text with the statement at a site, and what it takes with it, replaced."""
    tree = ast.parse(text)
    forward = tree.body[1].body[0]  # type: ignore[attr-defined]
    if "torch.where" in site["replacement"]:
        return text.replace(text.splitlines()[site["line"] - 1].strip(), f"return {site['replacement']}")
    (node,) = [one for one in forward.body if isinstance(one, ast.If | ast.While)]
    place = forward.body.index(node)
    rest = [] if site["replacement"].splitlines()[-1].startswith("return") else forward.body[place + 1 :]
    forward.body = [*forward.body[:place], *ast.parse(site["replacement"], mode="exec").body, *rest]
    return ast.unparse(tree)


def _model(text: str) -> Any:
    scope: dict[str, Any] = {}
    exec(compile(text, "net.py", "exec"), scope)
    return scope["Net"]()


PROVED = """\
import torch


class Net(torch.nn.Module):
    def forward(self, x):
        return torch.relu(x)


class Gate(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x
        return -x


def gate():
    return Gate(), torch.rand(3)


def export():
    return torch.jit.trace(Net().eval(), torch.rand(3))
"""


def proved(project: Project, *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the ledger of a run that proves."""
    pytest.importorskip("torch", reason="torch is not installed, so nothing can be exported")
    project.write("net.py", PROVED)
    done = project.tsl("migrate", "net.py", "--format", "json", "--prove", *arguments)
    assert done.err == ""
    return done.code, json.loads(done.out)


def test_a_model_that_torch_export_takes_is_proved_with_its_free_sizes(project: Project) -> None:
    code, ledger = proved(project, "--entry", "Net", "--input", "x=float32[N,3]")
    (proof,) = ledger["proofs"]
    assert (code, proof["passed"], proof["dynamic"], proof["difference"]) == (0, True, "N", 0.0)
    (capture,) = [site for site in ledger["sites"] if site["kind"] == "capture"]
    assert capture["proofs"] == ["net.py:Net"]


@since((2, 13), "torch.export of 2.4 and 2.7 names no line of the user")
def test_a_model_that_torch_export_refuses_names_the_line(project: Project) -> None:
    code, ledger = proved(project, "--entry", "gate")
    (proof,) = ledger["proofs"]
    assert (code, proof["passed"], proof["path"], proof["line"]) == (1, False, "net.py", 11)
    (branch,) = [site for site in ledger["sites"] if site["kind"] == "branch"]
    assert branch["proofs"] == ["net.py:gate"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--prove"], "go together"),
        (["--entry", "Net"], "go together"),
        (["--timeout", "3"], "goes with --prove"),
        (["--prove", "--entry", "Net"], "write FILE.py:Net"),
        (["gone.py"], "no such file"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_2(project: Project, arguments: list[str], said: str) -> None:
    done = project.tsl("migrate", *arguments)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert said in done.err


def test_a_file_that_does_not_parse_is_said_and_the_rest_is_listed(project: Project) -> None:
    project.write("bad.py", "def f(:\n")
    project.write("good.py", "import torch\n\ntorch.jit.load('x.pt')\n")
    done = project.tsl("migrate", "--format", "json")
    assert done.code == 2
    assert "bad.py: does not parse: line 1" in done.err
    assert [site["path"] for site in json.loads(done.out)["sites"]] == ["good.py"]


def test_the_markdown_ledger_is_written_whole(project: Project) -> None:
    project.write("export.py", EXPORT)
    done = project.tsl("migrate", "--format", "markdown", "-o", "LEDGER.md")
    assert (done.code, done.out) == (0, "")
    text = (project.root / "LEDGER.md").read_text()
    assert text.count("- [ ] line ") == text.count("\n- [ ]")
    assert "| capture: " in text
    assert text.count("```") % 2 == 0


def test_the_table_of_names_is_as_the_installed_torch_has_it() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed, so its names cannot be read")
    table = (ROOT / "tsl" / "migrate" / "names.txt").read_text()
    if not table.startswith(f"# torch {torch.__version__.partition('+')[0]}:"):
        pytest.skip("the table is of another torch")
    done = run(*_python(), "scripts/migration_names.py", "--check", cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def _python() -> list[str]:
    import sys

    return [sys.executable]


PACKAGES = ROOT / "build" / "zoo-site"


def python_files(package: str) -> Iterator[Path]:
    """The files of a package that `make zoo` installs."""
    directory = PACKAGES / package
    if not directory.is_dir():
        pytest.skip(f"{package} is not installed; `make zoo` does that")
    yield from sorted(directory.rglob("*.py"))


@pytest.mark.parametrize("package", ["torchaudio", "torchvision", "timm"])
def test_the_ledger_of_a_real_package_is_complete_against_a_plain_grep(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tsl.check import Settings
    from tsl.migrate import migrate

    found = {
        (str(path.relative_to(PACKAGES)), number)
        for path in python_files(package)
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
        if PLAIN_GREP.search(line)
    }
    monkeypatch.chdir(PACKAGES)
    listed = {(site.path, site.line) for site in migrate([package], Settings()).sites}
    assert found
    assert found <= listed

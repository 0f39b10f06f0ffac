"""`tsl check --deploy DEVICE --trust`, and of what `--entry` exports: what a simulation adds; needs torch."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed, so nothing can be simulated")

from tests.checkout import ROOT, plain_environment, run  # noqa: E402
from tests.conftest import Done, Project  # noqa: E402
from tsl.ir import simulate as simulating  # noqa: E402
from tsl.ir.simulate import Simulation, simulate  # noqa: E402

NET = """\
import torch
from torch import nn


class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)
        self.table = torch.ones(5)

    def forward(self, x):
        x = self.conv(x)
        x = x * self.table  # left behind
        return x + torch.arange(5)  # on the CPU


class Solved(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("system", torch.eye(3))

    def forward(self, x):
        return torch.linalg.solve(self.system, x)  # here


class Counted(nn.Module):
    def forward(self, x):
        return x[: int(x.sum())]  # waits


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(8, 8, batch_first=True)

    def forward(self, x):
        return self.rnn(x)[0]  # a state


def mixed():
    return Mixed().eval(), (torch.ones(1, 3, 5, 5),)


def counted():
    return torch.jit.script(Counted()), (torch.ones(4),)


image, rows, steps = torch.ones(1, 3, 5, 5), torch.ones(3, 2), torch.ones(2, 4, 8)
"""
LINES = {line.rpartition("# ")[2]: number for number, line in enumerate(NET.splitlines(), 1) if "  # " in line}
FORETOLD, NOT_FORETOLD = {"ir", "simulated"}, {"ir"}


def saved(project: Project, expression: str) -> None:
    """Saves what an expression of the file makes as `net.pt`."""
    path = project.write("net.py", NET)
    scope: dict[str, Any] = {"__name__": "net", "__file__": str(path)}
    exec(compile(NET, str(path), "exec"), scope)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(eval(expression, scope), "net.pt")


def found(done: Done) -> dict[tuple[str, int], set[str]]:
    """By code and recorded line what each finding rests on."""
    return {(one["code"], one["labels"][0]["line"]): set(one["evidence"]) for one in done.findings}


MIXED = "torch.jit.trace(Mixed().eval(), image)"


@pytest.mark.parametrize(
    ("deploy", "code", "line"),
    [("cuda", "TSL503", "left behind"), ("cuda:map_location", "TSL502", "on the CPU"), ("cuda:frozen", "TSL503", "")],
)
def test_what_a_simulation_refuses_where_it_is_foretold_has_its_evidence(
    project: Project, deploy: str, code: str, line: str
) -> None:
    saved(project, MIXED)
    asked = ("net.pt", "--deploy", deploy, "--select", "TSL502,TSL503")
    told, plain = found(project.check(*asked, "--trust")), found(project.check(*asked))
    assert set(told) == set(plain)
    assert all(kinds == NOT_FORETOLD for kinds in plain.values())
    borne_out = [place for place, kinds in told.items() if kinds == FORETOLD]
    expected = LINES[line] if line else NET.splitlines().index("        x = self.conv(x)") + 1
    assert borne_out == [(code, expected)]


def test_what_it_refuses_alone_is_a_finding_of_its_own(project: Project) -> None:
    saved(project, "torch.jit.trace(Solved(), rows)")
    asked = ("net.pt", "--deploy", "cuda", "--select", "TSL5", "--input", "x=float32[4,2]")
    assert project.check(*asked).findings == []
    (one,) = project.check(*asked, "--trust").findings
    assert (one["code"], one["rule"], one["severity"], one["evidence"]) == (
        "TSL505",
        "simulated-failure",
        "error",
        ["ir", "simulated"],
    )
    assert one["message"].startswith("`aten::linalg_solve` fails wherever it runs: linalg.solve: Incompatible shapes")
    assert one["labels"][0]["line"] == LINES["here"]


def test_of_sizes_that_were_guessed_it_finds_nothing_alone(project: Project) -> None:
    saved(project, "torch.jit.trace(Solved(), rows)")
    asked = ("net.pt", "--deploy", "cuda", "--trust", "--select", "TSL5", "--input", "x=float32[N,2]")
    assert project.check(*asked).findings == []


def test_a_wait_is_borne_out(project: Project) -> None:
    saved(project, "torch.jit.script(Counted())")
    asked = ("net.pt", "--deploy", "cuda", "--select", "TSL401", "--input", "x=float32[4]")
    assert list(found(project.check(*asked, "--trust")).values()) == [FORETOLD]
    assert list(found(project.check(*asked)).values()) == [NOT_FORETOLD]


def test_a_traced_recurrent_layer_is_refused_at_the_call(project: Project) -> None:
    saved(project, "torch.jit.trace(Recurrent().eval(), steps)")
    done = project.check("net.pt", "--deploy", "cuda", "--trust", "--select", "TSL5")
    assert found(done) == {("TSL504", LINES["a state"]): FORETOLD}


def test_verbose_says_how_it_went(project: Project) -> None:
    saved(project, MIXED)
    (line,) = project.check("net.pt", "--deploy", "cuda", "--trust", "-v").err.splitlines()[1:]
    assert line == (
        "tsl: net.pt: simulated: forward 21 nodes; foretold and borne out 1, found by it alone 0,"
        " foretold and not met by it 0; waits borne out 0"
    )
    saved(project, "torch.jit.script(Counted())")
    (line,) = project.check("net.pt", "--deploy", "cuda", "--trust", "-v").err.splitlines()[1:]
    assert "simulated: forward not: its inputs are not known; " in line


def test_what_an_entry_makes_is_simulated_without_being_asked(project: Project) -> None:
    project.write("net.py", NET)
    done = project.check("net.py", "--entry", "mixed", "--deploy", "cuda", "--select", "TSL503", "-v")
    assert [(one["line"], one["evidence"]) for one in done.findings] == [(LINES["left behind"], ["ir", "simulated"])]
    assert "tsl: mixed: simulated: forward " in done.err


def test_an_archive_beside_its_source_is_simulated_on_trust(project: Project) -> None:
    saved(project, MIXED)
    asked = ("net.py", "--against", "net.pt", "--deploy", "cuda", "--select", "TSL503")
    assert [one["evidence"] for one in project.check(*asked).findings] == [["ir"]]
    assert [one["evidence"] for one in project.check(*asked, "--trust").findings] == [["ir", "simulated"]]


def test_trust_needs_a_device_and_an_archive(project: Project) -> None:
    project.write("net.py", NET)
    done = project.check("net.py", "--trust")
    assert (done.code, done.err) == (2, "tsl: --trust: says nothing without a device to run on; add --deploy cuda\n")
    done = project.check("net.py", "--trust", "--deploy", "cuda")
    assert "tsl: --trust: says nothing here: it is about archives, and none was checked\n" in done.err


def test_an_archive_from_standard_input_is_simulated_too(project: Project) -> None:
    saved(project, MIXED)
    data = Path("net.pt").read_bytes()
    asked = ("--stdin-filename", "net.pt", "--deploy", "cuda", "--trust", "--select", "TSL503")
    assert [one["evidence"] for one in project.check("-", *asked, stdin=data).findings] == [["ir", "simulated"]]


def test_two_runs_say_the_same(project: Project) -> None:
    saved(project, MIXED)
    asked = ("net.pt", "--deploy", "cuda", "--trust", "-v")
    assert project.check(*asked) == project.check(*asked)


def failing(monkeypatch: pytest.MonkeyPatch, code: str, timeout: float = 60.0) -> Simulation:
    """The simulation of a child process that runs other code."""
    monkeypatch.setattr("tsl.entry.process._BOOT", f"import sys, json; {code} #{{}}")
    return simulate("net.pt", "cuda:0", "to", timeout=timeout)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("raise SystemExit(3)", "is not simulated: ended its process with exit code 3 while starting Python"),
        ("import os; os.abort()", "is not simulated: ended its process with SIGABRT while starting Python"),
    ],
)
def test_a_crash_of_torch_costs_nothing_of_the_rest(monkeypatch: pytest.MonkeyPatch, code: str, message: str) -> None:
    assert failing(monkeypatch, code).failure == ("net.pt", message)


def test_a_simulation_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    found = failing(monkeypatch, "import time; time.sleep(60)", 0.5)
    assert found.failure == ("net.pt", "is not simulated to its end: 0.5 s were over while starting Python")


def test_a_failure_is_said_and_the_findings_stay(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(project, MIXED)
    monkeypatch.setattr(simulating, "converse", lambda *_: "SIGSEGV")
    done = project.check("net.pt", "--deploy", "cuda", "--trust", "--select", "TSL503")
    assert (done.code, [one["evidence"] for one in done.findings]) == (2, [["ir"]])
    assert done.err == "tsl: net.pt: is not simulated: ended its process with SIGSEGV while starting Python\n"


def test_torch_is_asked_in_a_process_of_its_own(project: Project) -> None:
    saved(project, MIXED)
    code = (
        "import sys; from tsl.cli import main; code = main(sys.argv[1:]);"
        " print(code, 'torch' in sys.modules, file=sys.stderr)"
    )
    asked = ["check", "net.pt", "--deploy", "cuda", "--trust", "--format", "json", "--no-cache", "--isolated"]
    done = run(
        sys.executable, "-c", code, *asked, cwd=project.root, env={**plain_environment(), "PYTHONPATH": str(ROOT)}
    )
    assert done.stderr.splitlines()[-1] == "1 False"
    assert any("simulated" in one["evidence"] for one in json.loads(done.stdout)["diagnostics"])

"""`tsl fusion` as a user runs it: what it takes, what it reports, its gates and exit codes; needs torch."""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed, so nothing can be fused")

import torch

from tests.checkout import ROOT, plain_environment, run
from tests.conftest import Done, Project
from tsl.fusion import launch
from tsl.fusion.launch import Request
from tsl.ir.fused import Report

NET = """\
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        y = torch.sigmoid(x) * 2
        y = torch.relu_(y)
        return torch.tanh(y) * x


class Better(nn.Module):
    def forward(self, x):
        y = torch.sigmoid(x) * 2
        y = torch.relu(y)
        return torch.tanh(y) * x


class Quiet(nn.Module):
    def forward(self, x):
        y = torch.sigmoid(x) * 2
        y = torch.relu_(y)  # tsl: ignore[in-place-unfused] the caller asks for it
        return torch.tanh(y) * x


class Fails(nn.Module):
    def forward(self, x):
        raise ValueError("never ready")


class Writes(nn.Module):
    def forward(self, x):
        print("noise")
        return torch.tanh(torch.sigmoid(x.add_(1)))


class Steps(nn.Module):
    def forward(self, x: torch.Tensor, times: int):
        return torch.tanh(torch.sigmoid(x) * times)


def net():
    return Net().eval(), torch.randn(4, 8)


def better():
    return Better().eval(), torch.randn(4, 8)


def scripted():
    return torch.jit.script(Better().eval()), torch.randn(4, 8)


def other_sizes():
    return Better().eval(), torch.randn(4, 8), torch.randn(6, 8)
"""
LINE = 8
LOOK = launch.look
LOOKED: dict[tuple[Any, ...], Report] = {}


@pytest.fixture
def net(project: Project) -> Project:
    project.write("net.py", NET)
    return project


@pytest.fixture
def shared(net: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The same, where a look that was had before, of the same file for the same request, is not run again."""

    def once(request: Request) -> Report:
        key = (*request._replace(sources=()), (net.root / request.path).read_text(encoding="utf-8"))
        if key not in LOOKED:
            LOOKED[key] = LOOK(request)
        return LOOKED[key]

    monkeypatch.setattr(launch, "look", once)
    return net


def fusion(project: Project, what: str, *arguments: str) -> Done:
    return project.tsl("fusion", what, "--isolated", *arguments)


def report(done: Done) -> dict[str, Any]:
    found = json.loads(done.out)
    assert isinstance(found, dict)
    return found


def test_the_report_has_groups_with_lines_and_the_rest_with_reasons(shared: Project) -> None:
    done = fusion(shared, "net.py:net", "--format", "json")
    assert (done.code, done.err) == (1, "")
    found = report(done)
    assert {"groups", "unfused", "device", "runs", "numerics", "kernels", "diagnostics"} <= found.keys()
    groups = [[(node["op"], node["path"], node["line"]) for node in group["nodes"]] for group in found["groups"]]
    assert groups == [
        [("aten::sigmoid", "net.py", 7), ("aten::mul", "net.py", 7)],
        [("aten::tanh", "net.py", 9), ("aten::mul", "net.py", 9)],
    ]
    (left,) = found["unfused"]
    assert (left["node"]["op"], left["node"]["line"], left["reason"]) == ("aten::relu_", LINE, "in place")
    assert [(one["code"], one["line"], one["evidence"]) for one in found["diagnostics"]] == [("TSL801", LINE, ["run"])]
    assert found["kernels"]["names"] == {"fused_sigmoid_mul": 1, "fused_tanh_mul": 1}
    assert found["numerics"][0]["error"] < 1e-5
    assert (found["device"], found["fused"], found["fusible"]) == ("cpu", 4, 5)


def test_two_runs_write_the_same_bytes(net: Project) -> None:
    one, other = (fusion(net, "net.py:net", "--format", "json").out for _ in range(2))
    assert one == other
    assert str(net.root) not in one


def test_text_names_groups_their_lines_and_the_evidence(shared: Project) -> None:
    out = fusion(shared, "net.py:net").out
    assert "Fused on cpu from call 2 on: 2 groups, 4 of 5 operators that can be\n  1. sigmoid mul  (net.py:7)" in out
    assert "ran fused_tanh_mul" in out
    assert "warning[TSL801] in-place-unfused" in out


def test_a_clean_model_exits_0(shared: Project) -> None:
    done = fusion(shared, "net.py:better", "--format", "json")
    assert (done.code, done.err, report(done)["diagnostics"]) == (0, "", [])


def test_a_comment_silences_a_finding(net: Project) -> None:
    assert fusion(net, "net.py:Quiet", "--input", "x=float32[4,8]", "--format", "json").codes == []


def test_expect_passes_where_as_much_is_fused_and_fails_with_one_line_where_not(shared: Project) -> None:
    assert fusion(shared, "net.py:net", "--expect", "2").code == 0
    done = fusion(shared, "net.py:net", "--expect", "3")
    assert done.code == 1
    told = "tsl: --expect: 2 groups are fused, and 3 expected; aten::relu_ in net.py:8 is not: in place\n"
    assert done.err == told


def test_a_baseline_passes_on_itself_and_fails_on_what_lost_an_operator(shared: Project) -> None:
    assert fusion(shared, "net.py:better", "--format", "json", "-o", "before.json").code == 0
    assert fusion(shared, "net.py:better", "--baseline", "before.json").code == 0
    shared.write("net.py", NET.replace("relu(y)", "relu_(y)"))
    done = fusion(shared, "net.py:better", "--baseline", "before.json")
    assert done.code == 1
    told = "2 groups are fused, and 1 in before.json; no longer fused: aten::relu of the model"
    assert done.err == f"tsl: --baseline: {told}\n"


def test_predict_runs_nothing_and_tells_both_devices(net: Project) -> None:
    found = report(fusion(net, "net.py:net", "--predict", "--format", "json"))
    assert [one["device"] for one in found["predictions"]] == ["cpu", "cuda"]
    assert (found["runs"], found["kernels"], found["numerics"]) == (0, None, [])
    assert len(found["groups"]) == 2
    assert [(one["line"], one["evidence"]) for one in found["diagnostics"]] == [(LINE, ["ir"])]


def test_other_sizes_are_counted_by_compilations(net: Project) -> None:
    found = report(fusion(net, "net.py:Better", "--input", "x=float32[2..9,8]", "--format", "json"))
    first, second = found["shapes"]
    assert (first["inputs"], first["fallback"], first["compilations"]) == (["x=float32[9,8]"], True, 1)
    assert (second["fallback"], second["symbolic"]) == (True, True)
    assert {one["code"] for one in found["diagnostics"]} == {"TSL812"}


def test_further_inputs_of_the_entry_are_other_sizes(net: Project) -> None:
    found = report(fusion(net, "net.py:other_sizes", "--format", "json"))
    assert [one["inputs"] for one in found["shapes"]] == [["x=float32[6,8]"]]


def test_what_is_in_torchscript_already_is_taken_as_it_is(net: Project) -> None:
    found = report(fusion(net, "net.py:scripted", "--format", "json"))
    assert (found["capture"], len(found["groups"])) == (None, 1)


def test_a_number_that_the_model_takes_is_a_dimensionless_input(net: Project) -> None:
    spec = "x=float32[4,8] times=int64:2..2"
    done = fusion(net, "net.py:Steps", "--input", spec, "--capture", "script", "--format", "json")
    assert (done.err, len(report(done)["groups"])) == ("", 1)


def test_an_archive_is_loaded_and_run_and_its_findings_stand_on_it(net: Project) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import importlib.util

        spec = importlib.util.spec_from_file_location("net", net.root / "net.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        torch.jit.save(torch.jit.trace(module.Net().eval(), torch.randn(4, 8)), str(net.root / "net.pt"))
    done = fusion(net, "net.pt", "--input", "x=float32[4,8]", "--format", "json")
    (found,) = done.findings
    assert (found["path"], found["line"], found["code"]) == ("net.pt", 1, "TSL801")
    assert [(label["path"], label["line"]) for label in found["labels"]] == [("net.py", LINE)]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["net.py"], "net.py: needs the entry that makes the model behind a colon, as in net.py:build"),
        (["gone.py:net"], "gone.py: cannot be read: no such file or directory"),
        (["net.py:nothing"], "--entry: net.py has no 'nothing'"),
        (["net.py:Net"], "--input: is needed: Net makes a module without inputs; forward takes x"),
        (["net.py:net", "--expect", "many"], "--expect: 'many' is not a number of groups; use 0 or more"),
        (["net.py:net", "--runs", "1"], "--runs: '1' is not a number of calls; use 3 or more"),
        (["net.py:net", "--baseline", "gone.json"], "--baseline: gone.json cannot be read: no such file or directory"),
        (["net.py:net", "--baseline", "net.py"], "--baseline: net.py is no report of tsl fusion; write one with"),
        (["net.pt"], "net.pt: cannot be read: no such file or directory"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(net: Project, arguments: list[str], told: str) -> None:
    done = net.tsl("fusion", *arguments, "--isolated")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"tsl: {told}")
    assert done.err.count("\n") == 1


def test_a_file_that_is_no_archive_is_one_line(net: Project) -> None:
    net.write("junk.pt", b"not a zip")
    done = fusion(net, "junk.pt", "--input", "x=float32[4,8]")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith("tsl: junk.pt: torch cannot load it: ")


def test_a_model_that_raises_is_one_line(net: Project) -> None:
    done = fusion(net, "net.py:Fails", "--input", "x=float32[4,8]")
    assert (done.code, done.out) == (2, "")
    assert done.err == "tsl: net.py: torch.jit.trace refuses the model: ValueError: never ready\n"


def test_what_the_model_prints_or_writes_is_no_part_of_the_report(net: Project) -> None:
    done = fusion(net, "net.py:Writes", "--input", "x=float32[4,8]", "--format", "json")
    assert done.err == ""
    assert report(done)["numerics"][0]["error"] < 1e-6


def test_looking_for_fused_kernels_does_not_load_what_torch_compiles_with(net: Project) -> None:
    looked = "from tsl.fusion.kernels import fused_kernels; fused_kernels(lambda: torch.ones(2) + 1)"
    code = f"import sys, torch; before = set(sys.modules); {looked}; print(sorted(set(sys.modules) - before))"
    done = run(sys.executable, "-c", code, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "tsl.fusion.kernels" in done.stdout
    assert "torch._inductor" not in done.stdout


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_without_a_device_says_what_is_left(net: Project) -> None:
    done = fusion(net, "net.py:net", "--device", "cuda")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "--predict says what is foretold" in done.err


REHEARSED = [ROOT / "scripts" / "cuda_check.py", "--device", "cpu", "--only"]
# What the interpreter runs first: commands of tsl then find no torch, all of them or those of one model.
WITHOUT_TORCH = """\
import os
import sys

if "SPOILED" in os.environ or {condition}:
    os.environ["SPOILED"] = "for the processes this one starts"
    sys.modules["torch"] = None
"""


def test_the_rehearsal_of_the_check_on_a_gpu_writes_its_table(net: Project) -> None:
    done = run(sys.executable, *REHEARSED, "cell_in", "--directory", net.root / "out", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    (written,) = (net.root / "out").iterdir()
    assert "| cell_in_place | 2 | 2 | " in written.read_text(encoding="utf-8")


def test_the_check_on_a_gpu_fails_where_no_command_could_run(net: Project) -> None:
    environment = spoiled(net, "'tsl' in sys.orig_argv")
    done = run(sys.executable, *REHEARSED, "cell_i", "--directory", net.root / "out", cwd=ROOT, env=environment)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "cuda_check: no model was measured: all 2 failed, cell_in_place with: tsl: torch" in done.stderr
    assert not (net.root / "out").exists()


def test_the_check_on_a_gpu_says_how_many_models_failed(net: Project) -> None:
    environment = spoiled(net, "any(word.endswith(':cell_item') for word in sys.orig_argv)")
    done = run(sys.executable, *REHEARSED, "cell_i", "--directory", net.root / "out", cwd=ROOT, env=environment)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "a command failed for 1 of 2 models, cell_item first: tsl: torch" in done.stderr
    (written,) = (net.root / "out").iterdir()
    lines = written.read_text(encoding="utf-8")
    assert "| cell_in_place | 2 | 2 | " in lines
    assert "| cell_item | did not run: tsl: torch" in lines


def test_the_check_on_a_gpu_needs_a_model(net: Project) -> None:
    done = run(sys.executable, *REHEARSED, "nothing", "--directory", net.root / "out", cwd=ROOT)
    assert (done.returncode, done.stderr) == (2, "cuda_check: no model was measured: none has 'nothing'\n")


def spoiled(net: Project, condition: str) -> dict[str, str]:
    """An environment in which Python finds no torch where the condition holds."""
    net.write("first/sitecustomize.py", WITHOUT_TORCH.format(condition=condition))
    return plain_environment(PYTHONPATH=str(net.root / "first"))


def test_a_comment_on_a_rule_of_fusion_is_not_called_unused_by_a_check(net: Project) -> None:
    assert net.check("net.py", "--isolated", "--select", "TSL901").places == []

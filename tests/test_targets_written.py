"""Targets of Python files: what their calls of torch are sure to come to. Needs no torch."""

from __future__ import annotations

import pytest

from tests.conftest import Project
from tsl.target.written import calls

NET = """\
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def forward(self, x, y):
        a = torch.einsum("bij,bjk->bik", x, y)
        b = F.scaled_dot_product_attention(x, x, y)
        c = x.cummax(0)[0]
        return helper(a + b) + c.roll(1, 0)


def helper(x: torch.Tensor):
    return torch.linalg.inv(x)


def unused(x):
    return torch.einsum("i->i", x)
"""


def lacking(project: Project, *targets: str, text: str = NET) -> list[tuple[int, str]]:
    """The line and operator of each finding on targets."""
    project.write("net.py", text)
    done = project.check("--isolated", "net.py", *(word for target in targets for word in ("--target", target)))
    found = [one for one in done.findings if one["code"] == "TSL601"]
    assert all(one["evidence"] == ["source"] for one in found)
    return [(one["line"], one["message"].split("`")[1]) for one in found]


def test_calls_of_what_a_target_surely_lacks_are_found_where_they_are_reached(project: Project) -> None:
    assert lacking(project, "onnx:11") == [
        (8, "aten::einsum"),
        (9, "aten::scaled_dot_product_attention"),
        (10, "aten::cummax"),
        (15, "aten::linalg_inv"),
    ]


def test_a_later_version_has_them(project: Project) -> None:
    assert lacking(project, "onnx:14") == [(10, "aten::cummax"), (15, "aten::linalg_inv")]
    assert lacking(project, "libtorch:1.13") == [(9, "aten::scaled_dot_product_attention")]
    assert lacking(project, "libtorch:2.0") == []


def test_a_call_has_the_remedy_and_the_version_that_has_it(project: Project) -> None:
    project.write("net.py", NET)
    done = project.check("--isolated", "net.py", "--target", "onnx:13", "--select", "TSL601")
    (attention,) = [one for one in done.findings if one["line"] == 9]
    assert attention["message"] == (
        "the model ends at `aten::scaled_dot_product_attention`: not in `onnx:13` (from opset 14 on)"
    )
    assert attention["help"].startswith("write torch.softmax(")
    assert attention["severity"] == "error"


def test_without_targets_nothing_is_told(project: Project) -> None:
    assert lacking(project) == []


def test_what_only_a_graph_tells_is_not_told(project: Project) -> None:
    text = NET.replace("c = x.cummax(0)[0]", "c = torch.histogram(x, 4)[0].chunk(2)[0]")
    assert [line for line, _ in lacking(project, "cuda", "lite", text=text)] == []
    assert 10 not in [
        line for line, _ in lacking(project, "onnx:9", text=text.replace("torch.histogram(x, 4)[0]", "x"))
    ]


def test_a_method_of_what_may_be_no_tensor_is_not_told(project: Project) -> None:
    text = NET.replace("x.cummax(0)[0]", "self.pool.cummax(0)[0]")
    assert 10 not in [line for line, _ in lacking(project, "onnx:13", text=text)]


def test_what_a_trace_does_not_run_is_not_told(project: Project) -> None:
    text = NET.replace(
        "        c = x.cummax(0)[0]", "        if not torch.jit.is_tracing():\n            x.cummax(0)\n        c = x"
    )
    assert "aten::cummax" not in [operator for _, operator in lacking(project, "onnx:13", text=text)]


def test_a_target_of_a_project_is_asked_as_well_and_the_cache_knows_them_apart(project: Project) -> None:
    project.write("acme.toml", 'name = "acme"\noperators = ["aten::add", "aten::einsum"]\n')
    project.write("tsl.toml", 'targets = ["acme"]\ntarget-files = ["acme.toml"]\n')
    project.write("net.py", NET)
    first = [one["message"] for one in project.check("net.py").findings if one["code"] == "TSL601"]
    assert len(first) == 4
    project.write("acme.toml", 'name = "acme"\noperators = ["aten::add", "aten::cummax"]\n')
    second = [one["message"] for one in project.check("net.py").findings if one["code"] == "TSL601"]
    assert [one.split("`")[1] for one in first + second].count("aten::einsum") == 1


@pytest.mark.parametrize(
    ("path", "operators"),
    [
        ("torch.einsum", ("aten::einsum",)),
        ("torch.Tensor.roll", ("aten::roll",)),
        ("torch.nn.functional.grid_sample", ("aten::grid_sampler",)),
        ("torch.linalg.inv", ("aten::linalg_inv",)),
    ],
)
def test_calls_are_known_by_what_traces_hold(path: str, operators: tuple[str, ...]) -> None:
    assert set(operators) <= set(calls()[path])


def test_calls_of_layers_count(project: Project) -> None:
    layers = NET.replace(
        "    def forward", "    def __init__(self):\n        self.act = nn.CELU()\n\n    def forward"
    ).replace('a = torch.einsum("bij,bjk->bik", x, y)', "a = self.act(x)")
    assert lacking(project, "onnx:11", text=layers)[0] == (11, "aten::celu")
    assert "aten::celu" not in {operator for _, operator in lacking(project, "onnx:12", text=layers)}

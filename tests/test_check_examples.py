"""What the example inputs of an entry, or described ones, tell of a model's graph; needs torch."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch", reason="torch is not installed, so nothing can be exported")

from tests.conftest import Done, Project
from tests.saved import module, torchscript, zipped
from tsl.entry.sample import Argument, Sample, heard, told

HEAD = """\
from typing import Dict, List, Tuple

import torch
from torch import nn, Tensor


"""
MIXED = """\
class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 4)
        self.register_buffer("table", torch.ones(4))

    def forward(self, x: Tensor, scale: Tensor):
        if x.shape[0] == 2:
            x = x * 2
        y = x + self.table
        return torch.cat([y, scale], 1)


def build():
    return Mixed(), {"scale": torch.ones(4), "x": torch.ones(2, 4).half()}


def bare():
    return Mixed()
"""
CODE = """\
class Net(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def forward(self: __torch__.net.Net,
    x: Tensor) -> Tensor:
    return torch.neg(x)
"""
NESTED = """\
class Nested(nn.Module):
    def forward(self, pair: Tuple[Tensor, List[Tensor]], more: Dict[str, Tensor]):
        first, rest = pair
        return torch.matmul(first, rest[0]), torch.matmul(first, more["wide"])


def build():
    return Nested(), ((torch.ones(2, 3), [torch.ones(4, 4)]), {"wide": torch.ones(3, 2)})
"""


def found(project: Project, text: str, *arguments: str) -> dict[tuple[str, int], str]:
    """What the graph of a script has, by code and line of the text."""
    project.write("net.py", HEAD + text)
    done: Done = project.check(
        "--isolated", "net.py", "--capture", "script", "--select", "TSL5", "--entry", *(arguments or ("build",))
    )
    assert done.err == ""
    lead = len(HEAD.splitlines())
    return {(one["code"], one["line"] - lead): one["message"] for one in json.loads(done.out)["diagnostics"]}


def test_the_example_of_a_scripted_entry_tells_dtypes_and_shapes_by_name(project: Project) -> None:
    assert found(project, MIXED) == {
        ("TSL513", 10): "from `aten::add` on the model computes in float32: other is float32 (the buffer table) and"
        " self is float16",
        ("TSL521", 11): "`aten::cat` fails on inputs such as the example's: [2, 4] and [4] are put together",
        ("TSL551", 15): "no method reads the parameter `head.weight` and 1 more: memory that is never used",
    }


def test_an_example_settles_no_branch(project: Project) -> None:
    """Line 8 asks for a size that the example has: another caller's may have another one."""
    assert ("TSL552", 8) not in found(project, MIXED)
    described = found(project, MIXED, "bare", "--input", "x=half[2,4] scale=float32[4]")
    assert ("TSL552", 8) in described
    assert described["TSL521", 11].startswith("`aten::cat` fails on every run")


def test_an_example_of_tuples_lists_and_dicts_is_told(project: Project) -> None:
    assert found(project, NESTED) == {
        ("TSL521", 4): "`aten::matmul` fails on inputs such as the example's: [2, 3] is multiplied with [4, 4]"
    }


@pytest.mark.parametrize("road", ["--against", "--entry"])
def test_an_input_that_forward_does_not_take_is_one_line(project: Project, road: str) -> None:
    project.write("net.py", HEAD + MIXED)
    asked = ("--entry", "bare", "--capture", "script")
    if road == "--against":
        net = module("net.Net", training=False)
        project.write("net.pt", zipped(torchscript(net, {"__torch__/net.py": CODE})))
        asked = ("--against", "net.pt")
    done = project.check("--isolated", "net.py", *asked, "--input", "z=float32[2]")
    assert done.code == 2
    assert done.err.splitlines()[-1].startswith("tsl: --input: there is no z; forward takes x")


def test_what_is_no_tensor_is_not_told() -> None:
    tensor = type("Fake", (), {"dtype": "torch.int64", "shape": (2, 3)})()
    pairs = told([tensor, 3], {"more": [tensor, {"a": tensor}]}, ["x"])
    sample = Sample("int64", (2, 3))
    assert heard(json.loads(json.dumps(pairs))) == (
        Argument("x", sample),
        Argument("", None),
        Argument("more", [sample, {"a": sample}]),
    )


def test_python_may_ask_what_the_command_line_asks(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    import tsl
    from tsl.config import SettingError

    project.write("net.py", HEAD + MIXED)
    project.write("net.pt", zipped(torchscript(module("net.Net", training=False), {"__torch__/net.py": CODE})))
    outcome = tsl.check(
        "net.py", entry="bare", inputs=["x=half[2,4] scale=float32[4]"], capture="script", deploy="cuda"
    )
    assert {"TSL513", "TSL521"} <= {found.code for found in outcome.diagnostics}
    assert outcome.failures == ()
    outcome = tsl.check("net.py", against="net.pt", inputs=["z=half[2]"])
    assert [failure.message for failure in outcome.failures] == ["there is no z; forward takes x"]
    outcome = tsl.check("net.pt", deploy="cuda", targets=["onnx:13"])
    assert outcome.failures == ()
    with pytest.raises(SettingError, match=r"names something in a Python file, and the first path is net\.pt"):
        tsl.check("net.pt", entry="bare")


CALLS = """\
class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(4)
        self.head = nn.Linear(5, 2)

    def forward(self, x: Tensor):
        return self.head(self.norm(x))


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.inner = Inner()

    def forward(self, x: Tensor):
        return self.inner(self.first(x))


def build():
    return Outer(), (torch.ones(2, 4),)
"""


def test_what_fails_in_a_layer_of_torch_stands_where_the_layer_is_called(project: Project) -> None:
    assert list(found(project, CALLS)) == [("TSL521", 8)]

"""`tsl check FILE.pt --deploy` and `--input`: what is asked, what is said, and what is refused. Needs no torch."""

from __future__ import annotations

import pytest

from tests.conftest import CLEAN, Project
from tests.saved import module, tensor, torchscript, zipped

CODE = """\
class Net(Module):
  __parameters__ = ["weight", ]
  __buffers__ = []
  weight : Tensor
  table : Tensor
  training : bool
  def forward(self: __torch__.net.Net,
    x: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
    a = torch.mul(x, self.weight)
    b = torch.sub(x, self.table)
    c = torch.div(x, torch.arange(3))
    return (a, b, c)
"""
WAITING = """\
class Net(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def forward(self: __torch__.net.Net,
    x: Tensor) -> Tensor:
    y = torch.add(x, int(torch.sum(x)))
    for i in range(3):
      y = torch.add(y, int(torch.max(y)))
    return y
"""
SQUARE = """\
class Net(Module):
  __parameters__ = ["weight", ]
  __buffers__ = []
  weight : Tensor
  training : bool
  def forward(self: __torch__.net.Net,
    x: Tensor) -> Tensor:
    return torch.matmul(x, self.weight)
"""


def archive(code: str = CODE, **attributes: object) -> bytes:
    held = attributes or {"weight": tensor(3), "table": tensor(3, storage="1")}
    storages = {f"data/{number}": b"\0" * 64 for number in range(len(held))}
    return zipped(torchscript(module("net.Net", **held), {"__torch__/net.py": code}, **storages))


def failing(project: Project, *asked: str) -> dict[str, str]:
    """The operation each finding on a device is about, and its code."""
    found = project.check("net.pt", "--select", "TSL5", *asked).findings
    return {one["message"].split("`")[1]: one["code"] for one in found if " fails on " in one["message"]}


@pytest.mark.parametrize(
    ("deploy", "expected"),
    [
        ("cuda", {"aten::sub": "TSL503", "aten::div": "TSL502"}),
        ("cuda:1:to", {"aten::sub": "TSL503", "aten::div": "TSL502"}),
        ("cuda:map_location", {"aten::div": "TSL502"}),
        ("cuda:frozen", {"aten::mul": "TSL503", "aten::sub": "TSL503", "aten::div": "TSL502"}),
        ("cpu", {}),
    ],
)
def test_each_way_to_a_device_fails_in_its_own_places(project: Project, deploy: str, expected: dict[str, str]) -> None:
    project.write("net.pt", archive())
    assert failing(project, "--deploy", deploy) == expected


def test_without_a_deployment_no_device_is_foretold(project: Project) -> None:
    project.write("net.pt", archive())
    assert failing(project) == {}


def test_workers_ask_about_the_same_deployment(project: Project) -> None:
    for number in range(52):
        project.write(f"{number}.pt", archive())
    asked = (".", "--deploy", "cuda", "--input", "x=float32[3]")
    assert project.check(*asked, "--jobs", "2").out == project.check(*asked).out


def test_a_deployment_may_stand_in_the_configuration(project: Project) -> None:
    project.write("net.pt", archive())
    project.write("tsl.toml", 'deploy = "cuda:map_location"\n')
    assert failing(project) == {"aten::div": "TSL502"}
    assert failing(project, "--deploy", "cpu") == {}


def test_a_finding_says_where_each_operand_is_and_what_put_it_there(project: Project) -> None:
    project.write("net.pt", archive())
    found = project.check("net.pt", "--deploy", "cuda", "--select", "TSL503").findings
    assert [one["message"] for one in found] == [
        "`aten::sub` fails on `cuda:0` after `to`: self is on cuda:0 (the input x) and other is on cpu (the attribute"
        " table, which is not registered)"
    ]
    assert [(one["severity"], one["evidence"]) for one in found] == [("error", ["ir"])]
    assert [label["path"] for label in found[0]["labels"]] == ["net.pt/code/__torch__/net.py"]


def test_a_wait_on_the_device_is_a_warning_and_says_how_often(project: Project) -> None:
    project.write("net.pt", archive(WAITING, training=False))
    asked = ("net.pt", "--select", "TSL401")
    said = {one["message"]: one["severity"] for one in project.check(*asked, "--deploy", "cuda").findings}
    assert said == {
        "the CPU waits for the GPU: at `aten::Int` a number is read out of a tensor": "warning",
        "the CPU waits for the GPU each time around a loop: at `aten::Int` a number is read out of a tensor": "warning",
    }
    assert {one["severity"] for one in project.check(*asked).findings} == {"info", "warning"}
    assert project.check(*asked, "--deploy", "cpu").findings == []


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--deploy", "cuda:to:x", "'cuda:to:x' is no deployment; write DEVICE or DEVICE:MODE, as in cuda,"),
        ("--deploy", "cuda:moved", "'moved' is no way to deploy; there are to, map_location, frozen"),
        ("--input", "x=float31[2]", "'x=float31[2]': there is no dtype 'float31'; did you mean float32?"),
    ],
)
def test_what_is_no_deployment_or_input_is_one_line(project: Project, option: str, value: str, message: str) -> None:
    project.write("net.pt", archive())
    done = project.check("net.pt", option, value)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith(f"tsl: {option}: {message}")


def test_a_deployment_in_a_configuration_that_is_none_names_its_place(project: Project) -> None:
    project.write("tsl.toml", 'deploy = "gpu 1"\n')
    done = project.check(".")
    assert (done.code, done.err.startswith("tsl: tsl.toml: deploy: 'gpu 1' is no deployment; ")) == (2, True)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("y=float32[3]", "there is no y; forward takes x"),
        ("float32[3] float32[3]", "2 inputs are given and forward takes x"),
    ],
)
def test_an_input_that_forward_does_not_take_is_a_failure(project: Project, spec: str, message: str) -> None:
    project.write("net.pt", archive())
    done = project.check("net.pt", "--input", spec)
    assert (done.code, done.err) == (2, f"tsl: net.pt: --input: {message}\n")


def test_an_input_decides_what_is_known_of_shapes(project: Project) -> None:
    project.write("net.pt", archive(SQUARE, weight=tensor(4, 4)))
    shapes = ("net.pt", "--select", "TSL521")
    assert project.check(*shapes).codes == []
    assert project.check(*shapes, "--input", "x=float32[N,4]").codes == []
    assert project.check(*shapes, "--input", "x=float32[N,3]").codes == ["TSL521"]
    assert project.check(*shapes, "--input", "float32[1..8,5]").codes == ["TSL521"]


def test_what_is_not_known_is_counted_and_told_on_demand(project: Project) -> None:
    project.write("net.pt", archive(CODE.replace("torch.sub(x, self.table)", "ops.mine.blur(x, self.table)")))
    assert project.check("net.pt").err == ""
    (line,) = project.check("net.pt", "--verbose").err.splitlines()
    assert line.startswith("tsl: net.pt: nodes without a transfer function: value 1 (mine::blur 1), ")
    project.write("net.pt", archive(WAITING, training=False))
    assert project.check("net.pt", "-v").err == (
        "tsl: net.pt: nodes without a transfer function: value 0, device 0, dtype 0, shape 0\n"
    )


@pytest.mark.parametrize(("option", "value"), [("--deploy", "cuda"), ("--input", "x=float32[3]")])
def test_an_option_about_archives_says_that_none_was_met(project: Project, option: str, value: str) -> None:
    project.write("net.py", CLEAN)
    done = project.check("net.py", option, value)
    assert (done.code, done.err) == (
        0,
        f"tsl: {option}: says nothing here: it is about archives, and none was checked\n",
    )


def test_a_verbose_run_interprets_each_graph_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from tsl.ir import deployed

    solved = []
    real = deployed.solve
    monkeypatch.setattr(deployed, "solve", lambda graph, *rest: solved.append(graph.name) or real(graph, *rest))
    project.write("net.pt", archive())
    assert project.check("net.pt", "-v").err.startswith("tsl: net.pt: nodes without a transfer function: ")
    assert solved == ["__torch__.net.Net.forward"]

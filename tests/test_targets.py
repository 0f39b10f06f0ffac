"""Targets: what their tables say, what a model lacks on them, and how they are named. Needs no torch.

That the tables agree with torch's own answers is tests/test_targets_under_torch.py.
"""

from __future__ import annotations

import json

import pytest

from tests.conftest import Project
from tests.ir_fences import graph_of
from tests.saved import module, torchscript, zipped
from tsl.ir.facts import GraphFacts
from tsl.report import TARGETS_FORMATS
from tsl.target.facts import TargetFacts, Unknown
from tsl.target.named import TargetError, targets
from tsl.target.runtime import changed, need_of
from tsl.target.table import NAMES, Table, shipped

NET = """\
class Net(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def forward(self: __torch__.net.Net,
    x: Tensor,
    wide: bool) -> Tensor:
    if wide:
      _0 = torch.scaled_dot_product_attention(x, x, x)
    else:
      _0 = torch.roll(x, [1])
    _1 = torch.roll(torch.__and__(_0, x), [1])
    return ops.acme.twice(_1)
"""
ATTENTION = "%y : Tensor = aten::scaled_dot_product_attention(%x, %x, %x, %none, %zero, %false, %none, %gqa)"


def net(text: str = NET) -> bytes:
    """A small archive."""
    return zipped(torchscript(module("net.Net"), {"__torch__/net.py": text}))


def unknown(text: str, *names: str) -> dict[str, list[str]]:
    """Operator to the targets that lack it, of a graph's text."""
    return {one.operator: [gap.target.text for gap in one.gaps] for one in lacking(text, *names)}


def lacking(text: str, *names: str) -> list[Unknown]:
    return list(TargetFacts(GraphFacts([graph_of(text)]), targets(names)).unknown())


def graph(*lines: str, result: str = "%y") -> str:
    """A graph with one tensor and the usual constants."""
    constants = (
        "%none : NoneType = prim::Constant()",
        "%zero : float = prim::Constant[value=0.]()",
        "%false : bool = prim::Constant[value=0]()",
        "%true : bool = prim::Constant[value=1]()",
        "%one : int = prim::Constant[value=1]()",
    )
    body = "\n".join(f"  {line}" for line in (*constants, *lines))
    return f"graph(%x : Tensor, %n : int, %given : bool):\n{body}\n  return ({result})\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_table_says_how_it_was_obtained(name: str) -> None:
    table = shipped(name)
    assert table.name == name
    assert table.title
    assert table.source
    assert table.date
    assert table.operators > 20 or name in {"lite", "export"}
    assert table.versions


def test_an_operator_is_told_once_with_every_target_that_lacks_it_and_its_lines() -> None:
    twice = graph("%a : Tensor = aten::sinc(%x)", "%y : Tensor = aten::sinc(%a)")
    (one,) = lacking(twice, "onnx:13", "coreml", "libtorch:1.12")
    assert one.operator == "aten::sinc"
    assert [gap.target.text for gap in one.gaps] == ["onnx:13", "coreml"]
    assert len(one.nodes) == 2


def test_the_first_version_that_has_it_is_told() -> None:
    (one,) = lacking(graph(ATTENTION.replace("%gqa", "%false")), "onnx:13", "libtorch:1.13", "onnx:14", "libtorch:2.0")
    assert [(gap.target.text, gap.since) for gap in one.gaps] == [("onnx:13", "14"), ("libtorch:1.13", "2.0")]


def test_an_argument_that_came_later_counts_where_it_is_given() -> None:
    without = graph(ATTENTION.replace("%gqa", "%false"))
    given = graph(ATTENTION.replace("%gqa", "%true"))
    assert unknown(without, "libtorch:2.2") == {}
    (one,) = lacking(given, "libtorch:2.2")
    assert one.gaps[0].since == "2.5"


def test_blocks_are_read() -> None:
    text = """\
graph(%x : Tensor, %n : int, %given : bool):
  %y : Tensor = prim::If(%given)
    block0():
      %a : Tensor = aten::special_bessel_j0(%x)
      -> (%a)
    block1():
      -> (%x)
  return (%y)
"""
    assert unknown(text, "onnx:20") == {"aten::special_bessel_j0": ["onnx:20"]}


def test_dunder_operators_are_looked_up_as_the_exporter_does() -> None:
    assert unknown(graph("%y : Tensor = aten::__and__(%x, %x)"), "onnx:9", "coreml") == {}
    assert unknown(graph("%y : Tensor = aten::relu_(%x)"), "onnx:9", "coreml") == {}


def test_an_operator_of_another_library_is_unknown_to_every_target() -> None:
    every = [name for name in NAMES if name != "export"]  # which takes what has a fake kernel
    assert unknown(graph("%y : Tensor = acme::twice(%x)"), *NAMES) == {"acme::twice": every}
    boxes = graph("%y : Tensor = torchvision::nms(%x, %x, %zero)")
    assert unknown(boxes, "onnx-dynamo", "export", "onnx:17") == {"torchvision::nms": ["onnx:17"]}


def test_what_only_words_an_error_is_not_converted() -> None:
    text = graph(
        "%words : str = aten::format(%none, %n)",
        "%y : Tensor = aten::relu(%x)",
        " = prim::RaiseException(%words, %none)",
    )
    assert unknown(text, "onnx:13") == {}
    kept = graph("%words : str = aten::format(%none, %n)", result="%words")
    assert unknown(kept, "onnx:13") == {"aten::format": ["onnx:13"]}


def test_a_kernel_that_cuda_lacks_counts_where_the_tensor_moves() -> None:
    moved = graph("%y : Tensor = aten::to_mkldnn(%x, %none)")
    host = graph("%size : Tensor = prim::NumToTensor(%n)", "%y : Tensor = aten::to_mkldnn(%size, %none)")
    assert unknown(moved, "cuda") == {"aten::to_mkldnn": ["cuda"]}
    assert unknown(host, "cuda") == {}


def test_what_the_passes_of_a_converter_replace_is_not_told() -> None:
    known = graph("%y : Tensor[] = aten::chunk(%x, %one, %one)")
    asked = graph("%y : Tensor[] = aten::chunk(%x, %n, %one)")
    assert unknown(known, "onnx:9", "coreml") == {}
    assert unknown(asked, "onnx:9", "coreml") == {"aten::chunk": ["onnx:9", "coreml"]}
    number = graph("%size : Tensor = prim::NumToTensor(%n)", "%y : int = aten::Int(%size)")
    assert unknown(number, "onnx:9") == {}


def test_the_lite_interpreter_enters_no_context() -> None:
    text = graph("%held : None = prim::Enter(%x)", "%y : Tensor = aten::relu(%x)")
    assert unknown(text, "lite") == {"prim::Enter": ["lite"]}
    assert unknown(graph("%y : Tensor = aten::relu(%x)"), "lite") == {}


def test_the_need_follows_from_the_operators() -> None:
    need = need_of(GraphFacts([graph_of(graph(ATTENTION.replace("%gqa", "%false")))]).nodes())
    assert (need.version, need.by) == ("2.0", "aten::scaled_dot_product_attention")
    plain = need_of(GraphFacts([graph_of(graph("%y : Tensor = aten::relu(%x)"))]).nodes())
    assert (plain.version, plain.by) == ("", "")


def test_check_holds_an_archive_against_its_targets(project: Project) -> None:
    project.write("net.pt", net())
    done = project.check("--isolated", "net.pt", "--target", "onnx:13", "--target", "libtorch:1.13")
    told = [one["message"] for one in done.findings if one["code"].startswith("TSL6")]
    assert told == [
        "the model ends at `acme::twice`: an operator of another library, not in `onnx:13` and `libtorch:1.13`",
        "the model ends at `aten::scaled_dot_product_attention`: not in `onnx:13` (from opset 14 on) and"
        " `libtorch:1.13` (from torch 2.0 on)",
        "`libtorch:1.13` does not load this, which needs torch 2.0: `aten::scaled_dot_product_attention` asks for it",
    ]
    (attention,) = [one for one in done.findings if "attention`: not" in one["message"]]
    assert attention["help"].startswith("write torch.softmax(")
    assert done.code == 1


def test_a_configuration_sets_targets_for_a_project(project: Project) -> None:
    project.write("net.pt", net())
    project.write("pyproject.toml", '[tool.tsl]\ntargets = ["onnx:14"]\n')
    done = project.check("net.pt")
    assert [one["message"] for one in done.findings if one["code"] == "TSL601"] == [
        "the model ends at `acme::twice`: an operator of another library, not in `onnx:14`"
    ]


def test_targets_without_an_archive_are_told(project: Project) -> None:
    project.write("net.py", "x = 1\n")
    done = project.check("--isolated", "net.py", "--target", "onnx:13")
    assert done.err == "tsl: --target: without an archive only calls of torch are checked against onnx:13\n"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("onxx:13", "there is no target 'onxx'; did you mean onnx?"),
        ("onnx:21", "onnx is known in opset 9 to 20, not in 21"),
        ("libtorch:1.4", "libtorch is known in torch 1.12 to 2.13, not in 1.4"),
        ("on nx", "'on nx' is not a target"),
    ],
)
def test_a_target_that_there_is_not_is_told(project: Project, target: str, words: str) -> None:
    done = project.check("--isolated", ".", "--target", target)
    assert done.code == 2
    assert done.err.startswith(f"tsl: --target: {words}")


def test_a_patch_release_is_its_release() -> None:
    (target,) = targets(["libtorch:2.0.1"])
    assert target.version == "2.0"


def test_the_newest_version_is_meant_where_none_is_named() -> None:
    (target,) = targets(["onnx"])
    assert target.version == "20"


OWN = """\
name = "acme"
source = "the datasheet of 2026"
date = 2026-01-31

[versions]
1 = ["aten::add.Tensor", "aten::roll"]
2 = ["aten::__and__", "acme::twice"]
"""


def test_a_project_has_targets_of_its_own(project: Project) -> None:
    project.write("net.pt", net())
    project.write("deploy/acme.toml", OWN)
    project.write("tsl.toml", 'targets = ["acme:1"]\ntarget-files = ["deploy/acme.toml"]\n')
    done = project.check("net.pt")
    told = {one["message"] for one in done.findings if one["code"] == "TSL601"}
    assert told == {
        "the model ends at `aten::scaled_dot_product_attention`: not in `acme:1`",
        "the model ends at `aten::__and__`: not in `acme:1` (from acme 2 on)",
        "the model ends at `acme::twice`: an operator of another library, not in `acme:1` (from acme 2 on)",
    }
    listed = json.loads(project.tsl("targets", "--format", "json").out)["targets"]
    assert [one["name"] for one in listed] == [*NAMES, "acme"]
    assert (listed[-1]["source"], listed[-1]["date"]) == ("the datasheet of 2026", "2026-01-31")


def test_a_table_of_overloads_tells_them_apart(project: Project) -> None:
    project.write("acme.toml", 'name = "acme"\noperators = ["aten::mul.Scalar"]\n')
    (target,) = targets(["acme"], [str(project.root / "acme.toml")])
    mul = graph("%y : Tensor = aten::mul(%x, %x)")
    assert [one.operator for one in TargetFacts(GraphFacts([graph_of(mul)]), (target,)).unknown()] == ["aten::mul"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = 3\n", "name: expected a word such as acme"),
        ('name = "a"\n', "needs operators, a list, or versions, a table of lists"),
        ('name = "a"\noperators = ["relu"]\n', "'relu' is not an operator; write aten::relu or aten::add.Tensor"),
        ('name = "a"\noperators = "x"\n', "expected a list of operators such as aten::relu"),
        ('name = "a"\nops = []\n', "ops: there is no such key; use date, name, operators, source, versions"),
        ("name =\n", "is not valid TOML"),
    ],
)
def test_a_file_that_describes_no_target_is_told(project: Project, text: str, words: str) -> None:
    path = project.write("acme.toml", text)
    with pytest.raises(TargetError, match="acme") as told:
        targets(["acme"], [str(path)])
    assert words in str(told.value)


def test_a_target_file_that_is_not_there_is_told(project: Project) -> None:
    project.write("tsl.toml", 'targets = ["acme"]\ntarget-files = ["acme.toml"]\n')
    done = project.check(".")
    assert (done.code, done.err) == (2, "tsl: tsl.toml: target-files: acme.toml: no such file or directory\n")


@pytest.mark.parametrize("form", TARGETS_FORMATS)
def test_targets_are_listed_with_their_versions_and_sources(project: Project, form: str) -> None:
    done = project.tsl("targets", "--format", form, "--isolated")
    assert (done.code, done.err) == (0, "")
    for name in NAMES:
        table = shipped(name)
        assert table.title in done.out
        assert table.source in done.out


def test_ranges_of_versions_are_read() -> None:
    head = "# name: t\n# title: T\n# source: s\n# date: d\n# level: name\n# version-of: v\n# versions: 1 2 10\n"
    table = Table(f"{head}aten::a\t1 10\naten::ab\t2-10\n")
    assert [entry.versions for entry in table.entries("aten::a")] == [("1", "10")]
    assert [entry.versions for entry in table.entries("aten::ab")] == [("2", "10")]
    assert table.entries("aten::b") == ()


def test_inspect_tells_the_first_release_that_runs_it(project: Project) -> None:
    project.write("net.pt", net())
    text = project.tsl("inspect", "net.pt").out
    assert "\nneeds        PyTorch 2.0 or later, for aten::scaled_dot_product_attention\n" in text
    needs = json.loads(project.tsl("inspect", "net.pt", "--format", "json").out)["needs"]
    assert needs == {
        "runtime": "2.0",
        "by": "aten::scaled_dot_product_attention",
        "is_oldest": False,
        "is_whole": True,
    }


def test_what_sets_a_need_is_among_what_changed() -> None:
    table, names = shipped("libtorch"), changed()
    newest = table.versions[-1]
    for name in ("aten::scaled_dot_product_attention", "aten::mean", "prim::itemsize"):
        assert name in names
    for name in ("aten::add", "aten::conv2d", "aten::__getitem__", "aten::len", "prim::device"):
        assert name not in names
        assert {newest, table.versions[0]} <= {version for entry in table.entries(name) for version in entry.versions}


def test_code_that_calls_nothing_that_changed_is_not_parsed(project: Project) -> None:
    text = NET.replace("torch.scaled_dot_product_attention(x, x, x)", "torch.relu(x)").replace(
        "roll(_0, [1])", "relu(_0)"
    )
    broken = text.replace("torch.roll(", "torch.relu(").replace("x, [1]", "x")
    project.write("net.pt", net(broken + "  def other(self: __torch__.net.Net:\n"))
    needs = json.loads(project.tsl("inspect", "net.pt", "--format", "json").out)["needs"]
    assert needs == {"runtime": "1.12", "by": "", "is_oldest": True, "is_whole": True}

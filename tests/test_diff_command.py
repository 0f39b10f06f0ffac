"""`tsl diff`: what is told of two archives, in which form, with which exit code; and what cannot be compared."""

from __future__ import annotations

import json
import re
import sys

import pytest

from tests.checkout import ROOT, plain_environment, run
from tests.conftest import Project
from tests.saved import module, pickled, tensor, torchscript, zipped
from tsl.archive.values import Tensor

LAYER = """\
class Layer(Module):
  __parameters__ = ["weight", ]
  __buffers__ = []
  weight : Tensor
  training : bool
  def forward(self: __torch__.net.Layer,
    x: Tensor) -> Tensor:
    return torch.relu(torch.linear(x, self.weight))
"""
NET = """\
class Net(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  first : __torch__.net.Layer
  def forward(self: __torch__.net.Net,
    x: Tensor) -> Tensor:
    y = (self.first).forward(x, )
    z = torch.softmax(y, 1)
    return torch.add(z, y)
"""


def saved(
    net: str = NET, layer: str = LAYER, weight: Tensor | None = None, name: str = "first", **members: bytes
) -> bytes:
    held = module("net.Layer", weight=weight or tensor(4, 4))
    return zipped(torchscript(module("net.Net", **{name: held}), {"__torch__/net.py": layer + net}, **members))


def told(project: Project, old: bytes, new: bytes, *arguments: str) -> list[str]:
    """The changes and findings that text tells, without their details."""
    project.write("old.pt", old)
    project.write("new.pt", new)
    done = project.tsl("diff", "old.pt", "new.pt", "--isolated", *arguments)
    assert (done.code, done.err) == (0, "")
    return re.findall(r"^  ([+~>-] .*)$", done.out, re.M)


def form(project: Project, old: bytes, new: bytes, *arguments: str) -> dict:  # type: ignore[type-arg]
    project.write("old.pt", old)
    project.write("new.pt", new)
    done = project.tsl("diff", "old.pt", "new.pt", "--isolated", "--format", "json", *arguments)
    assert (done.code, done.err) == (0, "")
    found: dict = json.loads(done.out)  # type: ignore[type-arg]
    return found


def test_a_model_is_no_different_from_itself(project: Project) -> None:
    assert told(project, saved(), saved()) == []
    assert "No difference in what they run and hold" in project.tsl("diff", "old.pt", "new.pt", "--isolated").out


def test_a_changed_constant_is_told_with_both_values(project: Project) -> None:
    changed = saved(NET.replace("softmax(y, 1)", "softmax(y, 0)"))
    assert told(project, saved(), changed) == ["~ softmax"]
    assert "      dim: 1 -> 0\n" in project.tsl("diff", "old.pt", "new.pt", "--isolated").out


def test_a_default_that_is_written_out_is_no_difference(project: Project) -> None:
    assert told(project, saved(), saved(NET.replace("torch.add(z, y)", "torch.add(z, y, alpha=1)"))) == []


def test_an_operator_in_between_is_told_alone_with_its_neighbours(project: Project) -> None:
    new = saved(NET.replace("torch.add(z, y)", "torch.add(torch.tanh(z), y)"))
    assert told(project, saved(), new) == ["+ tanh"]
    assert "      after softmax, before add\n" in project.tsl("diff", "old.pt", "new.pt", "--isolated").out


def test_operands_that_change_places_are_told_at_the_operator(project: Project) -> None:
    found = form(project, saved(NET.replace("add(z, y)", "sub(z, y)")), saved(NET.replace("add(z, y)", "sub(y, z)")))
    (change,) = found["changes"]
    assert [(detail["name"], detail["old"], detail["new"]) for detail in change["details"]] == [
        ("self", "softmax", "first.relu"),
        ("other", "first.relu", "softmax"),
    ]


def test_the_order_of_writing_and_reading_is_a_difference(project: Project) -> None:
    before = NET.replace(
        "    return torch.add(z, y)", "    a = torch.neg(y)\n    b = torch.relu_(y)\n    return torch.add(a, b)"
    )
    after = NET.replace(
        "    return torch.add(z, y)", "    b = torch.relu_(y)\n    a = torch.neg(y)\n    return torch.add(a, b)"
    )
    assert told(project, saved(before), saved(after)) == ["~ neg"]


def test_the_order_of_setting_and_reading_an_attribute_is_a_difference(project: Project) -> None:
    layer = LAYER.replace("    return torch.relu(", "    {}\n    {}\n    return torch.add(w, ")
    read, set_it = "w = self.weight", "self.weight = torch.neg(x)"
    before, after = layer.format(read, set_it), layer.format(set_it, read)
    assert told(project, saved(layer=before), saved(layer=before)) == []
    assert told(project, saved(layer=before), saved(layer=after)) != []


def test_a_module_that_was_renamed_is_one_change_and_its_weights_are_none(project: Project) -> None:
    renamed = saved(NET.replace("first", "stem"), name="stem")
    found = form(project, saved(), renamed)
    assert [(one["kind"], one["subject"], one["count"]) for one in found["changes"]] == [("moved", "module", 2)]
    assert found["retrained"] == {"weights": 0, "of": 1}


def test_what_follows_from_a_weight_is_counted_and_not_told(project: Project) -> None:
    found = form(project, saved(), saved(weight=tensor(4, 4, dtype="float64")), "--input", "x=float64[2,4]")
    assert [(one["subject"], one["title"]) for one in found["changes"]] == [("weight", "first.weight")]
    wider = form(project, saved(), saved(weight=tensor(7, 4)), "--input", "x=float32[2,4]")
    assert [one["title"] for one in wider["changes"]] == ["first.weight"]
    assert wider["consequences"]["shape"] == 4


def test_what_a_graph_holds_as_a_number_is_told_by_its_name(project: Project) -> None:
    text = NET.replace("torch.softmax(y, 1)", "torch.softmax(torch.zeros_like(y, dtype={}, memory_format={}), 1)")
    found = form(project, saved(text.format(5, 0)), saved(text.format(15, 2)))
    (change,) = (one for one in found["changes"] if one["title"] == "zeros_like")
    assert [(one["name"], one["old"], one["new"]) for one in change["details"] if one["aspect"] == "constant"] == [
        ("dtype", "float16", "bfloat16"),
        ("memory_format", "contiguous_format", "channels_last"),
    ]


def test_another_type_of_an_input_is_told_at_the_input(project: Project) -> None:
    found = form(
        project, saved(), saved(NET.replace("x: Tensor", "x: Optional[Tensor]").replace("(x, )", "(torch.neg(x), )"))
    )
    assert next((one["kind"], one["subject"]) for one in found["changes"]) == ("changed", "input")


def test_another_name_of_a_parameter_is_told_at_the_method(project: Project) -> None:
    renamed = saved(NET.replace("x: Tensor", "image: Tensor").replace("(x, )", "(image, )"))
    assert told(project, saved(), renamed) == ["~ forward"]


def test_a_parameter_more_is_an_input_that_was_added(project: Project) -> None:
    more = saved(
        NET.replace("x: Tensor)", "x: Tensor,\n    s: Tensor)").replace("softmax(y, 1)", "softmax(torch.mul(y, s), 1)")
    )
    assert told(project, saved(), more) == ["+ s  Tensor", "+ mul"]


def test_a_result_more_is_told_at_the_return(project: Project) -> None:
    more = NET.replace("-> Tensor:\n    y", "-> Tuple[Tensor, Tensor]:\n    y").replace(
        "torch.add(z, y)", "(torch.add(z, y), z)"
    )
    assert ("changed", "output") in [
        (one["kind"], one["subject"]) for one in form(project, saved(), saved(more))["changes"]
    ]


def test_methods_come_and_go(project: Project) -> None:
    more = NET + "  def encode(self: __torch__.net.Net,\n    x: Tensor) -> Tensor:\n    return torch.sin(x)\n"
    assert told(project, saved(), saved(more)) == ["+ encode  encode(x: Tensor) -> Tensor"]
    assert told(project, saved(more), saved()) == ["- encode  encode(x: Tensor) -> Tensor"]


def test_what_several_methods_run_is_told_once(project: Project) -> None:
    more = (
        NET + "  def encode(self: __torch__.net.Net,\n    x: Tensor) -> Tensor:\n    return (self.first).forward(x, )\n"
    )
    assert told(project, saved(more), saved(more, LAYER.replace("relu", "tanh"))) == ["~ first: tanh"]


def test_two_changes_that_read_alike_in_one_method_are_two(project: Project) -> None:
    more = NET.replace(
        "    return",
        "    z = torch.neg(torch.neg(z))\n    z = torch.sin(z)\n    z = torch.neg(torch.neg(z))\n    return",
    )
    gone = more.replace("torch.neg(torch.neg(z))", "torch.neg(z)")
    assert len(form(project, saved(more), saved(gone))["changes"]) == 2


def test_a_method_may_be_compared_alone(project: Project) -> None:
    more = NET + "  def encode(self: __torch__.net.Net,\n    x: Tensor) -> Tensor:\n    return torch.sin(x)\n"
    old, new = saved(more), saved(more.replace("sin", "cos").replace("softmax(y, 1)", "softmax(y, 0)"))
    assert told(project, old, new) == ["~ softmax", "~ cos"]
    assert told(project, old, new, "--method", "encode") == ["~ cos"]


def test_a_block_that_changes_inside_is_told_inside(project: Project) -> None:
    gate = "    if bool(torch.gt(torch.sum(x), 0)):\n      y = torch.neg(y)\n    z"
    old = saved(NET.replace("    z", gate, 1))
    assert told(project, old, saved(NET.replace("    z", gate.replace("neg", "abs"), 1))) == ["~ abs"]


def test_a_loop_is_told_with_its_body(project: Project) -> None:
    loop = "    for i in range(3):\n      y = torch.add(y, i)\n    z"
    old, new = saved(NET.replace("    z", loop, 1)), saved(NET.replace("    z", loop.replace("3", "4"), 1))
    (change,) = form(project, old, new)["changes"]
    assert (change["title"], change["details"][0]["old"], change["details"][0]["new"]) == ("Loop", "3", "4")


def test_numbers_in_a_tensor_constant_are_compared(project: Project) -> None:
    net = NET.replace("torch.add(z, y)", "torch.add(z, CONSTANTS.c0)")
    root = module("net.Net", first=module("net.Layer", weight=tensor(4, 4)))
    old, new = (
        zipped({**torchscript(root, {"__torch__/net.py": LAYER + net}, (tensor(2),)), "constants/0": data})
        for data in (b"\0\0\0\0\0\0\x80\x3f", b"\0\0\0\0\0\0\0\x40")
    )
    assert told(project, old, old) == []
    assert told(project, old, new) == ["~ add"]
    assert "other: float32[2] -> float32[2] with other contents" in project.tsl("diff", "old.pt", "new.pt").out


def test_findings_are_new_and_fixed(project: Project) -> None:
    waits = saved(NET.replace("    z", "    if bool(torch.gt(torch.sum(x), 0)):\n      y = torch.neg(y)\n    z", 1))
    found = form(project, saved(), waits)["findings"]
    assert "TSL401" in [one["code"] for one in found["new"]]
    assert found["fixed"] == []
    back = form(project, waits, saved())["findings"]
    assert "TSL401" in [one["code"] for one in back["fixed"]]
    assert [one["path"] for one in back["fixed"]] == ["new.pt"] * len(back["fixed"])
    assert form(project, saved(), waits, "--no-findings")["findings"] == {"new": [], "fixed": [], "kept": []}


@pytest.mark.parametrize(
    ("gates", "severity", "code"),
    [
        ("added-operators", "warning", 1),
        ("removed-operators", "warning", 0),
        ("removed-operators,any", "warning", 1),
        ("interface,weights,moved,dtypes,devices,shapes", "warning", 0),
        ("added-findings", "info", 1),
        ("added-findings", "error", 0),
    ],
)
def test_the_exit_code_is_for_what_was_asked(project: Project, gates: str, severity: str, code: int) -> None:
    project.write("old.pt", saved())
    project.write(
        "new.pt",
        saved(NET.replace("    z", "    if bool(torch.gt(torch.sum(x), 0)):\n      y = torch.neg(y)\n    z", 1)),
    )
    done = project.tsl("diff", "old.pt", "new.pt", "--isolated", "--fail-on", gates, "--severity", severity)
    assert done.code == code
    assert project.tsl("diff", "old.pt", "new.pt", "--isolated").code == 0


def test_markdown_keeps_what_a_model_is_called_to_itself(project: Project) -> None:
    evil = 'torch.format("a|b `c` @all <script> {}", torch.len(z))'
    new = saved(NET.replace("    return", f"    w = {evil}\n    print(w)\n    return"))
    project.write("old.pt", saved())
    project.write("new.pt", new)
    out = project.tsl("diff", "old.pt", "new.pt", "--isolated", "-o", "d.md").out
    text = (project.root / "d.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if "operator `format`" in line)
    assert out == ""
    assert len(re.split(r"(?<!\\)\|", row)) == 2 + 4
    assert "``" in row
    assert not re.search("@all|<script>", re.sub(r"``.*?``", "", row))


def test_the_form_is_that_of_the_file(project: Project) -> None:
    project.write("old.pt", saved())
    project.write("new.pt", saved(NET.replace("softmax(y, 1)", "softmax(y, 0)")))
    for name, start in (("d.json", "{"), ("d.md", "## "), ("d.dot", "digraph"), ("d.txt", "old.pt -> new.pt")):
        assert project.tsl("diff", "old.pt", "new.pt", "--isolated", "-o", name).code == 0
        assert (project.root / name).read_text(encoding="utf-8").startswith(start)


def test_the_same_bytes_come_from_every_run(project: Project) -> None:
    project.write("old.pt", saved())
    project.write("new.pt", saved(NET.replace("first", "stem").replace("softmax(y, 1)", "softmax(y, 0)"), name="stem"))
    outs = {
        run(
            *(sys.executable, "-m", "tsl", "diff", "old.pt", "new.pt", "--isolated", "--format", form),
            cwd=project.root,
            env=plain_environment(PYTHONPATH=str(ROOT), PYTHONHASHSEED=seed),
        ).stdout
        for form in ("json",)
        for seed in ("1", "2", "3")
    }
    assert len(outs) == 1


def test_of_checkpoints_tensors_are_compared(project: Project) -> None:
    old, new = (
        zipped({"data.pkl": pickled(held), "version": "3\n", "data/0": b"\0" * 64})
        for held in ({"a": tensor(2, 2), "b": tensor(3)}, {"a": tensor(2, 3), "c": tensor(3)})
    )
    assert told(project, old, new) == ["~ a", "- b  float32, cpu, [3]", "+ c  float32, cpu, [3]"]
    assert "is no TorchScript model, so only tensors are compared" in project.tsl("diff", "old.pt", "new.pt").out


def test_a_method_that_cannot_be_read_is_said(project: Project) -> None:
    broken = saved(NET.replace("torch.softmax(y, 1)", "torch.softmax(y, missing)"))
    project.write("old.pt", saved())
    project.write("new.pt", broken)
    done = project.tsl("diff", "old.pt", "new.pt", "--isolated")
    assert "new.pt: forward is not compared: " in done.out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("old.pt",), "diff: needs OLD NEW; see tsl diff --help"),
        (("old.pt", "gone.pt"), "gone.pt: there is no gone.pt"),
        (("old.pt", "main:gone.pt"), "main: names a revision, and this is no repository of git"),
        (("old.pt", "note.txt"), "note.txt: cannot be compared: it is a text"),
        (
            ("old.pt", "net.py"),
            "net.py: is Python; --entry NAME says what in it makes the model, and that it may be run",
        ),
        (("old.pt", "old.pt", "--method", "zap"), "--method: old.pt has no 'zap'; it has forward"),
        (("old.pt", "old.pt", "--input", "q=float32[1]"), "--input: there is no q; forward takes x"),
        (("old.pt", "old.pt", "--fail-on", "weight"), "--fail-on: there is no 'weight'; did you mean weights?"),
        (("old.pt", "old.pt", "-o", "x.zip"), "x.zip: nothing is written as .zip"),
    ],
)
def test_what_cannot_be_done_is_one_line(project: Project, arguments: tuple[str, ...], line: str) -> None:
    project.write("old.pt", saved())
    project.write("note.txt", "a note\n")
    project.write("net.py", "x = 1\n")
    done = project.tsl("diff", "--isolated", *arguments)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith(f"tsl: {line}")
    assert done.err.count("\n") == 1

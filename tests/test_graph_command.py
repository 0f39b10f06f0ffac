"""`tsl graph`: which method of an archive is drawn, with which findings, and what is said where it cannot be."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.checkout import ROOT, plain_environment, run
from tests.conftest import Project
from tests.saved import module, pickled, tensor, torchscript, zipped

LAYER = """\
class Layer(Module):
  __parameters__ = ["weight", ]
  __buffers__ = []
  weight : Tensor
  training : bool
  def forward(self: __torch__.net.Layer,
    x: Tensor) -> Tensor:
    weight = self.weight
    y = torch.linear(x, weight)
    return torch.relu(y)
"""
NET = """\
class Net(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  first : __torch__.net.Layer
  def forward(self: __torch__.net.Net,
    x: Tensor) -> Tensor:
    first = self.first
    y = (first).forward(x, )
    if bool(torch.gt(torch.sum(y), 0)):
      z = torch.neg(y)
    else:
      z = torch.add(y, torch.zeros([2], dtype=6, device=torch.device("cpu")))
    return z
  def encode(self: __torch__.net.Net,
    x: Tensor) -> Tensor:
    return torch.sin(x)
"""


def archive(code: str = LAYER + NET) -> bytes:
    root = module("net.Net", first=module("net.Layer", weight=tensor(2, 2)))
    return zipped(torchscript(root, {"__torch__/net.py": code}))


def drawn(project: Project, *arguments: str, code: str = LAYER + NET) -> str:
    project.write("net.pt", archive(code))
    done = project.tsl("graph", "net.pt", "--isolated", *arguments)
    assert (done.code, done.err) == (0, "")
    return done.out


def labels(text: str) -> list[str]:
    """The labels of boxes, without those of edges and clusters."""
    return re.findall(r'^ *n\d+ \[id="n\d+", class="[\w ]+", label="(.*?)", tooltip', text, re.M)


def test_the_graph_is_drawn_with_its_modules_and_blocks(project: Project) -> None:
    text = drawn(project, "--no-findings")
    assert text.startswith('digraph "net.Net.forward" {\n')
    assert text.endswith("}\n")
    clusters = re.findall(r'subgraph cluster_\d+ \{\n *graph \[.*?label="(.*?)"', text)
    assert clusters == ["first", "if", "then", "else"]
    assert [label.partition("\\n")[0] for label in labels(text)] == [
        *("x", "linear", "relu", "sum", "gt", "Bool", "if", "neg", "zeros", "add", "end if", "return"),
    ]
    assert "linear\\nweight [2, 2]" in labels(text)


def test_findings_are_drawn_unless_they_are_not_wanted(project: Project) -> None:
    with_them, without = drawn(project), drawn(project, "--no-findings")
    assert any(re.search(r"Bool.*\\nTSL4\d\d ", label) for label in labels(with_them))
    assert "TSL" not in without


def test_the_configuration_says_which_findings_there_are(project: Project) -> None:
    project.write("net.pt", archive())
    project.write("tsl.toml", 'ignore = ["TSL4", "TSL5"]\n')
    assert "TSL" not in project.tsl("graph", "net.pt").out
    project.write("tsl.toml", '[severity]\nhost-sync = "error"\n')
    assert "error TSL401 host-sync" in project.tsl("graph", "net.pt").out


def test_a_method_is_chosen_by_name(project: Project) -> None:
    assert labels(drawn(project, "--method", "encode")) == ["x\\nTensor", "sin", "return"]


def test_of_one_method_without_forward_that_one_is_drawn(project: Project) -> None:
    code = LAYER + NET[: NET.index("  def forward")] + NET[NET.index("  def encode") :]
    assert labels(drawn(project, code=code)) == ["x\\nTensor", "sin", "return"]


def test_modules_below_the_depth_are_closed(project: Project) -> None:
    assert "first\\n2 operators" in labels(drawn(project, "--depth", "0"))


@pytest.mark.parametrize(
    ("focus", "boxes"),
    [
        ("relu", ["linear", "relu", "sum", "neg", "add"]),
        ("first", ["x", "linear", "relu", "sum", "neg", "add"]),
        ("x", ["x", "linear", "relu"]),
        ("TSL401", ["gt", "Bool", "if"]),
        ("host-sync", ["gt", "Bool", "if"]),
    ],
)
def test_a_focus_keeps_what_it_names_and_what_is_next_to_it(project: Project, focus: str, boxes: list[str]) -> None:
    text = drawn(project, "--focus", focus)
    assert [label.partition("\\n")[0] for label in labels(text)] == boxes
    numbers = set(re.findall(r"^ *n(\d+) \[id", text, re.M))
    assert {number for pair in re.findall(r"n(\d+) -> n(\d+)", text) for number in pair} <= numbers


def test_a_focus_on_a_closed_module_is_by_its_path(project: Project) -> None:
    assert labels(drawn(project, "--depth", "0", "--focus", "first"))[1] == "first\\n2 operators"


@pytest.mark.parametrize("name", ["out.dot", "out.gv", "out"])
def test_the_graph_is_written_to_a_file(project: Project, name: str) -> None:
    shown = drawn(project)
    assert drawn(project, "-o", name) == ""
    assert (project.root / name).read_text(encoding="utf-8") == shown


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "graph: needs FILE; see tsl graph --help"),
        (("net.pt", "-o", "out.gif"), "out.gif: is in no form there is; use .dot .gv .svg .png .pdf .html .mmd .json"),
        (("net.pt", "--format", "png"), "--format: png is no text; name a file with -o"),
        (("net.pt", "--format", "gif"), "--format: there is no 'gif'"),
        (("net.pt", "--findings", "--no-findings"), "--no-findings: leaves nothing for --findings to draw"),
        (("net.pt", "--limit", "few"), "--limit: 'few' is not a number of boxes"),
        (("net.pt", "--input", "y=float32[1]"), "--input: there is no y; forward takes x"),
        (("net.pt", "--source"), "net.pt: is no Python file; --source draws FILE.py or FILE.py:NAME"),
        (("net.py", "--source", "--depth", "1"), "--depth: is about archives, and --source draws a Python file"),
        (("net.py", "--source"), "net.py: there is no class with a forward"),
        (("net.py:Net", "--source"), "net.py:Net: there is no 'Net'"),
        (("absent.py", "--source"), "absent.py: cannot be read: no such file or directory"),
        (("wrong.py", "--source"), "wrong.py: does not parse: "),
        (("two.py", "--source"), "two.py: several classes have a forward; name one: two.py:A; there are A, B"),
        (("two.py:A.encode", "--source"), "two.py:A.encode: the class A has no encode of its own; there are forward"),
        (("net.pt", "-o", "absent/out.dot"), "absent/out.dot: cannot write the graph: no such file or directory"),
        (("net.pt", "--method", "decode"), "--method: there is no 'decode'; there are forward, encode"),
        (("net.pt", "--depth", "-1"), "--depth: needs N: levels of modules to open"),
        (("absent.pt",), "absent.pt: cannot be read: no such file or directory"),
        (("weights.pt",), "weights.pt: has no TorchScript graph: checkpoint of torch.save"),
        (("net.py",), "net.py: is a Python file; add --source to draw its control flow"),
        (("broken.pt",), "broken.pt: "),
        (("several.pt",), "several.pt: has no forward; name a method with --method; there are one, two"),
        (
            ("--focus", "conv9d", "net.pt"),
            "--focus: nothing is called 'conv9d'; name an operator, a module, a value or",
        ),
    ],
)
def test_what_cannot_be_drawn_is_one_line(project: Project, arguments: tuple[str, ...], line: str) -> None:
    project.write("net.pt", archive())
    project.write("net.py", "import torch\n")
    project.write("wrong.py", "def forward(:\n")
    classes = (f"class {name}:\n    def forward(self, x):\n        return x\n" for name in "AB")
    project.write("two.py", "".join(classes))
    project.write("weights.pt", zipped({"data.pkl": b"\x80\x02}.", "version": "3"}))
    project.write("broken.pt", archive(LAYER))
    project.write("several.pt", archive(LAYER + NET.replace("def forward", "def one").replace("def encode", "def two")))
    done = project.tsl("graph", "--isolated", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"tsl: {line}")
    assert done.err.count("\n") == 1
    assert not (project.root / "out.gif").exists()


@pytest.mark.parametrize("columns", ["80", "200"])
def test_help_fits_the_terminal(project: Project, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    done = project.tsl("graph", "--help")
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= min(int(columns), 100)
    assert "\n  graph " in project.tsl("--help").out


def test_the_same_archive_makes_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "net.pt").write_bytes(archive())
    outputs = set()
    for seed in ("0", "1", "2"):
        environment = plain_environment(PYTHONPATH=str(ROOT), PYTHONHASHSEED=seed)
        outputs.add(run(sys.executable, "-m", "tsl", "graph", "net.pt", cwd=tmp_path, env=environment).stdout)
    (text,) = outputs
    assert "TSL" in text


def test_drawing_loads_neither_torch_nor_anything_heavy(tmp_path: Path) -> None:
    from tests.test_startup import HEAVY, imported

    (tmp_path / "net.pt").write_bytes(archive())
    loaded = imported("-m", "tsl", "graph", "--isolated", "net.pt", cwd=tmp_path)
    assert not loaded & (HEAVY | {"dataclasses", "pickle", "pickletools", "zipfile"})


def test_graphviz_lays_it_out(project: Project) -> None:
    if shutil.which("dot") is None:
        pytest.skip("Graphviz is not installed: apt-get install graphviz")
    done = subprocess.run(["dot", "-Tsvg"], input=drawn(project), capture_output=True, encoding="utf-8", check=True)
    assert done.stderr == ""
    assert "host-sync" in html.unescape(done.stdout)


def test_a_node_without_attributes_lies_in_the_module_that_ran_it(project: Project) -> None:
    """The module's own nodes are told apart from those of a module that is called twice."""
    code = LAYER + NET.replace("y = (first).forward(x, )", "y = (first).forward(torch.sin((first).forward(x, )), )")
    text = drawn(project, "--no-findings", code=code)
    inside = text[text.index("subgraph cluster_0") :].partition("\n  }")[0]
    assert labels(inside) == ["linear\\nweight [2, 2]", "relu", "linear\\nweight [2, 2]", "relu"]
    assert "sin" in labels(text)


def test_a_method_that_calls_itself_is_drawn_with_the_call(project: Project) -> None:
    code = LAYER + NET.replace("y = (first).forward(x, )", "y = (self).forward(x, )")
    assert "forward" in labels(drawn(project, code=code))


def test_a_tree_that_doubles_at_each_level_ends(project: Project) -> None:
    head = "class M0(Module):\n  training : bool\n"
    classes = [f"{head}  def forward(self: __torch__.net.M0,\n    x: Tensor) -> Tensor:\n    return x\n"]
    for level in range(1, 26):
        inner = f"__torch__.net.M{level - 1}"
        classes.append(
            f"class M{level}(Module):\n  training : bool\n  a : {inner}\n  b : {inner}\n"
            f"  def forward(self: __torch__.net.M{level},\n    x: Tensor) -> Tensor:\n    a = self.a\n    b = self.b\n"
            "    return torch.add((a).forward(x, ), (b).forward(x, ))\n"
        )
    project.write("net.pt", zipped(torchscript(module("net.M25"), {"__torch__/net.py": "".join(classes)})))
    start = time.process_time()
    done = project.tsl("graph", "net.pt", "--isolated", "--no-findings")
    assert time.process_time() - start < 5
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "nodes" in done.err


def test_a_box_tells_the_line_it_was_recorded_at(project: Project) -> None:
    source = ("def forward(self, x):\n    return x\n", "/src/net.py", 7)
    debug = pickled([(0, (source, 26, 34))])
    members = torchscript(module("net.Net"), {"__torch__/net.py": NET.replace("  first : __torch__.net.Layer\n", "")})
    project.write("net.pt", zipped({**members, "code/__torch__/net.py.debug_pkl": debug}))
    text = project.tsl("graph", "net.pt", "--isolated", "--method", "encode").out
    assert 'tooltip="aten::sin(Tensor self) -> Tensor\\n/src/net.py:8\\nreturn x"' in text


def test_every_option_is_documented(project: Project) -> None:
    told = (ROOT / "docs" / "graph.md").read_text(encoding="utf-8")
    options = re.findall(r"^  .*?(--[a-z-]+)", project.tsl("graph", "--help").out, re.M)
    assert [option for option in options if f"`{option}" not in told and option not in {"--help", "--output"}] == []


RULE = '''\
"""A rule of a user's own.

## What happens
It raises.

## Example
```ir
graph(%x : Tensor):
  %y : Tensor = aten::sin(%x)  # OWN001
  return (%y)
```

## Use instead
Nothing.
"""
from tsl.rule import ir_rule


@ir_rule("OWN001", severity="error", since="0.1", help="nothing helps")
def broken_rule(graph):
    BODY
'''


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        ("yield from ((node, 'is a sine') for node in graph.nodes('aten::sin'))", 0, ""),
        (
            "yield 1 / 0",
            2,
            "tsl: net.pt: cannot be drawn: ZeroDivisionError: division by zero, in the rule broken-rule\n",
        ),
    ],
)
def test_the_rules_of_a_user_are_asked_as_well(project: Project, body: str, code: int, told: str) -> None:
    project.write("net.pt", archive())
    project.write("own/broken_rule.py", RULE.replace("BODY", body))
    project.write("tsl.toml", 'rulebooks = ["own"]\n')
    done = project.tsl("graph", "net.pt", "--method", "encode")
    assert (done.code, done.err) == (code, told)
    assert code or "sin\\nOWN001 broken-rule" in labels(done.out)


def test_a_rulebook_that_does_not_load_is_told_and_the_graph_is_drawn(project: Project) -> None:
    project.write("net.pt", archive())
    project.write("own/odd.py", "1 / 0\n")
    project.write("tsl.toml", 'rulebooks = ["own"]\n')
    done = project.tsl("graph", "net.pt")
    assert done.code == 2
    assert done.out.startswith("digraph ")
    assert done.err.count("\n") == 1

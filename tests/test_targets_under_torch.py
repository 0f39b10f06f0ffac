"""Targets against torch's own answers: the ONNX exporter asked in a child process, the schemas of the installed torch.

Needs torch, in the child alone.
"""

from __future__ import annotations

import json
import lzma
import sys
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from tests.checkout import ROOT, run
from tests.conftest import Project
from tests.ir_fences import graph_of
from tsl.ir.facts import GraphFacts
from tsl.ir.schema import Argument, schemas
from tsl.target.facts import TargetFacts
from tsl.target.named import targets
from tsl.target.table import Table, shipped

torch = pytest.importorskip("torch", reason="torch is not installed, so nobody can be asked")

OPSETS = tuple(map(int, shipped("onnx").versions))
OPERATORS = 80
# Tried by hand on the exporter of torch 2.13, as calls of Python: what is exported at which opset, and what is not.
EXPORTED = {"var": 10, "atan2": 9, "all": 13, "conv_same": 13, "broadcast_to": 13, "roll": 13, "hardswish_": 13}
REFUSED = {
    "scaled_dot_product_attention": (12, 13),
    "tril": (11, 13),
    "triu": (13,),
    "einsum": (11,),
    "grid_sampler": (13,),
    "col2im": (13,),
    "scatter_reduce": (13,),
    "quantile": (17,),
    "fft_rfft": (17,),
    "linalg_inv": (17,),
    "bincount": (17,),
    "searchsorted": (17,),
    "nansum": (17,),
    "cummax": (17,),
    "erfinv": (17,),
    "linalg_pinv": (17,),
}


def sample() -> list[str]:
    """Operators of tensors, half of them among those that some opset has, chosen by their checksums."""
    known = {entry.operator for name in _names() for entry in shipped("onnx").entries(name)}
    tensors = sorted({name for name in _names() if _takes_a_tensor(name)}, key=lambda name: crc32(name.encode()))
    held = [name for name in tensors if name in known or name.removesuffix("_") in known]
    others = [name for name in tensors if name not in held]
    return held[: OPERATORS // 2] + others[: OPERATORS // 2]


def _names() -> list[str]:
    lines = schemas()._text.splitlines()
    return sorted({line.partition("(")[0].partition(".")[0] for line in lines if line.startswith("aten::")})


def _takes_a_tensor(name: str) -> bool:
    return all(
        schema.arguments and schema.arguments[0].type.kind == "Tensor" and _kinds(schema.returns) == ["Tensor"]
        for schema in schemas().overloads(name)
    )


def _kinds(arguments: tuple[Argument, ...]) -> list[str]:
    return [argument.type.kind for argument in arguments]


def child(code: str, given: Any, cwd: Path) -> Any:
    """What a program answers, as JSON in a file, that is given JSON: the exporter prints graphs of its own."""
    (cwd / "ask.py").write_text(code, encoding="utf-8")
    done = run(sys.executable, "-W", "ignore", "ask.py", json.dumps(given), cwd=cwd)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads((cwd / "answer.json").read_text(encoding="utf-8"))


ASK = """\
import json, sys
import torch, torch._C._onnx as onnx
from torch.onnx.errors import UnsupportedOperatorError
from torch.onnx._internal.torchscript_exporter import utils
from torch.onnx._internal.torchscript_exporter._globals import GLOBALS

# As torch.onnx.export does before it converts.
import importlib, pkgutil
from torch.onnx._internal import torchscript_exporter as exporter
for module in pkgutil.iter_modules(exporter.__path__):
    if module.name.startswith("symbolic_opset"):
        importlib.import_module(f"{exporter.__name__}.{module.name}")

names, opsets = json.loads(sys.argv[1])
refused = []
for opset in opsets:
    GLOBALS.export_onnx_opset_version = opset
    for name in names:
        graph = torch._C.parse_ir(f"graph(%x : Tensor):\\n  %y : Tensor = {name}(%x)\\n  return (%y)", False)
        try:
            torch._C._jit_pass_onnx(graph, onnx.OperatorExportTypes.ONNX)
        except UnsupportedOperatorError:
            refused.append([name, opset])
        except Exception:
            pass  # the exporter knows the operator, and misses arguments that this graph does not give
json.dump(refused, open("answer.json", "w"))
"""


def test_eighty_operators_are_unknown_to_onnx_exactly_where_the_exporter_says_so(tmp_path: Path) -> None:
    names = sample()
    assert len(names) == OPERATORS
    theirs = {tuple(pair) for pair in child(ASK, [names, OPSETS], tmp_path)}
    ours = {(name, opset) for opset in OPSETS for name in _unknown(names, f"onnx:{opset}")}
    assert ours == {(name, opset) for name, opset in theirs if name != "aten::copy_"}
    assert len(theirs) > OPERATORS


def _unknown(names: list[str], target: str) -> set[str]:
    body = "\n".join(f"  %y{number} : Tensor = {name}(%x)" for number, name in enumerate(names))
    results = ", ".join(f"%y{number}" for number in range(len(names)))
    graph = graph_of(f"graph(%x : Tensor):\n{body}\n  return ({results})\n")
    return {one.operator for one in TargetFacts(GraphFacts([graph]), targets([target])).unknown()}


EXPORT = """\
import io, json, sys
import torch
from torch.nn import functional as F
from torch.onnx.errors import UnsupportedOperatorError

x, image, square = torch.rand(2, 3), torch.rand(1, 3, 8, 8), torch.eye(3)
CASES = {
    "var": (lambda x: x.var(1), x),
    "atan2": (lambda x: torch.atan2(x, x), x),
    "all": (lambda x: (x > 0).all(), x),
    "conv_same": (lambda x: F.conv2d(x, torch.ones(3, 3, 3, 3), padding="same"), image),
    "broadcast_to": (lambda x: x.broadcast_to(4, 2, 3), x),
    "roll": (lambda x: x.roll(1, 0), x),
    "hardswish_": (lambda x: F.hardswish(x * 1, inplace=True), x),
    "scaled_dot_product_attention": (lambda x: F.scaled_dot_product_attention(x, x, x), image),
    "tril": (lambda x: x.tril(), square),
    "triu": (lambda x: x.triu(), square),
    "einsum": (lambda x: torch.einsum("ij,kj->ik", x, x), x),
    "grid_sampler": (lambda x: F.grid_sample(x, torch.zeros(1, 4, 4, 2), align_corners=False), image),
    "col2im": (lambda x: F.fold(x, (4, 4), (2, 2)), torch.rand(1, 12, 9)),
    "scatter_reduce": (lambda x: x.scatter_reduce(0, torch.zeros(2, 3, dtype=torch.long), x, "sum"), x),
    "quantile": (lambda x: x.quantile(0.5), x),
    "fft_rfft": (lambda x: torch.view_as_real(torch.fft.rfft(x)), x),
    "linalg_inv": (lambda x: torch.linalg.inv(x), square),
    "bincount": (lambda x: x.long().flatten().bincount(), x),
    "searchsorted": (lambda x: torch.searchsorted(x, x), x),
    "nansum": (lambda x: x.nansum(), x),
    "cummax": (lambda x: x.cummax(0)[0], x),
    "erfinv": (lambda x: x.erfinv(), x),
    "linalg_pinv": (lambda x: torch.linalg.pinv(x), square),
}


class Net(torch.nn.Module):
    def __init__(self, call):
        super().__init__()
        self.call = call

    def forward(self, x):
        return self.call(x)


answers = {}
for name, opset in json.loads(sys.argv[1]):
    call, example = CASES[name]
    net, place = Net(call).eval(), f"{name}.pt"
    torch.jit.save(torch.jit.trace(net, example, check_trace=False), place)
    try:
        torch.onnx.export(net, (example,), io.BytesIO(), opset_version=opset, dynamo=False)
        answers[f"{name}:{opset}"] = True
    except UnsupportedOperatorError:
        answers[f"{name}:{opset}"] = False
    except Exception as error:  # the library that writes the file is not needed to convert the graph
        assert "onnx is not installed" in str(error), (name, error)
        answers[f"{name}:{opset}"] = True
json.dump(answers, open("answer.json", "w"))
"""


def test_models_end_on_onnx_exactly_where_the_exporter_ends(project: Project) -> None:
    asked = [*EXPORTED.items(), *((name, opset) for name, opsets in REFUSED.items() for opset in opsets)]
    asked += [(name, 20) for name in REFUSED]
    theirs = child(EXPORT, asked, project.root)
    ours = {}
    for name, opset in asked:
        done = project.check("--isolated", f"{name}.pt", "--target", f"onnx:{opset}")
        ours[f"{name}:{opset}"] = "TSL601" not in done.codes
    assert ours == theirs
    assert [name for name, opset in EXPORTED.items() if not theirs[f"{name}:{opset}"]] == []
    assert [name for name, opsets in REFUSED.items() for opset in opsets if theirs[f"{name}:{opset}"]] == []


def test_the_newest_release_has_the_functions_that_its_torch_declares() -> None:
    table = shipped("libtorch")
    version = ".".join(torch.__version__.split(".")[:2])
    if version not in table.versions:
        pytest.skip(f"the table ends before torch {version}")
    yaml = pytest.importorskip("yaml")
    torchgen = pytest.importorskip("torchgen")
    path = Path(torchgen.__file__).parent / "packaged" / "ATen" / "native" / "native_functions.yaml"
    functions = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    declared = {f"aten::{one['func'].partition('(')[0]}" for one in functions}
    held = {
        entry.operator
        for operator in declared
        for entry in table.entries(operator.partition(".")[0])
        if version in entry.versions
    }
    assert declared - held == set()


@pytest.mark.parametrize("name", ["onnx", "cuda", "lite"])
def test_a_table_is_what_its_script_writes_of_the_torch_it_names(name: str, tmp_path: Path) -> None:
    table = shipped(name)
    if torch.__version__.partition("+")[0] not in table.source:
        pytest.skip(f"the table is of another torch: {table.source}")
    pytest.importorskip("yaml")
    script = ROOT / "scripts" / "target_tables.py"
    done = run(sys.executable, "-W", "ignore", script, name, "--directory", tmp_path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    written = lzma.decompress((tmp_path / f"{name}.txt.xz").read_bytes()).decode()
    assert Table(written).date
    assert _dateless(written) == _dateless(table.text)


def _dateless(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("# date: ")]


def test_a_lock_is_the_same_for_a_model_that_is_loaded_and_saved_again(project: Project) -> None:
    program = ROOT / "tests" / "data" / "relock.py"
    child(program.read_text(encoding="utf-8"), [], project.root)
    texts = [project.tsl("lock", name).out for name in ("first.pt", "again.pt", "thrice.pt")]
    assert texts[0] == texts[1] == texts[2]
    assert "aten::" in texts[0]

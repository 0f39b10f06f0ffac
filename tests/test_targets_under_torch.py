"""Targets against torch's own answers: the ONNX exporter asked in a child process, the schemas of the installed torch.

Needs torch, in the child alone: one process answers all that is asked here, because to import torch takes seconds.
"""

from __future__ import annotations

import json
import lzma
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from tests.checkout import ROOT, run
from tests.conftest import Project
from tests.ir_fences import graph_of
from tests.releases import release
from tsl.archive.archive import open_archive
from tsl.ir.facts import GraphFacts, facts_of
from tsl.ir.schema import Argument, schemas
from tsl.target.facts import TargetFacts
from tsl.target.named import targets
from tsl.target.table import Table, shipped

for package in ("torch", "torchgen", "yaml"):
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed, so nobody can be asked", allow_module_level=True)
TORCH = version("torch").partition("+")[0]
if release() < (2, 13):
    pytest.skip("the exporter that is asked, and the tables, are those of torch 2.13", allow_module_level=True)

OPSETS = tuple(map(int, shipped("onnx").versions))
OPERATORS = 80
# Tried by hand on the exporter of torch 2.13, as calls of Python: what is exported at which opset, and what is not.
EXPORTED = {
    "var": 10,
    "atan2": 9,
    "all": 13,
    "conv_same": 13,
    "broadcast_to": 13,
    "roll": 13,
    "hardswish_": 13,
    "one_hot": 13,
    "randint": 14,
}
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


WRITTEN = ("onnx", "cuda", "lite")


@pytest.fixture(scope="module")
def asked() -> list[tuple[str, int]]:
    """The cases and opsets that the exporter is asked about."""
    pairs = [*EXPORTED.items(), *((name, opset) for name, opsets in REFUSED.items() for opset in opsets)]
    return [*pairs, *((name, 20) for name in REFUSED)]


@pytest.fixture(scope="module")
def answered(asked: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The directory in which torch was asked, and what it answered."""
    place = tmp_path_factory.mktemp("asked")
    same = [name for name in WRITTEN if TORCH in shipped(name).source]
    request = {"names": sample(), "opsets": OPSETS, "asked": asked, "hard": 17, "tables": same}
    done = run(sys.executable, "-W", "ignore", ROOT / "tests" / "data" / "ask_torch.py", json.dumps(request), cwd=place)
    assert done.returncode == 0, done.stderr[-2000:]
    return place, json.loads((place / "answer.json").read_text(encoding="utf-8"))


def test_eighty_operators_are_unknown_to_onnx_exactly_where_the_exporter_says_so(answered: tuple[Path, Any]) -> None:
    names = sample()
    assert len(names) == OPERATORS
    theirs = {tuple(pair) for pair in answered[1]["refused"]}
    ours = {(name, opset) for opset in OPSETS for name in _unknown(names, f"onnx:{opset}")}
    assert ours == {(name, opset) for name, opset in theirs if name != "aten::copy_"}
    assert len(theirs) > OPERATORS


def _unknown(names: list[str], target: str) -> set[str]:
    body = "\n".join(f"  %y{number} : Tensor = {name}(%x)" for number, name in enumerate(names))
    results = ", ".join(f"%y{number}" for number in range(len(names)))
    graph = graph_of(f"graph(%x : Tensor):\n{body}\n  return ({results})\n")
    return {one.operator for one in TargetFacts(GraphFacts([graph]), targets([target])).unknown()}


def _lacking(path: Path, opset: int) -> list[str]:
    with open_archive(str(path)) as archive:
        facts = facts_of(archive)
        assert facts is not None
        return [one.operator for one in TargetFacts(facts, targets([f"onnx:{opset}"])).unknown()]


def test_models_end_on_onnx_exactly_where_the_exporter_ends(
    answered: tuple[Path, Any], asked: list[tuple[str, int]]
) -> None:
    place, theirs = answered[0], answered[1]["exports"]
    ours = {f"{name}:{opset}": not _lacking(place / f"{name}.pt", opset) for name, opset in asked}
    assert ours == theirs
    assert [name for name, opset in EXPORTED.items() if not theirs[f"{name}:{opset}"]] == []
    assert [name for name, opsets in REFUSED.items() for opset in opsets if theirs[f"{name}:{opset}"]] == []


def test_what_torchs_own_look_misses_is_judged_as_its_exporter_does(answered: tuple[Path, Any]) -> None:
    place, hard = answered[0], answered[1]["hard"]
    for name, (is_exported, _) in hard.items():
        assert (not _lacking(place / f"{name}.pt", 17)) == is_exported
    assert _lacking(place / "only_in_branch.pt", 17) == ["aten::special_bessel_j0"]
    assert _lacking(place / "custom.pt", 17) == ["tsl_asked::twice"]
    assert hard["only_in_branch"] == [False, []]
    assert hard["masked"] == [True, ["aten::__and__"]]


def test_the_newest_release_has_the_functions_that_its_torch_declares(answered: tuple[Path, Any]) -> None:
    table, newest = shipped("libtorch"), ".".join(TORCH.split(".")[:2])
    if newest not in table.versions:
        pytest.skip(f"the table ends before torch {newest}")
    held = {entry.operator for entry in table.every() if newest in entry.versions}
    assert set(answered[1]["declared"]) - held == set()


@pytest.mark.parametrize("name", WRITTEN)
def test_a_table_is_what_its_script_writes_of_the_torch_it_names(name: str, answered: tuple[Path, Any]) -> None:
    table = shipped(name)
    if TORCH not in table.source:
        pytest.skip(f"the table is of another torch: {table.source}")
    written = lzma.decompress((answered[0] / f"{name}.txt.xz").read_bytes()).decode()
    assert Table(written).date
    assert _dateless(written) == _dateless(table.text)


def _dateless(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("# date: ")]


def test_a_lock_is_the_same_for_a_model_that_is_loaded_and_saved_again(
    answered: tuple[Path, Any], project: Project
) -> None:
    texts = [project.tsl("lock", str(answered[0] / name)).out for name in ("first.pt", "again.pt", "thrice.pt")]
    assert texts[0] == texts[1] == texts[2]
    assert "aten::" in texts[0]


EXPORTS = """\
import io
import torch
from torch import nn


class Scores(nn.Module):
    def forward(self, x):
        return torch.einsum("ij,kj->ik", x, x)


class Lower(nn.Module):
    def __init__(self):
        super().__init__()
        self.act = nn.CELU()

    def forward(self, x):
        return self.act(x).tril()


class Inverse(nn.Module):
    def forward(self, x):
        return x if torch.onnx.is_in_onnx_export() else torch.linalg.inv(x)


class Middle(nn.Module):
    def forward(self, x):
        return torch.quantile(x, 0.5)
"""
EXPORT = """\


def {name}_{opset}():
    torch.onnx.export({name}().eval(), (torch.ones(4, 4),), io.BytesIO(), opset_version={opset}, dynamo=False)
"""
TRIED = """\
import exports, json, torch, warnings
warnings.simplefilter("ignore")
refused = []
for name in [name for name in vars(exports) if name.rpartition("_")[2].isdigit()]:
    try:
        getattr(exports, name)()
    except torch.onnx.errors.OnnxExporterError as error:
        if "onnx is not installed" not in str(error):  # that comes last, where all operators are translated
            refused.append(name)
json.dump(refused, open("refused.json", "w"))
"""


def test_an_export_lacks_an_operator_where_torch_refuses_it(project: Project) -> None:
    names, opsets = ("Scores", "Lower", "Inverse", "Middle"), (9, 11, 12, 13, 14, 17)
    text = EXPORTS + "".join(EXPORT.format(name=name, opset=opset) for name in names for opset in opsets)
    project.write("exports.py", text)
    done = project.check("--isolated", "exports.py", "--select", "TSL338")
    lines = text.splitlines()
    found = [lines[one["line"] - 2].removeprefix("def ").removesuffix("():") for one in done.findings]
    told = run(sys.executable, "-c", TRIED, cwd=project.root)
    assert told.returncode == 0, told.stderr
    assert found == json.loads((project.root / "refused.json").read_text())
    assert {name.partition("_")[0] for name in found} == {"Scores", "Lower", "Middle"}

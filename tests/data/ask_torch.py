"""Asks torch about targets, once for all tests: a request on the command line, its answers in answer.json.

The exporter prints graphs of its own, so that answers do not go to standard output.
"""

from __future__ import annotations

import importlib
import io
import json
import pkgutil
import sys
import warnings
from pathlib import Path
from typing import Any

import torch
import torch._C._onnx as onnx
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.onnx._internal import torchscript_exporter as exporter
from torch.onnx._internal.torchscript_exporter._globals import GLOBALS
from torch.onnx.errors import UnsupportedOperatorError

warnings.simplefilter("ignore")
HERE = Path(__file__).resolve().parent

x, image, square = torch.rand(2, 3), torch.rand(1, 3, 8, 8), torch.eye(3)
CASES = {
    "var": (lambda x: x.var(1), x),
    "atan2": (lambda x: torch.atan2(x, x), x),
    "all": (lambda x: (x > 0).all(), x),
    "conv_same": (lambda x: F.conv2d(x, torch.ones(3, 3, 3, 3), padding="same"), image),
    "broadcast_to": (lambda x: x.broadcast_to(4, 2, 3), x),
    "roll": (lambda x: x.roll(1, 0), x),
    "hardswish_": (lambda x: F.hardswish(x * 1, inplace=True), x),
    "one_hot": (lambda x: F.one_hot(x.long(), 3), x),
    "randint": (lambda x: torch.randint(0, 4, (2, 3)) + x, x),
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


class Net(nn.Module):
    def __init__(self, call: Any) -> None:
        super().__init__()
        self.call = call

    def forward(self, x: Any) -> Any:
        return self.call(x)


class OnlyInBranch(nn.Module):
    def forward(self, x: Tensor, wide: bool) -> Tensor:
        if wide:
            x = torch.special.bessel_j0(x)
        return x


class Masked(nn.Module):
    def forward(self, x: Tensor, wide: bool) -> Tensor:
        return ((x > 0) & (x < 1)).float()


torch.library.define("tsl_asked::twice", "(Tensor x) -> Tensor")
torch.library.impl("tsl_asked::twice", "CompositeImplicitAutograd", lambda x: x * 2)


class Custom(nn.Module):
    def forward(self, x: Tensor, wide: bool) -> Tensor:
        return torch.ops.tsl_asked.twice(x)


HARD = {"only_in_branch": OnlyInBranch, "masked": Masked, "custom": Custom}


def tables(names: list[str]) -> None:
    """What scripts/target_tables.py writes, into the working directory."""
    sys.path.insert(0, str(HERE.parent.parent / "scripts"))
    import target_tables

    for name in names:
        sys.argv = ["target_tables.py", name, "--directory", "."]
        target_tables.main()


def declared() -> list[str]:
    """The functions that the installed torch declares."""
    import torchgen
    import yaml

    path = Path(torchgen.__file__).parent / "packaged" / "ATen" / "native" / "native_functions.yaml"
    functions = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return [f"aten::{one['func'].partition('(')[0]}" for one in functions]


def refused(names: list[str], opsets: list[int]) -> list[tuple[str, int]]:
    """The operators that the exporter's conversion pass does not know, by opset."""
    for module in pkgutil.iter_modules(exporter.__path__):  # as torch.onnx.export does before it converts
        if module.name.startswith("symbolic_opset"):
            importlib.import_module(f"{exporter.__name__}.{module.name}")
    found = []
    for opset in opsets:
        GLOBALS.export_onnx_opset_version = opset
        for name in names:
            graph = torch._C.parse_ir(f"graph(%x : Tensor):\n  %y : Tensor = {name}(%x)\n  return (%y)", False)
            try:
                torch._C._jit_pass_onnx(graph, onnx.OperatorExportTypes.ONNX)
            except UnsupportedOperatorError:
                found.append((name, opset))
            except Exception:
                continue  # the exporter knows the operator, and misses arguments that this graph does not give
    return found


def exports(asked: list[tuple[str, int]]) -> dict[str, bool]:
    """Whether a case is exported at an opset; its trace is saved beside."""
    answers = {}
    for name in dict.fromkeys(name for name, _ in asked):
        call, example = CASES[name]
        torch.jit.save(torch.jit.trace(Net(call).eval(), example, check_trace=False), f"{name}.pt")
    for name, opset in asked:
        call, example = CASES[name]
        answers[f"{name}:{opset}"] = _is_exported(Net(call).eval(), (example,), opset)
    return answers


def hard(opset: int) -> dict[str, tuple[bool, list[str]]]:
    """Of three scripted models whether each is exported, and what torch's own look at it says is unconvertible."""
    answers = {}
    for name, model in HARD.items():
        scripted, inputs = torch.jit.script(model().eval()), (torch.rand(2, 3), True)
        torch.jit.save(scripted, f"{name}.pt")
        _, told = torch.onnx.utils.unconvertible_ops(scripted, inputs, opset_version=opset)
        answers[name] = (_is_exported(scripted, inputs, opset), sorted(told))
    return answers


def _is_exported(model: Any, inputs: tuple[Any, ...], opset: int) -> bool:
    try:
        torch.onnx.export(model, inputs, io.BytesIO(), opset_version=opset, dynamo=False)  # tsl: ignore[TSL338] asked
    except UnsupportedOperatorError:
        return False
    except Exception as error:
        if "onnx is not installed" not in str(error):  # which is not needed to convert the graph
            raise
    return True


if __name__ == "__main__":
    request = json.loads(sys.argv[1])
    importlib.import_module("relock")  # which lies beside this, and saves its models when it is run
    tables(request["tables"])
    answers = {
        "declared": declared(),
        "refused": refused(request["names"], request["opsets"]),
        "exports": exports(request["asked"]),
        "hard": hard(request["hard"]),
    }
    Path("answer.json").write_text(json.dumps(answers), encoding="utf-8")

#!/usr/bin/env python3
"""Holds verdicts on ONNX against the exporter of the installed torch, over the archives of a directory.

usage: onnx_agreement.py OPSET [DIR]

Every archive is loaded and frozen by torch, as torch.onnx.export does with a scripted model, and taken through its
passes; an operator that is left then, and that the registry does not have at this opset, is one that the exporter ends
at. Names are compared without trailing underscores, which the passes take away. Prints how many archives agree, and
each operator that does not, with one archive. Each is asked about in a process of its own: the passes crash on some.
Needs torch.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tsl.archive.archive import open_archive  # noqa: E402 - after the path that leads to tsl
from tsl.ir.facts import facts_of  # noqa: E402
from tsl.target.facts import TargetFacts  # noqa: E402
from tsl.target.named import targets  # noqa: E402


def ended_at(path: str, opset: int) -> list[str]:
    """The operators at which the exporter ends. Raises what the passes raise on a graph that they cannot take."""
    import torch
    from torch._C import _onnx
    from torch.onnx._internal import torchscript_exporter as exporter
    from torch.onnx._internal.torchscript_exporter import utils
    from torch.onnx._internal.torchscript_exporter._globals import GLOBALS
    from torch.onnx._internal.torchscript_exporter.registration import registry

    for module in pkgutil.iter_modules(exporter.__path__):
        if module.name.startswith("symbolic_opset"):
            importlib.import_module(f"{exporter.__name__}.{module.name}")
    GLOBALS.onnx_shape_inference, GLOBALS.export_onnx_opset_version = False, opset
    utils._params_dict = {}
    model = torch.jit.load(path).eval()
    torch._C._jit_pass_onnx_function_substitution(model.forward.graph)
    frozen, _ = torch._C._jit_onnx_list_model_parameters(torch._C._freeze_module(model._c, preserveParameters=True))
    graph = frozen._get_method("forward").graph
    torch._C._jit_pass_onnx_function_substitution(graph)
    kept = _onnx.OperatorExportTypes.ONNX_FALLTHROUGH
    graph = utils._optimize_graph(graph, kept, params_dict={}, module=frozen)
    kinds = {node.kind() for node in walked(graph)} - {"prim::Constant"}
    left = {kind for kind in kinds if not kind.startswith(("onnx::", "prim::"))}
    return sorted(
        kind
        for kind in left
        if not any(registry.is_registered_op(name, opset) for name in (kind, kind.removesuffix("_")))
    )


def walked(block: Any) -> Iterator[Any]:
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from walked(inner)


def told(path: str, opset: int) -> set[str]:
    """The operators that tsl reports."""
    with open_archive(path) as archive:
        facts = facts_of(archive)
        return {one.operator for one in TargetFacts(facts, targets([f"onnx:{opset}"])).unknown()} if facts else set()


def main() -> int:
    if sys.argv[1] == "--one":
        print(f"\n{json.dumps(ended_at(sys.argv[2], int(sys.argv[3])))}")
        return 0
    opset, directory = int(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "build" / "zoo")
    asked = same = 0
    differing: dict[tuple[str, str], str] = {}
    paths = sorted(directory.glob("*.pt"))
    for path in paths:
        command = [sys.executable, "-W", "ignore", __file__, "--one", str(path), str(opset)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            continue
        asked += 1
        theirs = {kind.rstrip("_") for kind in json.loads(done.stdout.splitlines()[-1])}
        ours = {kind.rstrip("_") for kind in told(str(path), opset)}
        same += ours == theirs
        differing.update({(kind, "tsl alone"): path.name for kind in ours - theirs})
        differing.update({(kind, "the exporter alone"): path.name for kind in theirs - ours})
    print(f"opset {opset}: {same} of {asked} archives agree; {len(paths) - asked} more cannot be asked about")
    for (kind, who), name in sorted(differing.items()):
        print(f"  {kind}: {who}, in {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

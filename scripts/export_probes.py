#!/usr/bin/env python3
"""What torch.export, its ONNX exporter and ExecuTorch make of each operator: every one is exported alone, and not run.

usage: export_probes.py OUT.json [KNOWN.json]            needs torch, onnxscript and executorch

Operators and their arguments come from torch's own samples (torch.testing's op_db): each sample is traced to the
operators that it calls, those that are put together from others included, and each of these is made a model of its
own. An operator is refused where no form of it is taken, of which MOST are tried; an error that says nothing of
operators leaves it untold. It is taken apart where all its forms are. What KNOWN.json, of an earlier run, has settled
is not tried again. OUT.json holds, of each operator, what each of the three came to: `taken`, with the kernels that
ExecuTorch runs for it, or `refused` or `untold`, with the error. scripts/target_tables.py makes tables of it.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import torch
import yaml
from torch.fx import Interpreter
from torch.fx.experimental.proxy_tensor import make_fx
from torch.testing._internal.common_methods_invocations import op_db
from torch.utils import _pytree as pytree

SAMPLES, MOST, SECONDS = 16, 8, 30
DTYPES = (torch.float32, torch.int64, torch.bool, torch.complex64)
ROADS = ("export", "onnx-dynamo", "executorch")
# Kernels that only move or describe numbers; what is put together from the others is taken apart.
MOVES = frozenset(
    """view permute expand slice select squeeze unsqueeze transpose t clone to cat stack unbind split_with_sizes split
    as_strided alias detach full empty scalar_tensor arange copy _to_dim_order _clone_dim_order _empty_dim_order
    lift_fresh full_like zeros_like ones_like fill repeat""".split()
)

# Errors that are about the operator, and not about the sample.
REFUSALS = frozenset(
    """DataDependentOutputException DynamicOutputShapeException UnsupportedOperatorException SpecViolationError
    ConversionError LookupError""".split()
)
# What ExecuTorch takes out of a program, and what it has under a name of its own.
GONE = frozenset(
    {"detach", "alias", "lift_fresh_copy", "lift_fresh", "_assert_async", "sym_size", "sym_constrain_range"}
)
RENAMED = frozenset({"_to_copy", "clone", "empty"})
# Arguments that only what makes its own result has.
MADE = frozenset({"dtype", "layout", "device", "pin_memory"})
# What leaves no tensor, and is in no sample for it.
READS = [
    (torch.ops.aten.equal.default, ((torch.ones(2), torch.ones(2)), {})),
    (torch.ops.aten.allclose.default, ((torch.ones(2), torch.ones(2)), {})),
    (torch.ops.aten.is_nonzero.default, ((torch.ones(()),), {})),
    (torch.ops.aten.item.default, ((torch.ones(()),), {})),
]


class Alone(torch.nn.Module):
    """A model that calls one operator, with its tensors as inputs."""

    def __init__(self, operator: Any, given: Any) -> None:
        super().__init__()
        leaves, self.form = pytree.tree_flatten(given)
        self.operator, self.leaves = operator, leaves
        self.places = [place for place, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]

    @property
    def tensors(self) -> tuple[Any, ...]:
        return tuple(self.leaves[place] for place in self.places)

    def forward(self, *tensors: Any) -> Any:
        leaves = list(self.leaves)
        for place, tensor in zip(self.places, tensors, strict=True):
            leaves[place] = tensor.clone() if self.operator._schema.is_mutable else tensor
        args, kwargs = pytree.tree_unflatten(leaves, self.form)
        return self.operator(*args, **kwargs)


class Calls(Interpreter):
    """Collects what a graph calls, with the arguments."""

    def __init__(self, graph: Any) -> None:
        super().__init__(graph)
        self.found: list[tuple[Any, Any]] = []

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        if isinstance(target, torch._ops.OpOverload) and target.namespace == "aten":
            copied = pytree.tree_map_only(torch.Tensor, lambda tensor: tensor.detach().clone(), (args, kwargs))
            self.found.append((target, copied))
        return super().call_function(target, args, kwargs)


def calls(operator: Any) -> Iterator[tuple[Any, Any]]:
    """What the samples of an entry of op_db call."""
    dtype = next((one for one in DTYPES if one in operator.supported_dtypes("cpu")), None)
    samples = operator.sample_inputs("cpu", dtype) if dtype else ()
    for sample in islice(samples, SAMPLES):
        leaves, form = pytree.tree_flatten((sample.input, sample.args, sample.kwargs))
        places = [place for place, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]

        def called(*tensors: Any, leaves: Any = leaves, form: Any = form, places: Any = places) -> Any:
            leaves = list(leaves)
            for place, tensor in zip(places, tensors, strict=True):
                leaves[place] = tensor
            first, args, kwargs = pytree.tree_unflatten(leaves, form)
            return operator.op(first, *args, **kwargs)

        tensors = [leaves[place] for place in places]
        with contextlib.suppress(Exception), torch.no_grad():  # a sample that cannot be traced says nothing
            collector = Calls(make_fx(called, pre_dispatch=True)(*tensors))
            collector.run(*tensors)
            yield from collector.found


def overloads(model: Alone, decompositions: Any) -> list[Any]:
    """What a call comes to once it writes nothing in place and is put together from nothing that is decomposed."""
    graph = model.forward
    for _ in range(2):  # a decomposition may write in place
        graph = make_fx(torch.func.functionalize(graph), decomposition_table=decompositions)(*model.tensors)
    return [node.target for node in graph.graph.nodes if isinstance(node.target, torch._ops.OpOverload)]


@lru_cache(maxsize=1)
def onnx_registry() -> tuple[Any, Any]:
    """The functions that the exporter writes for operators, and how it decomposes what has none."""
    from torch.onnx._internal.exporter import _decomp, _registration

    registry = _registration.ONNXRegistry.from_torchlib()
    implemented = set(_decomp.get_onnx_implemented_overloads(registry))
    return registry, _decomp.create_onnx_friendly_decomposition_table(implemented)


def of_onnx(model: Alone) -> list[str]:
    """Raises LookupError for what the ONNX exporter has no function for."""
    registry, decompositions = onnx_registry()
    if registry.is_registered(model.operator):
        return []
    for operator in overloads(model, decompositions):
        if not registry.is_registered(operator):
            raise LookupError(f"no function for {operator}")
    return []


@lru_cache(maxsize=1)
def core_decompositions() -> Any:
    from torch._decomp import core_aten_decompositions

    return core_aten_decompositions()


@lru_cache(maxsize=1)
def excepted() -> frozenset[Any]:
    """What ExecuTorch takes besides the operators that torch tags as core."""
    from executorch.exir.verification.verifier import EXIRATenDialectVerifier

    return frozenset(EXIRATenDialectVerifier()._get_core_aten_ops_exception_list())


@lru_cache(maxsize=1)
def portable() -> frozenset[str]:
    """The kernels of ExecuTorch's portable library."""
    import executorch

    folder = Path(next(iter(executorch.__path__)))
    files = [*folder.glob("kernels/portable/*.yaml")]
    entries = [one for file in files for one in yaml.safe_load(file.read_text(encoding="utf-8")) or ()]
    return frozenset((one.get("op") or one["func"].partition("(")[0]).removeprefix("aten::") for one in entries)


def of_executorch(model: Alone) -> list[str]:
    """The kernels that ExecuTorch runs. Raises LookupError for what is not core, or has no kernel."""
    found = []
    kept = torch.Tag.core in model.operator.tags  # which torch.export does not decompose
    for operator in [model.operator] if kept else overloads(model, core_decompositions()):
        name = operator._schema.name.removeprefix("aten::")
        if name in GONE:
            continue
        tags = {torch.Tag.core, torch.Tag.view_copy}
        if not tags & set(operator.tags) and operator not in excepted():
            raise LookupError(f"{operator} is not core")
        if name not in RENAMED and not _outs(operator) & portable():
            raise LookupError(f"no kernel for {operator}")
        found.append(name)
    return [name for name in found if name not in MOVES]


def _outs(operator: Any) -> set[str]:
    """What the kernels are called that write the result of an operator, or of its copying twin, where they are told."""
    schema = operator._schema
    given = [(one.name, str(one.type)) for one in schema.arguments]
    name = schema.name.removeprefix("aten::")
    found = {f"{name}.{schema.overload_name}".rstrip(".")}
    for each in (name, f"{name}_copy"):
        packet = getattr(torch.ops.aten, each, None)
        for overload in packet.overloads() if packet else ():
            out = getattr(packet, overload)._schema
            rest = [(one.name, str(one.type)) for one in out.arguments if not one.is_out]
            if len(rest) < len(out.arguments) and rest in (given, [one for one in given if one[0] not in MADE]):
                found.add(f"{each}.{overload}")
    return found


def asks_exporter(program: Any) -> list[str]:
    """Lets the ONNX exporter itself convert a program. Raises what it raises."""
    from torch.onnx._internal.exporter import _registration

    registry, _ = onnx_registry()
    _registration.ONNXRegistry.from_torchlib = lambda *args, **kwargs: registry  # which takes seconds to make
    torch.onnx.export(program, dynamo=True, verbose=False, optimize=False)
    return []


def asks_executorch(program: Any) -> list[str]:
    """Lets ExecuTorch itself compile a program; its kernels. Raises what it raises, LookupError where it has none."""
    from executorch.exir import to_edge

    found = []
    for node in to_edge(program).to_executorch().exported_program().graph.nodes:
        if node.op != "call_function" or not isinstance(node.target, torch._ops.OpOverload):
            continue
        space, _, name = node.target._schema.name.partition("::")
        full = f"{name}.{node.target._schema.overload_name}" if space == "aten" else f"{space}::{name}.out"
        if space != "executorch_prim" and full not in portable():
            raise LookupError(f"no kernel for {node.target}")
        found.append(name.removesuffix("_copy"))
    return [name for name in found if name not in MOVES]


def probe(operator: Any, given: Any, doubts: Counter[str]) -> Iterator[tuple[str, str, Any]]:
    """What each road makes of a call: `taken` with the kernels, or `refused` with the error.

    What a look at tables refuses is asked of the tool itself, of the first two forms of each operator.
    """
    model = Alone(operator, given)
    try:
        program = torch.export.export(model, model.tensors, strict=False)
    except Exception as error:
        yield from ((road, _verdict(error), _told(error)) for road in ROADS)
        return
    yield "export", "taken", []
    for road, looks_up, asks in (
        ("onnx-dynamo", of_onnx, asks_exporter),
        ("executorch", of_executorch, asks_executorch),
    ):
        try:
            yield road, "taken", looks_up(model)
            continue
        except Exception as error:
            first = error
        doubts[f"{road} {operator}"] += 1
        if doubts[f"{road} {operator}"] > 2:
            yield road, "untold", _told(first)
            continue
        try:
            yield road, "taken", asks(program)
        except Exception as error:
            yield road, _verdict(error), _told(error)


def _verdict(error: BaseException) -> str:
    return "refused" if type(error.__cause__ or error).__name__ in REFUSALS else "untold"


def _told(error: BaseException) -> str:
    last = error.__cause__ or error
    return f"{type(last).__name__}: {' '.join(str(last).split())[:200]}"


def _expired(signum: int, frame: Any) -> None:
    raise TimeoutError


def main() -> int:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGALRM, _expired)
    out = Path(sys.argv[1])
    found: dict[str, dict[str, Any]] = _read(sys.argv[2]) if len(sys.argv) > 2 else {}
    known = {name for name, results in found.items() if len(results) == len(ROADS) and not _is_apart(results)}
    tried: dict[str, int] = {}
    doubts = Counter[str]()
    for number, made in enumerate([READS, *map(calls, op_db)]):
        for operator, given in made:
            name = f"aten::{operator._schema.name.removeprefix('aten::')}.{operator._schema.overload_name}".rstrip(".")
            results = found.setdefault(name, {})
            is_settled = all(results.get(road, {}).get("is") == "taken" for road in ROADS) and not _is_apart(results)
            if is_settled or name in known or tried.get(name, 0) >= MOST:
                continue
            tried[name] = tried.get(name, 0) + 1
            signal.alarm(SECONDS)
            with contextlib.suppress(TimeoutError), contextlib.redirect_stdout(io.StringIO()):
                for road, verdict, more in probe(operator, given, doubts):
                    before = results.get(road, {"is": "untold", "more": []})
                    is_better = before["is"] != "taken" or len(more) < len(before["more"])
                    if before["is"] == "untold" or (verdict == "taken" and is_better):
                        results[road] = {"is": verdict, "more": more}
            signal.alarm(0)
        if number % 20 == 0:
            print(f"{number} of {len(op_db)}: {len(found)} operators", file=sys.stderr, flush=True)
            _write(out, found)
    _write(out, found)
    return 0


def _is_apart(results: dict[str, Any]) -> bool:
    """Whether all forms so far were taken apart: another may be run as one kernel."""
    kernels = results.get("executorch", {"is": "untold"})
    return bool(kernels["is"] == "taken" and len(kernels["more"]) > 2)


def _read(path: str) -> dict[str, Any]:
    given = json.loads(Path(path).read_text(encoding="utf-8"))
    operators: dict[str, Any] = given["operators"]
    return operators


def _write(out: Path, found: dict[str, Any]) -> None:
    packages = {name: version(name) for name in ("torch", "onnxscript", "executorch")}
    out.write_text(json.dumps({"packages": packages, "operators": found}, indent=1, sort_keys=True), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

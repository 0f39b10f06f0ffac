#!/usr/bin/env python3
"""Writes tsl/target/tables/calls.txt.xz: which operators a trace always holds where a function of torch is called.

usage: call_tables.py [--directory DIR]     needs torch

Functions, methods, layers and their arguments come from torch's own samples (op_db and module_db of torch.testing).
Each sample is traced, layers in evaluation mode; what all traces of a function hold, whatever its arguments, is what
its call is sure to come to. A line is a name as a user writes it (`torch.einsum`, `torch.Tensor.roll`, `torch.nn.CELU`
for a call of such a layer), a tab and the operators.
"""

from __future__ import annotations

import argparse
import contextlib
import lzma
import sys
import warnings
from collections.abc import Callable, Iterator
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

import torch
from target_tables import FILTERS, TABLES
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.common_modules import module_db
from torch.utils import _pytree as pytree

SAMPLES = 24
DTYPES = (torch.float32, torch.int64, torch.bool, torch.complex64)
# What a trace holds around any call: sizes and numbers as tensors.
AROUND = frozenset(
    """aten::size aten::Int aten::Float aten::Bool aten::ScalarImplicit aten::IntImplicit aten::FloatImplicit
    aten::detach aten::len aten::dim aten::stride""".split()
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--directory", type=Path, default=TABLES)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    found: dict[str, set[str]] = {}
    for entry in op_db:
        for name, call in _names(entry):
            traces = list(_traced(entry, call)) or [kinds & _own(entry) for kinds in _traced(entry, entry.op)]
            for kinds in traces:
                found[name] = found[name] & kinds if name in found else kinds
    for entry in module_db:
        for kinds in _traced_layer(entry):
            name = f"torch.nn.{entry.module_cls.__name__}"
            found[name] = found[name] & kinds if name in found else kinds
    lines = [f"{name}\t{' '.join(sorted(kinds))}" for name, kinds in sorted(found.items()) if kinds]
    head = f"# what traces of torch {torch.__version__.partition('+')[0]} hold of each function, by its own samples"
    text = "\n".join([head, *lines, ""])
    (given.directory / "calls.txt.xz").write_bytes(lzma.compress(text.encode(), filters=FILTERS))
    print(f"calls.txt.xz: {len(lines)} functions")
    return 0


def _names(entry: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    """What an entry is called by users: its function, the aliases of that, and the method."""
    for name in (entry.name, *(alias.name for alias in entry.aliases)):
        path, found = f"torch.{name}", _at(name)
        if found is not None and ".ops." not in path:
            yield path, found
    for name in (entry.name, *(alias.name for alias in entry.aliases)):
        method = getattr(torch.Tensor, name, None) if entry.method_variant else None
        if method is not None:
            yield f"torch.Tensor.{name}", method


def _own(entry: Any) -> set[str]:
    """What an entry is called as an operator: its samples may be of something around it (`x @ x.mT` of a cholesky)."""
    return {f"aten::{entry.name.rpartition('.')[2]}", f"aten::{entry.name.replace('.', '_')}"}


def _at(name: str) -> Callable[..., Any] | None:
    found: Any = torch
    for part in name.split("."):
        found = getattr(found, part, None)
    return found if callable(found) else None


def _traced(entry: Any, call: Callable[..., Any]) -> Iterator[set[str]]:
    """The operators in the trace of each sample that can be traced."""
    dtype = next((one for one in DTYPES if one in entry.supported_dtypes("cpu")), None)
    for sample in islice(entry.sample_inputs("cpu", dtype) if dtype else (), SAMPLES):
        leaves, form = pytree.tree_flatten((sample.input, sample.args, sample.kwargs))
        places = [place for place, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]

        def called(*tensors: Any, leaves: Any = leaves, form: Any = form, places: Any = places) -> Any:
            leaves = list(leaves)
            for place, tensor in zip(places, tensors, strict=True):
                leaves[place] = tensor
            first, args, kwargs = pytree.tree_unflatten(leaves, form)
            return call(first, *args, **kwargs)

        yield from _kinds(called, tuple(leaves[place] for place in places))


def _traced_layer(entry: Any) -> Iterator[set[str]]:
    """The operators in the trace of each sample of a layer."""
    samples = entry.module_inputs_func(entry, device="cpu", dtype=torch.float32, requires_grad=False, training=False)
    for sample in samples if hasattr(torch.nn, entry.module_cls.__name__) else ():
        made, given = sample.constructor_input, sample.forward_input
        if given is None:
            continue
        layer = entry.module_cls(*made.args, **made.kwargs).eval()

        def called(*tensors: Any, layer: Any = layer, given: Any = given) -> Any:
            return layer(*tensors, *given.args[len(tensors) :], **given.kwargs)

        tensors = tuple(takewhile(torch.is_tensor, given.args))
        yield from _kinds(called, tensors)


def _kinds(called: Callable[..., Any], tensors: tuple[torch.Tensor, ...]) -> Iterator[set[str]]:
    """The operators in a trace; nothing where it cannot be traced."""
    with contextlib.suppress(Exception):  # a sample that cannot be traced says nothing
        traced = torch.jit.trace(called, tensors, check_trace=False, strict=False)
        traced_kinds = {node.kind() for node in traced.inlined_graph.nodes()}
        yield {kind for kind in traced_kinds if kind.startswith("aten::")} - AROUND


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Writes tsl/source/script/tables: what the TorchScript compiler of the installed torch can call.

usage: script_tables.py [--check] [DIR]

One line a fact, the kind first: `s SCHEMA` for an overload of an operator in the order of registration, `b PATH
OPERATOR` for a Python function that stands for an operator, `f PATH SCHEMA` for one that compiles, `x PATH` for one
that does not, `k PATH TYPE` for a constant of a module, `t PATH` for anything else in it, `m Tensor.NAME` for what
Tensors have and no operator is called. Needs torch and nothing else; run it in a fresh process.
"""

from __future__ import annotations

import argparse
import inspect
import lzma
import math
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TABLES = Path(__file__).resolve().parent.parent / "tsl" / "source" / "script" / "tables"
DISPATCHING = ("torch.functional", "torch.nn.functional", "torch._jit_internal")
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}]


def spaces() -> dict[str, Any]:
    """The modules whose functions are asked about, by path."""
    import torch

    names = (
        "torch",
        "torch.nn.functional",
        "torch.linalg",
        "torch.fft",
        "torch.special",
        "torch.nn.init",
        "torch.cuda",
    )
    found = {name: inspect.importlib.import_module(name) for name in names}  # type: ignore[attr-defined]
    return {**found, "math": math, "torch._C._nn": torch._C._nn, "torch.autograd": torch.autograd}


def facts() -> Iterator[str]:
    """The lines of functions and constants."""
    import torch
    from torch.jit._builtins import _find_builtin

    for space, module in spaces().items():
        for name in sorted(dir(module)):
            thing, path = getattr(module, name), f"{space}.{name}"
            if isinstance(thing, (bool, int, float, str, torch.dtype, torch.memory_format, torch.layout)):
                kind = type(thing).__name__
                yield f"k {path} {kind if kind in {'bool', 'int', 'float', 'str'} else 'int'}"
            elif callable(thing) and not isinstance(thing, type) and not name.startswith("__"):
                operator = _find_builtin(thing)
                if operator and is_operator(operator, path):
                    yield f"b {path} {operator}"
                else:
                    yield f"x {path}" if operator else compiled(path, thing)
            elif not name.startswith("_"):
                yield f"t {path}"
    for name in sorted(dir(torch.Tensor)):
        if not name.startswith("_") and not torch._C._jit_get_schemas_for_operator(f"aten::{name}") and is_method(name):
            yield f"m Tensor.{name}"


def is_operator(operator: str, path: str) -> bool:
    """Whether an operator exists: not all that the compiler has names for do."""
    import torch

    if torch._C._jit_get_schemas_for_operator(operator) or not path.startswith("torch."):
        return True
    return "Unknown builtin op" not in said(f"def f(x):\n    return {path}(x)\n")


def is_method(name: str) -> bool:
    """Whether the compiler knows a method or attribute of a Tensor."""
    return "has no attribute or method" not in said(f"def f(x):\n    return x.{name}()\n")


def said(text: str) -> str:
    """What the compiler says to a program; nothing where it takes it."""
    import torch

    try:
        torch.jit.CompilationUnit(text)
    except Exception as error:
        return str(error)
    return ""


def compiled(path: str, function: Any) -> str:
    """The line of a function that stands for no operator: whether the compiler takes it.

    It is asked in a child process, for some crash it.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, _schema(function).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        schema = pipe.read()
    os.waitpid(child, 0)
    if schema:
        return f"f {path} {schema}"
    # What dispatches on a flag, or has overloads, is compiled where it is called.
    return f"{'t' if getattr(function, '__module__', '') in DISPATCHING else 'x'} {path}"


def _schema(function: Any) -> str:
    import torch

    try:
        return str(torch.jit.script(function).schema)
    except BaseException:  # whatever the compiler says, it refuses
        return ""


def table() -> tuple[str, str]:
    """The version of the installed torch, major and minor, and the text of its table."""
    import torch

    names = sorted({schema.name for schema in torch._C._jit_get_all_schemas()})
    kept = [name for name in names if name.startswith("aten::")]
    lines = [f"s {schema}" for name in kept for schema in torch._C._jit_get_schemas_for_operator(name)]
    lines += sorted(facts())
    version = torch.__version__.partition("+")[0]
    return ".".join(version.split(".")[:2]), "\n".join([f"# torch {version}", *lines, ""])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("directory", nargs="?", type=Path, default=TABLES, metavar="DIR")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    version, text = table()
    path = given.directory / f"{version}.txt.xz"
    if given.check:
        same = path.is_file() and lzma.decompress(path.read_bytes()).decode() == text
        print(f"{path.name}: {'as torch has it' if same else 'differs; run scripts/script_tables.py'}")
        return 0 if same else 1
    given.directory.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lzma.compress(text.encode(), filters=FILTERS))
    print(f"{path}: {path.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())

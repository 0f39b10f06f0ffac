#!/usr/bin/env python3
"""Writes tsl/migrate/names.txt: what the installed torch says of each public name of torch.jit and torch.onnx.

usage: migration_names.py [--check]

A line a name: the name, `works` or `deprecated`, and `3.14` where the code asks for Python 3.14 to refuse or to warn. A
name is deprecated where its code warns of it, its documentation says so, or a decorator marks it. --check writes
nothing: it exits 1 where the file differs. Needs torch and nothing else.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAMES = Path(__file__).resolve().parent.parent / "tsl" / "migrate" / "names.txt"
MODULES = (
    *("torch.jit", "torch.onnx", "torch.onnx.utils", "torch.onnx.symbolic_helper", "torch.onnx.operators"),
    *("torch.onnx.verification", "torch.utils.mobile_optimizer"),
)
WARNS = re.compile(r"is deprecated|\.\. deprecated::|DeprecationWarning|@deprecated|is now deprecated in favor")
# What a module imports for itself.
FOREIGN = frozenset(
    "Any AnyStr Enum Iterator TYPE_CHECKING contextmanager annotations torch warnings set_module".split()
)


def rows() -> Iterator[str]:
    """The lines, sorted."""
    for module in map(importlib.import_module, MODULES):
        for name in sorted(vars(module)):
            value = getattr(module, name)
            if name.startswith("_") or name in FOREIGN or not _is_own(value):
                continue
            text = _source(value)
            status = "deprecated" if WARNS.search(text) or hasattr(value, "__deprecated__") else "works"
            yield " ".join([f"{module.__name__}.{name}", status, *(["3.14"] if "(3, 14)" in text else [])])


def _is_own(value: Any) -> bool:
    if inspect.ismodule(value):
        return value.__name__.startswith(("torch.jit.", "torch.onnx."))
    home = getattr(value, "__module__", None) or ""
    if home == "typing":  # Final, under the name that torch.jit gives it
        return str(value) == "typing.Final"
    return not callable(value) or home.startswith(
        ("torch.jit", "torch.onnx", "torch.utils.mobile", "torch._jit", "torch._C")
    )


def _source(value: Any) -> str:
    try:
        return inspect.getsource(value) if inspect.isroutine(value) else inspect.getdoc(value) or ""
    except (OSError, TypeError):  # what C++ or a class of typing defines has no text
        return ""


def table() -> str:
    """The file."""
    import torch

    found = list(rows())
    version = torch.__version__.partition("+")[0]
    return "\n".join([f"# torch {version}: {len(found)} public names of torch.jit and torch.onnx", *found, ""])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    text = table()
    if given.check:
        same = NAMES.is_file() and NAMES.read_text() == text
        print(f"{NAMES.name}: {'as torch has it' if same else 'differs; run scripts/migration_names.py'}")
        return 0 if same else 1
    NAMES.write_text(text)
    print(f"{NAMES}: {text.partition(chr(10))[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

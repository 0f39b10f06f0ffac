#!/usr/bin/env python3
"""Writes tsl/ir/schemas: every operator schema of the installed torch, in the order in which torch tries them.

usage: torch_schemas.py [--check] [DIR]

One line a schema, names sorted, and the overloads of a name in the order of their registration: the JIT calls the first
that fits, so the order is a fact. The first line names the torch it is of. --check writes nothing: it exits 1 where the
file of this torch's version differs. Needs torch and nothing else; run it in a fresh process, as libraries that
register operators of their own would be in the list.
"""

from __future__ import annotations

import argparse
import lzma
import sys
from pathlib import Path

SCHEMAS = Path(__file__).resolve().parent.parent / "tsl" / "ir" / "schemas"
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}]


def table() -> tuple[str, str]:
    """The version of the installed torch, major and minor, and the text of its table."""
    import torch

    names = sorted({schema.name for schema in torch._C._jit_get_all_schemas()})
    lines = [str(schema) for name in names for schema in torch._C._jit_get_schemas_for_operator(name)]
    version = torch.__version__.partition("+")[0]
    title = f"# torch {version}: {len(lines)} schemas of {len(names)} operators"
    return ".".join(version.split(".")[:2]), "\n".join([title, *lines, ""])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("directory", nargs="?", type=Path, default=SCHEMAS, metavar="DIR")
    given = parser.parse_args()
    version, text = table()
    path = given.directory / f"{version}.txt.xz"
    if given.check:
        same = path.is_file() and lzma.decompress(path.read_bytes()).decode() == text
        print(f"{path.name}: {'as torch has it' if same else 'differs; run scripts/torch_schemas.py'}")
        return 0 if same else 1
    given.directory.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lzma.compress(text.encode(), filters=FILTERS))
    print(f"{path}: {path.stat().st_size} bytes, {text.partition(chr(10))[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

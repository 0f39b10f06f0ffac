#!/usr/bin/env python3
"""Prints what checking a whole tree costs over parsing it.

usage: tree.py [--runs N] [--capture auto|trace|script|both] [DIR]

The ratio is the processor time of `python -m tsl check DIR --no-cache` over that of `ast.parse` on the same files in a
process of its own, same interpreter, run in turn, medians. DIR is timm as `make bench` installs it unless named; with
`--capture both` its modules are held to tracing and to scripting.
Standard library only.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from clock import CHECKOUT, alternate

PARSE = """
import ast, pathlib, sys, warnings
warnings.simplefilter("ignore")
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.py")):
    ast.parse(path.read_bytes())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", nargs="?", type=Path, default=CHECKOUT / "build" / "timm" / "timm", metavar="DIR")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--capture", default="auto", choices=("auto", "trace", "script", "both"))
    args = parser.parse_args()
    files = sorted(args.directory.rglob("*.py"))
    if not files:
        raise SystemExit(f"{args.directory} holds no Python file; `make bench` installs timm, or name a directory")
    check = [
        sys.executable,
        "-m",
        "tsl",
        "check",
        "--isolated",
        "--no-cache",
        "--format",
        "concise",
        "--capture",
        args.capture,
    ]
    parse = [sys.executable, "-c", PARSE]
    place = str(args.directory)
    checking, parsing = alternate([*check, place], [*parse, place], args.runs, allowed=(0, 1))
    lines = sum(path.read_bytes().count(b"\n") for path in files)
    print(
        f"tree: {args.directory.name}, {len(files)} files, {lines} lines: check {checking:.2f} s"
        f" ({checking / lines * 1e6:.1f} us/line), ast.parse {parsing:.2f} s ({parsing / lines * 1e6:.1f} us/line),"
        f" ratio {checking / parsing:.2f} (Python {sys.version.split()[0]}, {args.runs} runs)"
    )


if __name__ == "__main__":
    main()

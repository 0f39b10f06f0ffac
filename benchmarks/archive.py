#!/usr/bin/env python3
"""Prints what reading an archive costs, without torch and with it.

usage: archive.py [--runs N] [FILE.pt ...]

Processor seconds of a process of its own for each thing, from a cold start, medians: `inspect` and `check` as users
run them; `lower` (every function as a graph) and `inline` (that, and each method of the module as one graph). `load` is
a process that imports torch and calls torch.jit.load on the same file, `parse` one that reads the archive's code with
zipfile and ast. The ratios are those of `check`: under 1 it is cheaper. Without names, archives are those of the zoo
with the largest graphs, where `make zoo` has built it. `load` is left out where torch is not installed. Standard
library only.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
from pathlib import Path

from clock import CHECKOUT, spend

LARGEST = (
    "timm_efficientnet_b7.script",
    "timm_efficientnet_b7.trace",
    "timm_maxvit_tiny_rw_224.script",
    "tv_densenet121.script",
    "tv_keypointrcnn_resnet50_fpn.script",
    "tv_swin_t.script",
    "hf_bert.trace",
)
LOWER = """
import sys
from tsl.archive.archive import open_archive
from tsl.ir.lower import LowerError, lower
archive = open_archive(sys.argv[1])
program = lower(archive)
for name in program.functions:
    try:
        program.functions[name]
    except LowerError:
        pass
"""
INLINE = (
    LOWER
    + """
from tsl.ir.inline import Inliner
inliner = Inliner(program)
for method in program.methods(archive.module):
    if not method.path:
        inliner.graph(method.qualified)
"""
)
LOAD = "import sys, warnings; warnings.simplefilter('ignore'); import torch; torch.jit.load(sys.argv[1])"
PARSE = """
import ast, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    for name in archive.namelist():
        if "/code/" in name and name.endswith(".py"):
            ast.parse(archive.read(name))
"""
COLUMNS = ("inspect", "check", "lower", "inline", "parse", "load")


def commands(path: Path, columns: tuple[str, ...]) -> dict[str, list[str]]:
    """The command of each column, for a file."""
    python, file = sys.executable, str(path)
    known = {
        "inspect": [python, "-m", "tsl", "inspect", file],
        "check": [python, "-m", "tsl", "check", "--isolated", "--no-cache", "--format", "concise", file],
        "lower": [python, "-c", LOWER, file],
        "inline": [python, "-c", INLINE, file],
        "parse": [python, "-c", PARSE, file],
        "load": [python, "-c", LOAD, file],
    }
    return {column: known[column] for column in columns}


def measure(path: Path, columns: tuple[str, ...], runs: int) -> dict[str, float]:
    """Median processor seconds of each column, run in turn after one round that only fills the caches."""
    spent: dict[str, list[float]] = {column: [] for column in columns}
    for number in range(runs + 1):
        for column, command in commands(path, columns).items():
            seconds = spend(command, frozenset({0, 1}))
            if number:
                spent[column].append(seconds)
    return {column: statistics.median(seconds) for column, seconds in spent.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE.pt")
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    zoo = CHECKOUT / "build" / "zoo"
    files = args.files or [zoo / f"{name}.pt" for name in LARGEST if (zoo / f"{name}.pt").exists()]
    if not files:
        raise SystemExit(f"{zoo} holds no archive; `make zoo` builds it, or name archives")
    has_torch = importlib.util.find_spec("torch") is not None
    columns = COLUMNS if has_torch else COLUMNS[:-1]
    print(
        f"{'archive':<40}"
        + "".join(f"{column:>9}" for column in columns)
        + f"{'/parse':>9}"
        + f"{'/load':>9}" * has_torch
    )
    for path in files:
        figures = measure(path, columns, args.runs)
        ratios = [figures["check"] / figures[other] for other in ("parse", "load") if other in figures]
        print(f"{path.stem:<40}" + "".join(f"{value:>9.2f}" for value in (*figures.values(), *ratios)), flush=True)
    print(f"processor seconds, Python {sys.version.split()[0]}, {args.runs} runs")


if __name__ == "__main__":
    main()

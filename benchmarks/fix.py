#!/usr/bin/env python3
"""Prints what mending a whole tree costs over checking it.

usage: fix.py [--runs N] [DIR]

The ratio is the processor time of `python -m tsl check --diff DIR` over that of `python -m tsl check DIR`, both with
--isolated --no-cache, same interpreter, run in turn, medians. --diff does all that --fix does but writing, so that the
tree is the same every time. Without DIR the tree is what `make bench` installs of timm.
Standard library only.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from clock import CHECKOUT, alternate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", nargs="?", type=Path, default=CHECKOUT / "build" / "timm" / "timm", metavar="DIR")
    parser.add_argument("--runs", type=int, default=1)
    args = parser.parse_args()
    if not args.tree.is_dir():
        parser.error(f"there is no {args.tree}; `make bench` installs timm, or name another directory")
    check = [sys.executable, "-m", "tsl", "check", "--isolated", "--no-cache", "--format", "concise", str(args.tree)]
    diff = [sys.executable, "-m", "tsl", "check", "--isolated", "--no-cache", "--diff", str(args.tree)]
    mending, checking = alternate(diff, check, args.runs, allowed=(0, 1))
    files = sum(1 for _ in args.tree.rglob("*.py"))
    print(
        f"fix: {args.tree.name}, {files} files: check --diff {mending:.1f} s, check {checking:.1f} s,"
        f" ratio {mending / checking:.2f} (Python {sys.version.split()[0]}, {args.runs} runs)"
    )


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes the output of tsl into the examples of README.md, so that what a reader sees is what tsl says.

usage: refresh_examples.py [--check] [FILE.md ...]

A comment `<!-- run: tsl ARGUMENTS -->` names a command; the block after it is the command and its output. The command
runs in the checkout. --check writes nothing: it exits 1 and names each file that is stale.
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = re.compile(r"^(<!-- run: (tsl .+?) -->\n```console\n)(.*?)(^```\n)", re.M | re.S)


def output(command: str) -> str:
    """A command line and what it prints, as a reader's terminal would show both."""
    tsl = [sys.executable, "-m", "tsl", *shlex.split(command)[1:]]
    done = subprocess.run(tsl, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    if done.returncode not in (0, 1) or done.stderr:
        raise SystemExit(f"{command}: exit {done.returncode}\n{done.stderr}")
    return f"$ {command}\n{done.stdout}"


def refreshed(text: str) -> str:
    """A page with its examples as tsl prints them today."""
    return EXAMPLE.sub(lambda found: found[1] + output(found[2]) + found[4], text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=[ROOT / "README.md"], metavar="FILE.md")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    stale = 0
    for path in args.files:
        text = path.read_text(encoding="utf-8")
        if not EXAMPLE.search(text):
            raise SystemExit(f"{path}: has no example; write <!-- run: tsl ... --> above a console block")
        new = refreshed(text)
        if new == text:
            continue
        stale = 1
        became = "stale; run make bless" if args.check else "written anew"
        print(f"{path.name}: its examples are {became}", file=sys.stderr)
        if not args.check:
            path.write_text(new, encoding="utf-8")
    return stale if args.check else 0


if __name__ == "__main__":
    sys.exit(main())

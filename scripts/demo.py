#!/usr/bin/env python3
"""Checks a tree of model code the way a user would, and shows what that says and costs.

usage: demo.py [--picture FILE.svg] DIR

Prints the findings by rule, the time with its ratio to parsing the same files, and one finding in full; --picture keeps
that finding as an SVG. Needs tsl's base installation. Nothing under DIR is imported.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

TSL = [sys.executable, "-m", "tsl"]
PARSE = """
import ast, pathlib, sys, warnings
warnings.simplefilter("ignore")
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.py")):
    ast.parse(path.read_bytes())
"""

Finding = dict[str, Any]


def timed(command: list[str]) -> tuple[str, float, float]:
    """What a command printed, and the seconds it took: by the clock, and of processor time."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    after, end = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    return done.stdout, end - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def print_summary(report: dict[str, Any], by_rule: collections.Counter[tuple[str, str, str]]) -> None:
    summary = report["summary"]
    for (code, rule, severity), count in sorted(by_rule.items()):
        print(f"  {code}  {rule:<24} {severity:<8} {count:>5}")
    print(
        f"\n{summary['files']} files: {summary['errors']} errors, {summary['warnings']} warnings,"
        f" {summary['infos']} infos, {summary['suppressed']} suppressed"
    )


def chosen(findings: list[Finding]) -> Finding:
    """The finding to show: alone of its rule in its file, severe, and with the most to tell."""
    alone = collections.Counter((found["path"], found["code"]) for found in findings)
    ranks = {"error": 0, "warning": 1, "info": 2}
    single = [found for found in findings if alone[found["path"], found["code"]] == 1 and found["code"] < "TSL9"]
    if not single:
        raise SystemExit("no rule has exactly one finding in a file; nothing to show")
    return min(single, key=lambda f: (ranks[f["severity"]], -len(f["labels"]), f["code"], f["path"]))


def draw(ansi: str, title: str, picture: Path) -> None:
    """Keeps coloured terminal output as an SVG."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=120, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    console.print(Text.from_ansi(ansi))
    picture.parent.mkdir(parents=True, exist_ok=True)
    console.save_svg(str(picture), title=title)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("--picture", type=Path, metavar="FILE.svg")
    args = parser.parse_args()
    check = ["check", "--isolated", "--no-cache", "--format", "json", args.directory]
    print(f"$ tsl {' '.join(check)}")
    text, clock, spent = timed([*TSL, *check])
    report = json.loads(text)
    findings: list[Finding] = report["diagnostics"]
    print_summary(report, collections.Counter((f["code"], f["rule"], f["severity"]) for f in findings))
    _, _, parsing = timed([sys.executable, "-c", PARSE, args.directory])
    print(f"{clock:.1f} s by the clock, {spent:.1f} s of processor time: {spent / parsing:.1f} times ast.parse\n")

    found = chosen(findings)
    one = ["check", "--isolated", "--no-cache", "--select", found["code"], found["path"]]
    print(f"$ tsl {' '.join(one)}")
    print(timed([*TSL, *one])[0])
    if args.picture:
        coloured = timed([*TSL, *one, "--color", "always"])[0]
        draw(coloured, f"tsl check {Path(found['path']).name}", args.picture)
        print(f"a picture of it: {args.picture}")


if __name__ == "__main__":
    main()

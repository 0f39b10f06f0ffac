#!/usr/bin/env python3
"""Writes the known gaps into docs/soundness.md: every case that is marked as one, and why.

usage: list_gaps.py [--check]

A gap is a line `xfail: reason` above a fence of fixtures/rules, or a `pytest.mark.xfail` of tests with a literal
reason.
--check writes nothing: it exits 1 where the list is not what it should be. Standard library only.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "soundness.md"
LIST = re.compile(r"(<!-- gaps: written by scripts/list_gaps\.py -->\n).*?(<!-- end of gaps -->\n)", re.S)
NONE = "None is known.\n"


def gaps() -> Iterator[str]:
    """A line of the list for each gap."""
    for path in sorted((ROOT / "fixtures" / "rules").glob("*.md")):
        for reason in re.findall(r"^xfail: (.+)$", path.read_text(encoding="utf-8"), re.M):
            yield f"- [{path.stem}](../fixtures/rules/{path.name}): {reason}\n"
    for path in sorted((ROOT / "tests").glob("test_*.py")):
        for reason in reasons(path.read_text(encoding="utf-8")):
            yield f"- [{path.stem}](../tests/{path.name}): {reason}\n"


def reasons(text: str) -> Iterator[str]:
    """The literal reasons of the xfail marks in a test module."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mark.xfail"):
            given = {keyword.arg: keyword.value for keyword in node.keywords}.get("reason")
            if isinstance(given, ast.Constant):
                yield str(given.value)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    text = PAGE.read_text(encoding="utf-8")
    if not LIST.search(text):
        raise SystemExit(f"{PAGE.name}: the comments that enclose the list of gaps are gone")
    new = LIST.sub(lambda found: found[1] + ("".join(gaps()) or NONE) + found[2], text)
    if new == text:
        return 0
    if args.check:
        print(f"{PAGE.name}: the list of known gaps is stale; run make bless", file=sys.stderr)
        return 1
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

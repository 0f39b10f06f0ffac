#!/usr/bin/env python3
"""Prints what checking one file costs over starting Python at all.

usage: startup.py [--runs N] [--lines N] [--rules] [FILE.py ...]

The ratio is the processor time of `python -m tsl check FILE --no-cache` over that of `python -c pass`, same
interpreter, run in turn, medians. Without FILE the file is made from the models in fixtures/models: the same bytes
every time. With --rules it is that of `python -m tsl rules --isolated`, and no file is checked.
Standard library only.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import re
import sys
from pathlib import Path

from clock import CHECKOUT, alternate

MODELS = CHECKOUT / "fixtures" / "models"
MADE = CHECKOUT / "build" / "bench" / "model.py"


def chunks(text: str, number: int) -> list[str]:
    """The top-level statements of a model, with the names it defines numbered so that copies do not redefine them."""
    tree, lines = ast.parse(text), text.splitlines()
    defined = [node.name for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
    texts = []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            continue
        first = min([node.lineno, *(mark.lineno for mark in getattr(node, "decorator_list", []))])
        texts.append("\n".join(lines[first - 1 : node.end_lineno]))
    if not defined:
        return texts
    names = re.compile(rf"\b({'|'.join(map(re.escape, defined))})\b")
    return [names.sub(rf"\g<1>{number}", part) for part in texts]


def realistic(limit: int) -> str:
    """A model file of at most `limit` lines, cut between statements: the fixtures in turn, again and again."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(MODELS.glob("*.py"))]
    if not texts:
        raise SystemExit(f"{MODELS} holds no model; name a file to measure")
    parts = itertools.chain.from_iterable(chunks(text, number) for number, text in enumerate(itertools.cycle(texts)))
    body, used = "from __future__ import annotations\n", 1
    while (used := used + (part := next(parts)).count("\n") + 3) <= limit:
        body += f"\n\n{part}\n"
    return body


def tell(what: str, command: list[str], runs: int) -> None:
    """Prints what a command costs over starting Python."""
    spent, starting = alternate(command, [sys.executable, "-c", "pass"], runs, allowed=(0, 1))
    print(
        f"startup: {what} {spent * 1e3:.1f} ms, python -c pass {starting * 1e3:.1f} ms,"
        f" ratio {spent / starting:.2f} (Python {sys.version.split()[0]}, {runs} runs)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE.py")
    parser.add_argument("--runs", type=int, default=31)
    parser.add_argument("--lines", type=int, default=500, help="length of the made file (default 500)")
    parser.add_argument("--rules", action="store_true", help="measure the list of rules instead of a check")
    args = parser.parse_args()
    if args.rules:
        tell("rules", [sys.executable, "-m", "tsl", "rules", "--isolated"], args.runs)
        return
    if not args.files:
        MADE.parent.mkdir(parents=True, exist_ok=True)
        MADE.write_text(realistic(args.lines), encoding="utf-8")
    for path in args.files or [MADE]:
        check = [sys.executable, "-m", "tsl", "check", "--isolated", "--no-cache", "--format", "concise", str(path)]
        lines = path.read_bytes().count(b"\n")
        tell(f"{path.name}, {lines} lines: check", check, args.runs)


if __name__ == "__main__":
    main()

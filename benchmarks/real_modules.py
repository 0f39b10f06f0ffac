#!/usr/bin/env python3
"""Holds what tsl says of real modules against torch.jit.script itself.

usage: real_modules.py [--site DIR] [--only WORD] [--truth FILE] [--misses] [LIBRARY...]

Each module of `real_module_list` is made and scripted by torch in a process of its own, then its class is checked with
`tsl check --capture script --root CLASS FILE`. Printed, for each library and in all: of the modules that torch refuses
the share with an error on the compiler's innermost line outside of torch or on a call site of it, or with one that
leads there by a label, for only the class's own file is checked; of those that script the share with any error. Where
the compiler names no line of a library, any error counts. `causes` counts modules that fail at one line once. FILE
keeps torch's answers, so that a second run asks tsl alone.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
LIMIT = 120
FRAME = re.compile(r'^\s*File "(.+?)", line (\d+)', re.M)
WORDS = ("fail", "pass", "told", "placed", "false")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("libraries", nargs="*", metavar="LIBRARY", help="all of them unless named")
    parser.add_argument("--site", type=Path, default=ROOT / "build" / "zoo-site", help="where the libraries are")
    parser.add_argument("--truth", type=Path, default=ROOT / "build" / "real_modules.jsonl", metavar="FILE")
    parser.add_argument("--only", default="", metavar="WORD", help="modules with WORD in their name")
    parser.add_argument("--misses", action="store_true", help="each module that torch and tsl disagree about")
    parser.add_argument("--ask", metavar="LIBRARY", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.ask:
        ask(args.ask, args.site)
        return 0
    truth = [one for one in known(args) if args.only in one["name"]]
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    causes: dict[str, bool] = {}
    for one in truth:
        kinds, told = judged(one, args.site)
        for library in (one["library"], "in all"):
            counts[library].update(kinds)
        if one["outcome"] == "fail":
            cause = str(one["frames"][:1] or one["name"])
            causes[cause] = causes.get(cause, True) and "placed" in kinds
        if args.misses and ("false" in kinds or ("fail" in kinds and "placed" not in kinds)):
            said = " | ".join(text[:160] for text in told[:4])
            print(f"{'/'.join(kinds):12} {one['name']}: {one['message'][:150]} {one['frames'][:2]} -> {said}")
    for library, count in counts.items():
        print(f"{library:30}" + "  ".join(f"{word} {count[word]}" for word in WORDS))
    count = counts["in all"]
    print(
        f"placed {count['placed'] / max(1, count['fail']):.3f} of {count['fail']} that fail"
        f" ({sum(causes.values()) / max(1, len(causes)):.3f} of {len(causes)} causes),"
        f" any error in {count['false'] / max(1, count['pass']):.3f} of {count['pass']} that script"
    )
    return 0


def known(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Torch's answers, asked for where the file does not hold them."""
    from benchmarks.real_module_list import LIBRARIES

    libraries = args.libraries or LIBRARIES
    args.truth.parent.mkdir(parents=True, exist_ok=True)
    held = [json.loads(line) for line in args.truth.read_text().splitlines()] if args.truth.exists() else []
    for library in libraries:
        if any(one["library"] == library for one in held):
            continue
        command = [sys.executable, __file__, "--ask", library, "--site", str(args.site.resolve())]
        with tempfile.TemporaryDirectory() as place:
            run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=place)
        found = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
        held += [one | {"library": library} for one in found]
        args.truth.write_text("".join(json.dumps(one) + "\n" for one in held))
    return [one for one in held if one["library"] in libraries]


def ask(library: str, site: Path) -> None:
    """Prints torch's answer for each module of a library, a line of JSON each."""
    import warnings

    import torch

    from benchmarks import real_module_list
    from benchmarks.zoo_libraries import reach

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    reach(site)
    for name, maker in real_module_list.of_library(library):
        for line in _in_child(lambda name=name, maker=maker: scripted(name, maker, site)):
            print(line, flush=True)


def _in_child(work: Any) -> list[str]:
    """What `work` returns, run in a fork of this process that ends at its limit."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(LIMIT)
        os.write(writing, json.dumps(work()).encode() + b"\n")
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as file:
        lines = file.read().splitlines()
    os.waitpid(child, 0)
    return [line for line in lines if line != "null"]


def scripted(name: str, maker: Any, site: Path) -> dict[str, Any] | None:
    """What torch.jit.script says of a module; None where the module cannot be made."""
    import inspect

    import torch

    from benchmarks.real_module_list import made

    try:
        module = made(maker).eval()
    except Exception as error:
        print(f"# {name}: {type(error).__name__}: {str(error)[:80]}", flush=True)
        return None
    cls = type(module)
    file = inspect.getsourcefile(cls) or ""
    answer = {"name": name, "class": cls.__qualname__, "file": os.path.relpath(file, site)}
    try:
        torch.jit.script(module)
    except Exception as error:
        text = str(error)
        frames = [(os.path.relpath(path, site), int(line)) for path, line in FRAME.findall(text)]
        inside = [[path, line] for path, line in frames if not path.startswith("..")]
        told = " ".join(text.partition('  File "')[0].split())[:300]
        return answer | {"outcome": "fail", "frames": inside, "message": f"{type(error).__name__}: {told}"}
    return answer | {"outcome": "pass", "frames": [], "message": ""}


def judged(one: dict[str, Any], site: Path) -> tuple[list[str], list[str]]:
    """What became of a module, in WORDS, and what tsl says of it."""
    errors = list(findings(one, site))
    told = [one for one, _ in errors]
    if one["outcome"] == "pass":
        return ["pass", *(["false"] if errors else [])], told
    wanted = {(path, line) for path, line in one["frames"]}
    placed = bool(errors) and (not wanted or any(wanted & lines for *_, lines in errors))
    return ["fail", *(["told"] if errors else []), *(["placed"] if placed else [])], told


def findings(one: dict[str, Any], site: Path) -> Iterator[tuple[str, set[tuple[str, int]]]]:
    """The errors of tsl in the class's file: each in words, and the lines it stands on and leads to."""
    command = [sys.executable, "-m", "tsl", "check", "--isolated", "--no-cache", "--capture", "script", "--exit-zero"]
    command += ["--select", "TSL2", "--severity", "error", "--format", "json", "--root", one["class"], one["file"]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, capture_output=True, text=True, cwd=site, env=environment)
    if run.returncode:
        print(f"# {one['name']}: exit {run.returncode}: {run.stderr.strip()[-200:]}")
        return
    for found in json.loads(run.stdout)["diagnostics"]:
        if found["severity"] == "error":
            lines = {(found["path"], line) for line in range(found["line"], found["end_line"] + 1)}
            lines |= {(label["path"], label["line"]) for label in found["labels"]}
            yield f"{found['path']}:{found['line']} {found['code']} {found['message']}", lines


if __name__ == "__main__":
    raise SystemExit(main())

"""What tsl foretells of CUDA against what happens there: fusion, waits, devices.

usage: cuda_check.sh [--only WORD] [--directory DIR] [--device cuda|cpu]

Each model of fixtures/fusion/fused.py is looked at by `tsl fusion --device cuda` and foretold by `tsl fusion
--predict`; those of fixtures/fusion/on_cuda.py are also held to what `tsl check --entry NAME --deploy cuda` says: its
TSL4xx to the times a call waits, its TSL5xx errors to whether the model runs once it is moved. The table goes into
docs/measurements/cuda-<gpu>-<torch>.md, misses included. On `--device cpu` it rehearses itself, without waits and
devices, and writes where --directory says.

Exit code: 0 where all was measured, 1 where a command failed for some models (a line says for how many), 2 where
nothing could be: there is no torch or GPU, no model has the word, or every model failed. Then no table is written.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FUSED, ON_CUDA = ROOT / "fixtures" / "fusion" / "fused.py", ROOT / "fixtures" / "fusion" / "on_cuda.py"
FAMILIES = ("gated", "gelu", "cell", "voice", "residual", "attention")
SPOILED = ("", "_in_place", "_item", "_mixed", "_training", "_batch")
MOVED = ("clean", "reads", "masks", "finds", "literal", "unregistered")
WAYS = ("to", "map_location", "frozen")


class Row(NamedTuple):
    """One model: the run, what was foretold, and what `tsl check` prints for each way to the GPU."""

    name: str
    run: dict[str, Any]
    foretold: dict[str, Any]
    checked: dict[str, dict[str, Any]]

    @property
    def failure(self) -> str:
        """What the first of its commands that failed said; empty where none did."""
        return next(
            (each["failed"] for each in (self.run, self.foretold, *self.checked.values()) if "failed" in each), ""
        )


def main() -> int:
    """Writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="models whose name has this word")
    parser.add_argument("--directory", type=Path, default=ROOT / "docs" / "measurements")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    asked = parser.parse_args()
    try:
        import torch
    except ModuleNotFoundError:
        print("cuda_check: torch is not installed for this Python; name one that has it in PYTHON", file=sys.stderr)
        return 2
    if asked.device == "cuda" and not torch.cuda.is_available():
        print("cuda_check: there is no CUDA device here, or this torch has none; nothing was checked", file=sys.stderr)
        return 2
    names = [(FUSED, family + spoiled) for family in FAMILIES for spoiled in SPOILED]
    names += [(ON_CUDA, name) for name in MOVED]
    rows = [look(path, name, asked.device) for path, name in names if asked.only in name]
    failed = [row for row in rows if row.failure]
    if len(failed) == len(rows):
        why = f"all {len(rows)} failed, {rows[0].name} with: {rows[0].failure}" if rows else f"none has {asked.only!r}"
        print(f"cuda_check: no model was measured: {why}", file=sys.stderr)
        return 2
    gpu = torch.cuda.get_device_name() if asked.device == "cuda" else "cpu"
    words = re.sub(r"[^a-z0-9.]+", "-", f"cuda-{gpu}-{torch.__version__}".lower())
    asked.directory.mkdir(parents=True, exist_ok=True)
    target = asked.directory / f"{words}.md"
    target.write_text("\n".join([*head(gpu, torch), *table(rows, asked.device), *moved(rows)]) + "\n", encoding="utf-8")
    print(target)
    if failed:
        several = f"{len(failed)} of {len(rows)} models"
        print(
            f"cuda_check: a command failed for {several}, {failed[0].name} first: {failed[0].failure}", file=sys.stderr
        )
    return 1 if failed else 0


def look(path: Path, name: str, device: str) -> Row:
    """What happens to a model, and what is foretold."""
    common = [f"{path}:{name}", "--capture", "script", "--isolated", "--format", "json"]
    run = tsl("fusion", *common, "--device", device)
    foretold = tsl("fusion", *common, "--device", device, "--predict")
    ways = WAYS if path == ON_CUDA and device == "cuda" else ()
    return Row(name, run, foretold, {way: checked(path, name, way) for way in ways})


def checked(path: Path, name: str, way: str) -> dict[str, Any]:
    """What `tsl check` prints for a model that gets to the GPU in one way."""
    options = ["--entry", name, "--capture", "script", "--deploy", f"cuda:{way}", "--select", "TSL4,TSL5"]
    return tsl("check", str(path), *options, "--isolated", "--no-cache", "--format", "json")


def tsl(*arguments: str) -> dict[str, Any]:
    """The JSON that a command prints; what it said last where it could not do all of its work."""
    paths = filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run([sys.executable, "-m", "tsl", *arguments], capture_output=True, text=True, env=environment)
    try:
        found: dict[str, Any] = json.loads(done.stdout) if done.returncode in (0, 1) else {}
    except ValueError:
        found = {}
    return found or {"failed": (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]}


def head(gpu: str, torch: Any) -> list[str]:
    """What it was measured on."""
    driver = "none"
    if gpu != "cpu":
        query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        driver = subprocess.run(query, capture_output=True, text=True).stdout.strip().partition("\n")[0] or "not told"
    return [
        f"# tsl against {gpu}",
        "",
        f"Written by scripts/cuda_check.sh: torch {torch.__version__}, CUDA {torch.version.cuda or 'none'}, driver"
        f" {driver}, Python {sys.version.partition(' ')[0]}.",
        "",
    ]


def table(rows: list[Row], device: str) -> list[str]:
    """Groups and operators, foretold and in the run; kernels, launches, time and error."""
    lines = [
        "| model | groups foretold | in the run | operators alike | kernels run | launches | times as fast | error |",
        "|---|---|---|---|---|---|---|---|",
    ]
    alike = everything = 0
    for row in rows:
        if "failed" in row.run or "failed" in row.foretold:
            lines.append(f"| {row.name} | did not run: {row.failure.replace('|', '/')} | | | | | | |")
            continue
        told_plan = next(one for one in row.foretold["predictions"] if one["device"] == device)
        seen = [Counter(operators(plan)) for plan in (row.run, told_plan)]
        same, all_of_them = sum((seen[0] & seen[1]).values()), max(sum(one.values()) for one in seen)
        alike, everything = alike + same, everything + all_of_them
        lines.append(f"| {row.name} | {' | '.join(cells(row, told_plan, same, all_of_them))} |")
    share = 100 * alike / max(everything, 1)
    return [*lines, "", f"Foretold alike: {alike} of {everything} operators, {share:.1f}%.", ""]


def cells(row: Row, told: dict[str, Any], same: int, all_of_them: int) -> list[str]:
    """The cells of a model that ran."""
    kernels = row.run["kernels"]
    before, after = kernels["launches"] or ("", "")
    slow, fast = kernels["milliseconds"] or (0, 0)
    errors = [one["error"] for one in row.run["numerics"]]
    error = "not finite" if None in errors else f"{max(errors, default=0):.1e}"
    groups = [str(len(told["groups"])), str(len(row.run["groups"])), f"{same} of {all_of_them}"]
    launches = f"{before} to {after}" if before else "-"
    return [*groups, str(sum(kernels["names"].values())), launches, f"{slow / fast:.2f}" if fast else "-", error]


def operators(plan: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Each operator of a plan with the number of its group, -1 for none."""
    nodes = [(node, number) for number, group in enumerate(plan["groups"]) for node in group["nodes"]]
    nodes += [(one["node"], -1) for one in plan["unfused"]]
    return [(node["op"], node["path"], node["line"], node["module"], number) for node, number in nodes]


def moved(rows: list[Row]) -> list[str]:
    """Waits and devices, foretold and in the run."""
    lines = [
        "| model | way | waits foretold | in a call | device errors foretold | what happened |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        ran = {one["way"]: one["error"] for one in row.run.get("deployed", ())}
        for way, found in row.checked.items():
            if "failed" in found or "failed" in row.run:
                lines.append(f"| {row.name} | {way} | did not run: {row.failure.replace('|', '/')} | | | |")
                continue
            codes = [one["code"] for one in found["diagnostics"] if one["severity"] != "info"]
            waits, errors = sum(code < "TSL5" for code in codes), sum(code > "TSL5" for code in codes)
            happened = ran.get(way, "not tried") or "runs"
            cell = happened.replace("|", "/")
            lines.append(f"| {row.name} | {way} | {waits} | {row.run.get('waits')} | {errors} | {cell} |")
    return lines if len(lines) > 2 else []


if __name__ == "__main__":
    sys.exit(main())

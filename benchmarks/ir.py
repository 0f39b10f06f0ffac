#!/usr/bin/env python3
"""What it costs to know devices, dtypes and shapes of a graph: ms per 1,000 nodes, over archives of the zoo.

usage: ir.py [--deploy DEVICE[:MODE]] [--only WORD] [--rounds N] [--table] [DIR]

Reading an archive, lowering and inlining it are not counted; the best of N rounds is, in time of the processor. For
each graph it tells nodes, ms per 1,000 of them, nodes without a transfer function, conflicts, and syncs that are
certain; with --table as rows of Markdown. Fails where a graph of at least 100 nodes is over the bar: in a smaller one
what every graph costs counts for more than its nodes do. Needs no torch; build the zoo with zoo.py.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tsl.archive.archive import open_archive  # noqa: E402 - after the path that leads to tsl
from tsl.ir import deploy  # noqa: E402
from tsl.ir.deploy import Deploy  # noqa: E402
from tsl.ir.deployed import Deployed  # noqa: E402
from tsl.ir.solved import Solved  # noqa: E402

BAR = 50.0  # ms for 1,000 nodes
FEWEST = 100  # nodes of a graph that is held to it


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", nargs="?", type=Path, default=ROOT / "build" / "zoo", metavar="DIR")
    parser.add_argument("--deploy", type=deploy.parse, default=deploy.parse("cuda"), metavar="DEVICE[:MODE]")
    parser.add_argument("--only", default="", metavar="WORD", help="archives with WORD in their name")
    parser.add_argument("--rounds", type=int, default=2, metavar="N")
    parser.add_argument("--table", action="store_true", help="rows of Markdown")
    args = parser.parse_args()
    worst, row = (0.0, ""), ROW if args.table else LINE
    nodes, seconds, unknowns = 0, 0.0, {domain: Counter[str]() for domain in ("value", "device", "dtype", "shape")}
    for path in sorted(path for path in args.directory.glob("*.pt") if args.only in path.name):
        for name, count, spent, found in measured(path, args.deploy, args.rounds):
            nodes, seconds = nodes + count, seconds + spent
            for domain, kinds in found.unknown_transfers().items():
                unknowns[domain].update(kinds)
            cost = spent * 1e6 / max(count, 1)
            worst = max(worst, (cost, name)) if count >= FEWEST else worst
            print(row.format(name=name, nodes=count, cost=cost, **told(found)), flush=True)
    if not nodes:
        print(f"{args.directory} holds no archives; build them with zoo.py", file=sys.stderr)
        return 2
    mean = seconds * 1e6 / nodes
    print(f"{nodes:,} nodes in {seconds:.1f} s: {mean:.1f} ms per 1,000; the worst graph {worst[1]}: {worst[0]:.1f}")
    for domain, kinds in unknowns.items():
        listed = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common(12))
        print(f"without a transfer of {domain}: {kinds.total()} nodes{f' ({listed})' if listed else ''}")
    return int(worst[0] > BAR)


def measured(path: Path, way: Deploy, rounds: int) -> Iterator[tuple[str, int, float, Solved]]:
    """The methods of an archive's model: name, nodes, seconds, and what was found."""
    with open_archive(path) as archive:
        deployed = Deployed(archive, way)
        for method in deployed.methods:
            count = sum(1 for _ in deployed.graph(method).walk())
            best = float("inf")
            for _ in range(rounds):
                start = time.process_time()
                found = deployed.solved(method)
                best = min(best, time.process_time() - start)
            yield f"{path.name.removesuffix('.pt')} {method}", count, best, found


LINE = "{name:<56}{nodes:>7} nodes {cost:>6.1f} ms/1k  {unknown} unknown, {conflicts} conflicts, {syncs} syncs"
ROW = "| {name} | {nodes} | {unknown} | {cost:.1f} | {conflicts} | {syncs} |"


def told(found: Solved) -> dict[str, int]:
    """What was found, counted."""
    unknown = sum(sum(kinds.values()) for kinds in found.unknown_transfers().values())
    conflicts = sum(1 for _ in found.conflicts())
    syncs = sum(1 for sync in found.syncs() if sync.certain)
    return {"unknown": unknown, "conflicts": conflicts, "syncs": syncs}


if __name__ == "__main__":
    sys.exit(main())

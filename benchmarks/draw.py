#!/usr/bin/env python3
"""What a picture costs: from a graph to SVG, without reading the archive; real models and made ones of 20,000 nodes.

usage: draw.py [DIR] [--runs N]

DIR holds silero_vad.jit and the archives of timm's resnet18 and swin_tiny (`make build/pictures/.models`). Times are
seconds of processor time, Graphviz's counted, median of N; beside them stand the boxes that are drawn, of how many, and
the ratio to parsing as many lines of Python as the graph has nodes.
"""

from __future__ import annotations

import argparse
import ast
import resource
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tsl.archive.archive import open_archive  # noqa: E402 - after the path that leads to tsl
from tsl.check import Settings, open_books  # noqa: E402
from tsl.check.plan import make_plan  # noqa: E402
from tsl.config import Config  # noqa: E402
from tsl.draw.drawing import Wish, graph_of, shown_of  # noqa: E402
from tsl.draw.forms import formed  # noqa: E402
from tsl.draw.known import told_of  # noqa: E402
from tsl.draw.picture import Picture  # noqa: E402
from tsl.draw.sketch import sketch  # noqa: E402
from tsl.ir.graph import Graph, Node, Value  # noqa: E402
from tsl.ir.types import parse  # noqa: E402

MADE = 20_000
MOST = 800


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", nargs="?", type=Path, default=ROOT / "build" / "pictures", metavar="DIR")
    parser.add_argument("--runs", type=int, default=3, metavar="N")
    args = parser.parse_args()
    print(f"{'model':<44}{'nodes':>7}{'boxes':>7}{'drawn':>7}{'sketch':>8}{'fit':>8}{'svg':>8}{'all':>8}{'/parse':>8}")
    for path in sorted([*args.directory.glob("*.pt"), *args.directory.glob("*.jit")]):
        of_archive(path, args.runs)
    for name, graph in {"made, alike": made(True), "made, no two alike": made(False)}.items():
        row(name, graph, lambda graph=graph: sketch(graph), args.runs)  # type: ignore[misc]
    return 0


def of_archive(path: Path, runs: int) -> None:
    config = Config()
    plan = make_plan(Settings(config), open_books(config))
    with open_archive(str(path)) as archive:
        graph = graph_of(str(path), archive, None)
        row(path.name, graph, lambda: sketch(graph, told_of(graph, archive, plan)[0]), runs)


def row(name: str, graph: Graph, first: Callable[[], Picture], runs: int) -> None:
    """Prints a line of the table."""
    nodes = sum(1 for _ in graph.walk())
    whole, one = timed(first, runs)
    shown, two = timed(lambda: shown_of(whole, Wish()), runs)
    _, three = timed(lambda: formed(shown, "svg"), runs)
    lines = "y = f(x, 1)\n" * nodes
    _, parsed = timed(lambda: ast.parse(lines), runs)
    drawn, boxes = (sum(1 for _ in picture.boxes()) for picture in (shown, whole))
    all_ = one + two + three
    print(
        f"{name:<44}{nodes:>7}{boxes:>7}{drawn:>7}{one:>8.2f}{two:>8.2f}{three:>8.2f}{all_:>8.2f}{all_ / parsed:>8.0f}"
    )
    assert drawn <= MOST, f"{name}: {drawn} boxes are drawn"


def timed(job: Callable[[], Any], runs: int) -> tuple[Any, float]:
    """What a job returns, and the median of its processor seconds, those of children counted."""
    spent = []
    for _ in range(runs):
        before = processor_seconds()
        done = job()
        spent.append(processor_seconds() - before)
    return done, statistics.median(spent)


def processor_seconds() -> float:
    """What this process and its ended children used so far."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def made(alike: bool) -> Graph:
    """A chain of MADE operators in layers of blocks with a skip each, the blocks alike or each of its own kinds."""
    tensor = parse("Tensor")
    values = [Value(number, tensor, str(number)) for number in range(MADE + 1)]
    nodes = []
    for number in range(MADE):
        block = number // 20
        skips = (values[number - 15],) if number % 20 == 19 else ()
        kind = f"aten::op{number % 20 if alike else (number * 7919) % 997}"
        scope = f"stage{block // 100}.layer{block // 10 % 10}.block{block % 10}"
        nodes.append(Node(kind, (values[number], *skips), (values[number + 1],), scope=scope))
    return Graph("made.forward", (values[0],), tuple(nodes), (values[MADE],))


if __name__ == "__main__":
    sys.exit(main())

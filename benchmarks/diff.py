#!/usr/bin/env python3
"""Prints what comparing two large models costs, step by step.

usage: diff.py [--nodes N] [--runs N] [OLD.pt NEW.pt]

Processor seconds, medians: `read` (both archives as one graph each, which `tsl graph` does as well), `items`, `match`,
`facts` (what is known of every value of both), `compare` (the changes), and their ratio to `read`. Without archives a
model is made of N nodes (5,000) in modules of seven, and three others of it: the same under other names, one with 40
operators changed, and one that has nothing but its kinds of operators in common. Standard library only.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.saved import module, tensor, torchscript, zipped
from tsl.archive.archive import open_archive
from tsl.diff.compare import Side, compare
from tsl.diff.items import Items
from tsl.diff.match import match
from tsl.diff.model import Model

UNARY = ("relu", "tanh", "sigmoid", "sin", "neg")
STEPS = ("read", "items", "match", "facts", "compare")
BLOCK = 7


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archives", nargs="*", type=Path, metavar="FILE.pt")
    parser.add_argument("--nodes", type=int, default=5_000)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    print(f"{'':<24}{'nodes':>14}{'changes':>9}" + "".join(f"{step:>9}" for step in STEPS) + f"{'ratio':>8}")
    for name, old, new in _pairs(args.archives, args.nodes):
        runs = [_measured(old, new) for _ in range(args.runs)]
        nodes, changes, _ = runs[0]
        spent = [statistics.median(run[2][step] for run in runs) for step in STEPS]
        figures = "".join(f"{seconds:>9.2f}" for seconds in spent)
        print(f"{name:<24}{nodes:>14}{changes:>9}{figures}{sum(spent[1:]) / spent[0]:>8.2f}")
    return 0


def _pairs(archives: list[Path], nodes: int) -> Iterator[tuple[str, bytes, bytes]]:
    if archives:
        old, new = (path.read_bytes() for path in archives)
        yield archives[1].stem, old, new
        return
    blocks = nodes // BLOCK
    old = made(blocks, "v", 0)
    yield "other names", old, made(blocks, "w", 0)
    yield "40 changes", old, made(blocks, "v", 40)
    yield "nothing in common", old, made(blocks, "v", blocks * BLOCK)


def made(blocks: int, name: str, changes: int) -> bytes:
    """A model of blocks, with the operators of some steps replaced."""
    chance = random.Random(0)
    operators = [UNARY[number % len(UNARY)] for number in range(blocks * (BLOCK - 2))]
    for number in chance.sample(range(len(operators)), min(changes, len(operators))):
        operators[number] = chance.choice([each for each in UNARY if each != operators[number]])
    lines = []
    for block in range(blocks):
        lines.append(f"    {name}{block} = (self.m{block}).forward({f'{name}{block - 1}' if block else 'x'}, )")
        for step in range(BLOCK - 2):
            lines.append(f"    {name}{block} = torch.{operators[block * (BLOCK - 2) + step]}({name}{block})")
        lines.append(
            f"    {name}{block} = torch.add({name}{block}, {f'{name}{max(block - 2, 0)}' if block > 1 else 'x'})"
        )
    held = [f"  m{block} : __torch__.net.Layer" for block in range(blocks)]
    head = ["class Net(Module):", "  __parameters__ = []", "  __buffers__ = []", "  training : bool", *held]
    head += ["  def forward(self: __torch__.net.Net,", "    x: Tensor) -> Tensor:"]
    code = "\n".join([LAYER, *head, *lines, f"    return {name}{blocks - 1}", ""])
    layers = {f"m{block}": module("net.Layer", weight=tensor(4, 4)) for block in range(blocks)}
    return zipped(torchscript(module("net.Net", **layers), {"__torch__/net.py": code}))


LAYER = """\
class Layer(Module):
  __parameters__ = ["weight", ]
  __buffers__ = []
  weight : Tensor
  training : bool
  def forward(self: __torch__.net.Layer,
    x: Tensor) -> Tensor:
    return torch.linear(x, self.weight)"""


def _measured(old: bytes, new: bytes) -> tuple[str, int, dict[str, float]]:
    """The nodes of both, how many changes there are, and the seconds of each step."""
    spent: dict[str, float] = {}

    def timed(step: str, do: Callable[[], Any]) -> Any:
        start = time.process_time()
        made = do()
        spent[step] = time.process_time() - start
        return made

    with open_archive("old.pt", old) as one, open_archive("new.pt", new) as other:
        models = Model("old.pt", one), Model("new.pt", other)
        graphs = timed("read", lambda: [model.graph("forward") for model in models])
        items = timed("items", lambda: [Items(graph) for graph in graphs])
        pairs = timed("match", lambda: match(*items))
        facts = timed(
            "facts", lambda: [model.facts("forward", graph) for model, graph in zip(models, graphs, strict=True)]
        )
        found = timed("compare", lambda: compare(pairs, *(Side(each) for each in facts)))
    return " + ".join(f"{sum(1 for _ in graph.walk()):,}" for graph in graphs), len(found.changes), spent


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Holds what is foretold of a deployment against simulations of it, over a directory of archives.

usage: simulate.py [--deploy DEVICE[:MODE]] [--only WORD] [--most K] [DIR]

Definitions:
1. A method is simulated on the inputs that its archive recorded, or that the traced archive of the same model did;
   what else a script takes is None, or False.
2. A conflict is *met* where the simulation refuses its node; *missed* where a node is surely refused and nothing is
   foretold of it; *contradicted* where the conflict is sure and its node ran.
3. Of the tensors that both know: the device, the dtype and the sizes agree, or the static engine does not know them.
4. A wait is met where the simulation waits at one of its nodes; one that the simulation alone has is counted as well.

Prints a row for each archive, and each disagreement. Needs torch, in this process.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402 - after the path that leads to tsl

from tsl.archive.archive import Archive, ArchiveError, open_archive  # noqa: E402
from tsl.ir import entry  # noqa: E402
from tsl.ir.deploy import Deploy, parse  # noqa: E402
from tsl.ir.graph import Graph, Node  # noqa: E402
from tsl.ir.simulate_archive import methods, run  # noqa: E402
from tsl.ir.simulate_run import Runner  # noqa: E402
from tsl.ir.solved import Solved  # noqa: E402

WAYS = (".script.frozen", ".trace.frozen", ".script", ".trace")
COLUMNS = ("methods", "nodes", "unable", "met", "missed", "contradicted", "waits met", "waits alone", "values", "wrong")


def recorded(path: Path, archive: Archive, method: str) -> Sequence[Any] | None:
    """The inputs of a method (1); None where no archive has them."""
    own = archive.traced_inputs.get(method)
    if own:
        return own
    stem = next((path.name.removesuffix(f"{way}.pt") for way in WAYS if path.name.endswith(f"{way}.pt")), path.stem)
    lender = path.with_name(f"{stem}.trace.pt")
    return open_archive(str(lender)).traced_inputs.get(method) if lender.is_file() else None


def filled(inputs: Sequence[Any] | None, graph: Graph) -> list[Any] | None:
    """Inputs for all that a graph takes (1); None where there are none for some."""
    takes = [value.type.kind for value in graph.inputs if value.type.kind != "Class"]
    rest = takes[len(inputs or ()) :]
    if inputs is None or len(inputs) > len(takes) or not {"Optional", "bool"}.issuperset(rest):
        return None
    return [*inputs, *(False if kind == "bool" else None for kind in rest)]


def rows(path: Path, deploy: Deploy) -> Iterator[tuple[str, Counter[str], list[str]]]:
    """By method what agrees and what does not, in words."""
    archive = open_archive(str(path))
    for method, deployed, graph in methods(archive, deploy):
        inputs = filled(recorded(path, archive, method), graph) if graph is not None else None
        if graph is None or inputs is None:
            continue
        runner, ending = run(archive, deployed, method, graph, (), inputs)
        assert runner is not None
        solved = deployed.solved(method, entry.recorded(inputs))
        yield method, *compared(graph, solved, runner, ending)


def compared(graph: Graph, solved: Solved, runner: Runner, ending: str) -> tuple[Counter[str], list[str]]:
    """What agrees of a method, and what does not in words (2-4)."""
    nodes = list(graph.walk())
    keys = {id(node): (graph.name, place) for place, node in enumerate(nodes)}
    counts = Counter(methods=1, nodes=runner.executed, unable=sum(runner.unable.values()))
    words = [f"ended early: {ending}"] if ending else []
    words += [f"unable: {kind}: {reason}" for kind, reason in runner.reasons.items()]
    foretold = {keys.get(id(found.node)): found for found in solved.conflicts()}
    for key, found in foretold.items():
        if key in runner.failures:
            counts["met"] += 1
        elif found.sure and key in runner.through:
            counts["contradicted"] += 1
            words.append(f"contradicted: {_told(found.node)}: {' and '.join(found.parts)}")
    for key, (domain, message, sure) in runner.failures.items():
        if sure and key not in foretold:
            counts["missed"] += 1
            node = nodes[key[1]] if key[0] == graph.name else None
            words.append(f"missed: {_told(node)}: {domain}: {message}")
    waits = {keys.get(id(node)) for each in solved.syncs() for node in each.nodes}
    counts["waits met"] = sum(1 for each in solved.syncs() if {keys.get(id(n)) for n in each.nodes} & set(runner.waits))
    for key in runner.waits:
        if key not in waits:
            counts["waits alone"] += 1
            words.append(f"wait alone: {_told(nodes[key[1]] if key[0] == graph.name else None)}")
    for node, place, domain, mine, theirs in differing(graph, solved, runner, counts):
        words.append(f"wrong {domain}: {_told(node)} result {place}: {mine}, and {theirs} in the simulation")
    return counts, words


def differing(
    graph: Graph, solved: Solved, runner: Runner, counts: Counter[str]
) -> Iterator[tuple[Node, int, str, object, object]]:
    """The tensors of which both know something else (3)."""
    for number, node in enumerate(graph.walk()):
        for place, made in enumerate(runner.made.get((graph.name, number), ())):
            static = solved.tensor_of(node.outputs[place])
            if not isinstance(made, torch.Tensor) or static is None:
                continue
            counts["values"] += 1
            for domain, mine, theirs in _domains(static, made):
                counts["wrong"] += 1
                yield node, place, domain, mine, theirs


def _domains(static: Any, made: torch.Tensor) -> Iterator[tuple[str, object, object]]:
    device, dtype = str(made.device), str(made.dtype).removeprefix("torch.")
    if static.device not in ("", device):
        yield "device", static.device, device
    if static.dtype not in ("", dtype):
        yield "dtype", static.dtype, dtype
    if static.shape is not None and not _fits(static.shape, made.shape):
        yield "shape", static.shape, tuple(made.shape)


def _fits(mine: Any, theirs: Sequence[Any]) -> bool:
    if mine == "!" or len(mine) != len(theirs):
        return False
    pairs = zip(mine, theirs, strict=True)
    return all(
        type(other) is not int or (one == other if isinstance(one, int) else one.low <= other <= one.high)
        for one, other in pairs
    )


def _told(node: Node | None) -> str:
    if node is None:
        return "in a function"
    place = node.source.place if node.source else None
    return f"{node.kind} at {Path(place.path).name}:{place.line}" if place else node.kind


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", nargs="?", type=Path, default=ROOT / "build" / "zoo", metavar="DIR")
    parser.add_argument("--deploy", default="cuda", metavar="DEVICE[:MODE]", help="default: cuda")
    parser.add_argument("--only", default="", metavar="WORD", help="archives with WORD in their name")
    parser.add_argument("--most", type=int, default=5, metavar="K", help="disagreements shown of one method")
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    deploy, whole = parse(args.deploy), Counter[str]()
    print(f"{'archive':<50}" + "".join(f"{name:>14}" for name in COLUMNS))
    for path in sorted(args.directory.glob("*.pt")):
        if args.only in path.name:
            whole += _printed(path, deploy, args.most)
    print(_row("all", whole))
    return 0


def _printed(path: Path, deploy: Deploy, most: int) -> Counter[str]:
    counts, words = Counter[str](), list[str]()
    try:
        for method, found, told in rows(path, deploy):
            counts += found
            words += [f"    {method}: {one}"[:240] for one in told[:most]]
    except ArchiveError as error:
        words.append(f"    {error.message}")
    if counts["methods"]:
        print("\n".join([_row(path.name, counts), *words]), flush=True)
    return counts


def _row(name: str, counts: Counter[str]) -> str:
    return f"{name:<50}" + "".join(f"{counts[column]:>14}" for column in COLUMNS)


if __name__ == "__main__":
    sys.exit(main())

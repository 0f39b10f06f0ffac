#!/usr/bin/env python3
"""Holds the archive road against torch: the same graphs, node by node, over a directory of archives.

usage: agreement.py [--only WORD] [--most K] [--every] [DIR]

Definitions:
1. Nodes are *common* where both graphs have one with the same schema, or the same kind where it has none. The share is
   that of torch's nodes.
2. Nodes *meet* in the order of a walk; where the orders differ, along a longest common subsequence. Constants meet
   where type and value are the same.
3. Of nodes that met: the *edges* agree where each input is the same output of nodes that met, or an equal constant;
   the *types* where all outputs have the same, or ours is `Unknown`: it comes from an operator of another library, of
   which torch knows what this script told it; the *lines* where torch has a place in a user's file and both stacks
   have the same files, lines and columns; the *names* where attributes, constants and called functions are the same.

Every function of an archive is compared as it is, and each method of its module with all calls inlined. Prints the
shares, and each function that differs with up to K of its disagreements. Needs torch, in this process.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tsl.archive.values import EnumMember, Object, Tensor  # noqa: E402 - after the path that leads to tsl
from tsl.ir.graph import Block, Graph, Node  # noqa: E402

MOST_SHOWN = 3
COUNTED = {"warn_id"}  # numbers that a process of torch counts up
MEASURES = ("common", "order", "edges", "types", "lines", "names")


class Comparison(NamedTuple):
    """Counts of torch's nodes in all and by measure, and what differs, in words.

    `lines` has its own whole: `with_line`.
    """

    counts: Counter[str]
    differences: tuple[str, ...]


def compare(mine: Graph, theirs: Graph) -> Comparison:
    """How a graph agrees with torch's (1-3)."""
    our_nodes, their_nodes = list(mine.walk()), list(theirs.walk())
    our_keys, their_keys = list(map(key, our_nodes)), list(map(key, their_nodes))
    counts = Counter(nodes=len(their_nodes), mine=len(our_nodes), graphs=1)
    counts["common"] = (Counter(our_keys) & Counter(their_keys)).total()
    differences = [*_multiset(Counter(our_keys), Counter(their_keys))]
    pairs = meetings(list(map(fine_key, our_nodes)), list(map(fine_key, their_nodes)))
    counts["order"] = len(pairs)
    counts["same_multiset"] = int(Counter(our_keys) == Counter(their_keys))
    counts["same_order"] = int(our_keys == their_keys)
    our_values = _origins(mine, {id(our_nodes[one]): place for place, (one, _) in enumerate(pairs)})
    their_values = _origins(theirs, {id(their_nodes[other]): place for place, (_, other) in enumerate(pairs)})
    for one, other in pairs:
        ours, torchs = our_nodes[one], their_nodes[other]
        counts["with_line"] += torchs.source is not None
        for measure, agrees, words in _judged(ours, torchs, our_values, their_values):
            counts[measure] += agrees
            if not agrees:
                differences.append(f"{measure}: {words}")
    return Comparison(counts, tuple(differences))


def _judged(
    ours: Node, torchs: Node, our_values: dict[int, Any], their_values: dict[int, Any]
) -> Iterator[tuple[str, bool, str]]:
    our_inputs = [our_values.get(value.number) for value in ours.inputs]
    their_inputs = [their_values.get(value.number) for value in torchs.inputs]
    yield (
        "edges",
        our_inputs == their_inputs and None not in our_inputs,
        f"{torchs.kind}: {our_inputs} | {their_inputs}",
    )
    our_types, their_types = ([str(value.type) for value in node.outputs] for node in (ours, torchs))
    agree = all(one in (other, "Unknown") for one, other in zip(our_types, their_types, strict=False))
    yield "types", agree and len(our_types) == len(their_types), f"{torchs.kind}: {our_types} | {their_types}"
    if torchs.source is not None:
        our_lines, their_lines = map(_places, (ours, torchs))
        yield "lines", our_lines == their_lines, f"{torchs.kind}: {our_lines[:2]} | {their_lines[:2]}"
    our_names, their_names = (
        [_name(pair) for pair in node.attributes if pair[0] not in COUNTED] for node in (ours, torchs)
    )
    yield "names", our_names == their_names, f"{torchs.kind}: {our_names} | {their_names}"


def _places(node: Node) -> list[tuple[str, int, int]]:
    """The places of a stack. What function each is in, torch does not say of a script, and we read from its source."""
    return [(frame.path, frame.line, frame.column) for frame in node.source.stack] if node.source else []


def key(node: Node) -> str:
    """What a node is counted as (1); the schema of a stub, which takes anything, is none."""
    return node.schema if node.schema and "(...)" not in node.schema else node.kind


def fine_key(node: Node) -> Any:
    """What a node is met by (2)."""
    if node.kind != "prim::Constant":
        return key(node)
    return node.kind, str(node.outputs[0].type), tuple(map(_name, node.attributes))


def _multiset(ours: Counter[str], torchs: Counter[str]) -> Iterator[str]:
    yield from (f"missing {count} of {name}" for name, count in sorted((torchs - ours).items()))
    yield from (f"{count} more of {name}" for name, count in sorted((ours - torchs).items()))


def meetings(ours: list[Any], torchs: list[Any]) -> list[tuple[int, int]]:
    """Places of nodes that meet (2)."""
    if ours == torchs:
        return [(place, place) for place in range(len(ours))]
    trace = _furthest(ours, torchs)
    here, there = len(ours), len(torchs)
    found: list[tuple[int, int]] = []
    for cost in range(len(trace) - 1, -1, -1):
        reached, diagonal = trace[cost - 1] if cost else {1: 0}, here - there
        down = diagonal == -cost or (diagonal != cost and reached.get(diagonal - 1, -1) < reached.get(diagonal + 1, -1))
        before = diagonal + 1 if down else diagonal - 1
        start = reached.get(before, 0)
        while here > start and there > start - before and here and there and ours[here - 1] == torchs[there - 1]:
            here, there = here - 1, there - 1
            found.append((here, there))
        here, there = start, start - before
    return found[::-1]


def _furthest(ours: list[Any], torchs: list[Any]) -> list[dict[int, int]]:
    """How far each diagonal is reached with 0, 1, 2, ... nodes left out (Myers, An O(ND) difference algorithm)."""
    reached = {1: 0}
    trace: list[dict[int, int]] = []
    for cost in range(len(ours) + len(torchs) + 1):
        for diagonal in range(-cost, cost + 1, 2):
            down = diagonal == -cost or (
                diagonal != cost and reached.get(diagonal - 1, -1) < reached.get(diagonal + 1, -1)
            )
            here = reached.get(diagonal + 1, 0) if down else reached.get(diagonal - 1, 0) + 1
            while here < len(ours) and 0 <= here - diagonal < len(torchs) and ours[here] == torchs[here - diagonal]:
                here += 1
            reached[diagonal] = here
            if here >= len(ours) and here - diagonal >= len(torchs):
                return [*trace, dict(reached)]
        trace.append(dict(reached))
    return trace


def _origins(graph: Graph, places: dict[int, int]) -> dict[int, Any]:
    """By the number of a value: the place at which its node met another, and which of its outputs or inputs it is."""
    found: dict[int, Any] = {value.number: ("graph", place) for place, value in enumerate(graph.inputs)}
    for node in graph.walk():
        met = fine_key(node) if node.kind == "prim::Constant" else places.get(id(node))
        if met is None:
            continue
        found.update({value.number: (met, place) for place, value in enumerate(node.outputs)})
        for number, block in enumerate(node.blocks):
            found.update({value.number: (met, number, place) for place, value in enumerate(block.inputs)})
    return found


def _name(pair: tuple[str, Any]) -> Any:
    name, value = pair
    return name, _plain(value)


def _plain(value: Any) -> Any:
    """A value of an attribute without what the roads know differently: where a tensor is kept, what an object holds."""
    if isinstance(value, Tensor):
        return value.dtype, value.shape, value.stride, value.device
    if isinstance(value, EnumMember | Object):
        return value.type
    if isinstance(value, Graph | Block):
        return tuple(key(node) for node in value.walk()) if isinstance(value, Graph) else ()
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list | tuple) and type(value) in {list, tuple}:
        return tuple(map(_plain, value))
    return value if isinstance(value, str | int | bool | type(None)) else repr(value)


class Road(NamedTuple):
    """What is compared of an archive: pairs of a name, and a graph of ours or why there is none, and torch's."""

    functions: tuple[tuple[str, Graph | str, Graph], ...]
    inlined: tuple[tuple[str, Graph | str, Graph], ...]


def both_roads(path: Path) -> Road:
    """The graphs of an archive by both roads. Raises RuntimeError where torch refuses it."""
    from tsl.archive.archive import open_archive
    from tsl.ir.capture_live import archive as captured
    from tsl.ir.inline import Inliner
    from tsl.ir.lower import LowerError, lower

    torchs = captured(str(path), True)
    program = lower(open_archive(str(path)))
    inliner = Inliner(program)

    def made(make: Any, name: str) -> Graph | str:
        try:
            graph: Graph = make(name)
            return graph
        except (KeyError, LowerError, ValueError) as error:
            return f"{type(error).__name__}: {error}"

    functions = [(name, made(program.functions.__getitem__, name), graph) for name, graph in torchs.graphs.items()]
    inlined = [(name, made(inliner.graph, graph.name), graph) for name, graph in torchs.inlined.items()]
    return Road(tuple(functions), tuple(inlined))


def totals(pairs: tuple[tuple[str, Graph | str, Graph], ...]) -> Iterator[tuple[str, Comparison]]:
    """The comparison of each function, with its name; a graph that is missing has none of torch's nodes."""
    for name, mine, theirs in pairs:
        if isinstance(mine, Graph):
            yield name, compare(mine, theirs)
        else:
            count = sum(1 for _ in theirs.walk())
            lines = sum(node.source is not None for node in theirs.walk())
            yield name, Comparison(Counter(nodes=count, graphs=1, with_line=lines), (mine,))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", nargs="?", type=Path, default=ROOT / "build" / "zoo", metavar="DIR")
    parser.add_argument("--only", default="", metavar="WORD", help="archives with WORD in their name")
    parser.add_argument("--most", type=int, default=MOST_SHOWN, metavar="K", help="disagreements shown of one function")
    args = parser.parse_args()
    whole = {"functions": Counter[str](), "inlined": Counter[str]()}
    for path in sorted(args.directory.glob("*.pt")):
        if args.only in path.name:
            _compare_archive(path, whole, args.most)
    for part, counts in whole.items():
        print(f"{part}: {summary(counts)}")
    return 0


def _compare_archive(path: Path, whole: dict[str, Counter[str]], most: int) -> None:
    try:
        road = both_roads(path)
    except Exception as error:
        print(f"{path.name}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}", flush=True)
        return
    for part in whole:
        for name, found in totals(getattr(road, part)):
            whole[part].update(found.counts)
            if found.differences:
                print(f"{path.name} {part} {name}: {len(found.differences)} differences", flush=True)
                for words in found.differences[:most]:
                    print(f"    {words[:400]}", flush=True)


def summary(counts: Counter[str]) -> str:
    """The shares, in words."""
    nodes = counts["nodes"] or 1
    wholes = {"lines": counts["with_line"] or 1}
    shares = ", ".join(f"{name} {counts[name] / wholes.get(name, nodes):.3%}" for name in MEASURES)
    return (
        f"{counts['graphs']} graphs, {counts['nodes']} nodes of torch, {counts['mine']} of ours; {shares};"
        f" the same nodes in {counts['same_multiset']} graphs, in the same order in {counts['same_order']};"
        f" {counts['lines']} of {counts['with_line']} nodes with a line"
    )


if __name__ == "__main__":
    sys.exit(main())

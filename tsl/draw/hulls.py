"""Fusion groups around the boxes of a picture.

Definitions:
1. Groups are read from what `tsl fusion --format json` writes: `{"groups": [{"nodes": [{"op", "path", "line",
   "module"}]}]}`. A box is *meant* by a node where operator, line and module agree, as far as the node says them; paths
   agree where one ends as the other does. Nodes that are written alike mean boxes one after the other, in the order of
   the graph.
2. A *hull* is a cluster around the boxes of one group that lie next to each other in one container. Boxes of a group
   that lie apart have a hull each, all with the number of the group.
3. What no box is meant by is counted in a note.

Needs a picture that nothing is folded in. It will never decide what fuses.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tsl.draw.members import Member
from tsl.draw.picture import Badge, Box, Cluster, Picture
from tsl.record import Record

FORM = 'is not what tsl fusion --format json writes: {"groups": [{"nodes": [{"op": ..., "path": ..., "line": ...}]}]}'


class Meant(Record):
    """A node of a group (1): its operator, and path, line and module where they are known."""

    op: str
    path: str = ""
    line: int = 0
    module: str | None = None


def read_groups(text: str) -> list[list[Meant]]:
    """The groups of a report (1). Raises ValueError where it is none."""
    try:
        groups = json.loads(text)["groups"]
        return [[_meant(node) for node in group["nodes"]] for group in groups]
    except (KeyError, TypeError, json.JSONDecodeError):
        raise ValueError(FORM) from None


def _meant(node: Mapping[str, Any]) -> Meant:
    op, path, line, module = node["op"], node.get("path") or "", node.get("line") or 0, node.get("module")
    if not isinstance(op, str) or not isinstance(path, str) or not isinstance(line, int):
        raise TypeError
    return Meant(op, path, line, module if isinstance(module, str) else None)


def with_hulls(picture: Picture, groups: Sequence[Sequence[Meant]]) -> Picture:
    """The picture with its hulls (2), and a note of what no box is meant by (3)."""
    group_of, missed = _matched(picture, groups)
    members = _wrapped(picture.members, group_of)
    note = f"{missed} {'nodes' if missed > 1 else 'node'} of fusion groups could not be found in this graph"
    return picture._replace(members=members, notes=(*picture.notes, *([note] if missed else [])))


def _matched(picture: Picture, groups: Sequence[Sequence[Meant]]) -> tuple[dict[int, int], int]:
    """The number of the group of each box that is in one, counted from 1, and how many nodes mean none."""
    by_operator: dict[str, list[tuple[Box, str]]] = {}
    for box, module in _placed(picture.members):
        by_operator.setdefault(operator_of(box), []).append((box, module))
    found: dict[int, int] = {}
    missed = 0
    for number, group in enumerate(groups, 1):
        for meant in group:
            boxes = by_operator.get(meant.op, [])
            agree = (each for each, module in boxes if each.number not in found and _agree(meant, each, module))
            first = next(agree, None)
            if first is None:
                missed += 1
            else:
                found[first.number] = number
    return found, missed


def _placed(members: Sequence[Member]) -> list[tuple[Box, str]]:
    """All boxes with the path of the module they lie in."""
    found: list[tuple[Box, str]] = []
    todo: list[tuple[Member, str]] = [(member, "") for member in reversed(members)]
    while todo:
        member, module = todo.pop()
        if isinstance(member, Box):
            found.append((member, module))
        else:
            todo += [(inner, member.path or module) for inner in reversed(member.members)]
    return found


def operator_of(box: Box) -> str:
    """The operator of a box without its overload: `aten::add`."""
    return box.schema.partition("(")[0].partition(".")[0]


def _agree(meant: Meant, box: Box, module: str) -> bool:
    path, _, line = box.place.rpartition(":")
    if meant.module is not None and meant.module != module:
        return False
    if meant.line and line and str(meant.line) != line:
        return False
    return not meant.path or not path or path.endswith(meant.path) or meant.path.endswith(path)


def _wrapped(members: tuple[Member, ...], group_of: Mapping[int, int]) -> tuple[Member, ...]:
    """The members of a container with hulls, innermost containers first and without recursion."""
    order: list[Cluster] = [member for member in members if isinstance(member, Cluster)]
    for cluster in order:
        order += [member for member in cluster.members if isinstance(member, Cluster)]
    done: dict[int, Cluster] = {}
    for cluster in reversed(order):
        inner = tuple(done.get(id(each), each) if isinstance(each, Cluster) else each for each in cluster.members)
        done[id(cluster)] = cluster._replace(members=tuple(_rows(inner, group_of)))
    whole = tuple(done.get(id(each), each) if isinstance(each, Cluster) else each for each in members)
    return tuple(_rows(whole, group_of))


def _rows(members: Sequence[Member], group_of: Mapping[int, int]) -> list[Member]:
    found: list[Member] = []
    row: list[Box] = []
    group = 0
    for member in members:
        next_group = group_of.get(member.number, 0) if isinstance(member, Box) else 0
        if row and next_group != group:
            found.append(_hull(row, group))
            row = []
        group = next_group
        if group and isinstance(member, Box):
            row.append(member)
        else:
            found.append(member)
    return [*found, *([_hull(row, group)] if row else [])]


def _hull(row: Sequence[Box], group: int) -> Cluster:
    return Cluster("fusion", "", tuple(row), "", (Badge("fusion", f"fusion {group}"),))

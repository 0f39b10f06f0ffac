"""What lies in a picture, by depth: the containers of each, and a picture with some of them changed.

Definitions:
1. A *container* holds members: the picture itself, at depth 0, and each cluster, one deeper than what it lies in.
2. The *size* of a member is the number of boxes in it.

Not recursive: clusters lie in each other as deep as they like. It will never know why something is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from tsl.draw.picture import Box, Cluster

Member: TypeAlias = "Box | Cluster"
Change = Callable[[tuple[Member, ...]], tuple[Member, ...]]


def by_depth(members: tuple[Member, ...], deepest: int) -> list[list[tuple[Member, ...]]]:
    """What each container of each depth (1) holds, down to a depth."""
    levels = [[members]]
    while levels[-1] and len(levels) <= deepest:
        levels.append([each.members for held in levels[-1] for each in held if isinstance(each, Cluster)])
    return [level for level in levels if level]


def rebuilt(members: tuple[Member, ...], depth: int, change: Change) -> tuple[Member, ...]:
    """The members with what the containers of one depth hold changed, however deep that is.

    `depth` is at most that of Python's own calls; whoever changes more must bound it.
    """
    if depth == 0:
        return change(members)
    return tuple(
        each._replace(members=rebuilt(each.members, depth - 1, change)) if isinstance(each, Cluster) else each
        for each in members
    )


def size_of(member: Member) -> int:
    """The size (2) of a member."""
    count = 0
    todo = [member]
    while todo:
        each = todo.pop()
        if isinstance(each, Box):
            count += 1
        else:
            todo += each.members
    return count


def sizes(members: Sequence[Member]) -> int:
    """The size of some members together."""
    return sum(map(size_of, members))

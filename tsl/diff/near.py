"""What is near to some boxes of a picture.

A box is near where a way of at most `radius` edges leads to it, in either direction. Of the picture remain these boxes,
the edges between them and the clusters they lie in.

Linear in the size of the picture, and not recursive. Needs a picture. It will never draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tsl.draw.picture import Box, Cluster, Picture


def near(picture: Picture, numbers: Iterable[int], radius: int) -> Picture:
    """The part of a picture that is near to the boxes with these numbers."""
    reached = set(numbers)
    for _ in range(radius):
        ends = [(edge.source, edge.target) for edge in picture.edges if edge.kind != "order"]
        reached |= {end for pair in ends if not reached.isdisjoint(pair) for end in pair}
    edges = tuple(edge for edge in picture.edges if edge.source in reached and edge.target in reached)
    return picture._replace(members=_kept(picture.members, reached), edges=edges)


def _kept(members: Sequence[Box | Cluster], numbers: set[int]) -> tuple[Box | Cluster, ...]:
    """The boxes with these numbers, in the clusters that hold one."""
    found: list[Box | Cluster] = []
    open_ones: list[tuple[Cluster | None, Iterator[Box | Cluster], list[Box | Cluster]]] = [
        (None, iter(members), found)
    ]
    while open_ones:
        cluster, rest, into = open_ones[-1]
        member = next(rest, None)
        if isinstance(member, Cluster):
            open_ones.append((member, iter(member.members), []))
        elif member is not None:
            into += [member] if member.number in numbers else []
        else:
            open_ones.pop()
            if cluster is not None and into:
                open_ones[-1][2].append(cluster._replace(members=tuple(into)))
    return tuple(found)

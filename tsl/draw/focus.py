"""A part of a picture: what a name stands for in it, and what is next to that.

1. A name stands for the boxes that it is the title of (`conv2d`), those in the module it is the path of
   (`encoder.layers.0`), those that the value it names leads from and to (`x.3`), and those that a rule of this code or
   name found something in (`TSL401`, `host-sync`).
2. What is *next* to a box is at the other end of an edge; what is within a *radius* is next to it, next to that, and so
   on. Of the picture remain the boxes a name stands for, those within the radius, the edges between all these, and the
   clusters they lie in.

Linear in the size of the picture, and not recursive. Needs a picture. It will never draw.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tsl.draw.picture import Box, Cluster, Picture


def focused(picture: Picture, name: str, radius: int = 1) -> Picture | None:
    """The part of a picture that a name is about (2); None where it stands for nothing."""
    meant = set(_meant(picture, name))
    return part_around(picture, meant, radius)._replace(title=f"{picture.title}: {name}") if meant else None


def around_findings(picture: Picture, radius: int = 1) -> Picture:
    """The part of a picture that findings are on (2); the whole of it, with a note, where there are none."""
    found = {box.number for box in picture.boxes() if box.marks}
    if not found:
        return picture._replace(notes=(*picture.notes, "nothing was found; all is drawn"))
    part = part_around(picture, found, radius)
    return part._replace(notes=(*part.notes, f"only what is within {radius} of a finding is drawn"))


def part_around(picture: Picture, kept: set[int], radius: int) -> Picture:
    """The boxes with these numbers and those within a radius of them, with all between (2)."""
    drawn = [edge for edge in picture.edges if edge.kind != "order"]
    for _ in range(radius):
        kept = kept | {
            number for edge in drawn for number in (edge.source, edge.target) if {edge.source, edge.target} & kept
        }
    edges = tuple(edge for edge in picture.edges if edge.source in kept and edge.target in kept)
    return picture._replace(members=_kept(picture.members, kept), edges=edges)


def _meant(picture: Picture, name: str) -> Iterator[int]:
    """The numbers of the boxes that a name stands for (1)."""
    todo: list[tuple[Box | Cluster, bool]] = [(member, False) for member in picture.members]
    for member, inside in todo:
        if isinstance(member, Cluster):
            inner = inside or (member.kind == "module" and member.path == name)
            todo += [(part, inner) for part in member.members]
        elif inside or _stands_for(member, name):
            yield member.number
    for edge in picture.edges:
        if edge.value == name:
            yield from (edge.source, edge.target)


def _stands_for(box: Box, name: str) -> bool:
    codes = {word for mark in box.marks for word in (mark.code, mark.rule)}
    return name in codes or name == box.lines[0] or (box.kind == "module" and name == box.path)


def _kept(members: Sequence[Box | Cluster], kept: set[int]) -> tuple[Box | Cluster, ...]:
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
            into += [member] if member.number in kept else []
        else:
            open_ones.pop()
            if cluster is not None and into:
                open_ones[-1][2].append(cluster._replace(members=tuple(into)))
    return tuple(found)

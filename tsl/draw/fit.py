"""A picture made small enough to look at: repeats folded, clusters closed, rows put together, and all that said.

Definitions:
1. A picture *fits* where it has no more boxes than a limit. Repeats are folded first (see `repeats`), those of two
   rounds where the picture does not fit with the others, or strains a layout.
2. A cluster is *closed* where one box stands for it: with its title, the number of operators in it, its findings, and
   the edges that cross its border. All are closed to begin with; then they are opened, those with findings first, then
   the outer ones, each where the picture still fits with it.
3. Where the picture does not fit with all clusters closed, neighbours in a row of one container become *parts*: boxes
   that say how many operators of which kinds they stand for. Inputs, outputs and boxes with findings stay as long as
   these alone take half of the limit at most.
4. Where the strain of a picture is still more than STRAIN, it is closed further, to half of the boxes and again.
5. Edges that join the same two boxes and do not differ in kind or tone become one where either end is closed or a part.

Linear in the size of the picture but for a logarithm, and not recursive. Needs a picture. It will never lay out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from tsl.draw.members import Member, sizes
from tsl.draw.picture import SEVERITIES, Badge, Box, Cluster, Edge, Picture
from tsl.draw.repeats import boxes_of, folded_repeats
from tsl.draw.sketch import counted
from tsl.draw.strain import strain

STRAIN = 4_000  # of a layout that takes some seconds
LEAST = 40  # boxes, which no strain makes fewer
LIMIT = 400  # boxes: no reader wants more, and Graphviz lays them out in a second
STAYS = frozenset({"input", "output"})
KINDS = 3  # of operators that a part names
GRAVITY = {severity: number for number, severity in enumerate(SEVERITIES)}


def fitted(picture: Picture, limit: int = LIMIT) -> Picture:
    """The picture with at most `limit` boxes (1-3), and notes of what was folded."""
    small = folded_repeats(picture)
    if _count(small) > limit or strain(small) > STRAIN:
        small = folded_repeats(small, tight=True)
    if _count(small) > limit:
        small = _closed(small, limit)
    while strain(small) > STRAIN and limit > LEAST:
        limit //= 2
        small = _closed(small, limit)
    return small._replace(notes=(*picture.notes, *_notes(picture, small, limit)))


def _count(picture: Picture) -> int:
    return sum(1 for _ in picture.boxes())


def _notes(before: Picture, after: Picture, limit: int) -> Iterator[str]:
    boxes = list(after.boxes())
    shown = f"{len(boxes):,} of {_count(before):,} boxes are drawn"
    folded = sum(1 for cluster in _clusters(after.members) if any(badge.kind == "repeat" for badge in cluster.badges))
    if folded:
        yield f"{shown}: {folded} {'repeats are' if folded > 1 else 'repeat is'} folded (\N{MULTIPLICATION SIGN}N)"
    closed = [box for box in boxes if any(badge.kind == "folded" for badge in box.badges)]
    if closed:
        hidden = sum(box.operators for box in closed)
        stand = f"{len(closed)} boxes stand" if len(closed) > 1 else "1 box stands"
        yield f"{stand} for {hidden:,} operators, so that there are no more boxes than {limit:,} (--focus, --limit)"


def _clusters(members: Sequence[Member]) -> Iterator[Cluster]:
    todo = list(reversed(members))
    while todo:
        each = todo.pop()
        if isinstance(each, Cluster):
            yield each
            todo += reversed(each.members)


class _Shelf:
    """What is known of each cluster: itself, where it lies, how grave its findings are, how many members it has."""

    __slots__ = ("cluster", "depth", "gravity", "inner", "opened")

    def __init__(self, cluster: Cluster, depth: int) -> None:
        self.cluster, self.depth, self.opened = cluster, depth, False
        self.inner: list[_Shelf | Box] = []
        self.gravity = len(SEVERITIES)


def _shelves(picture: Picture) -> list[_Shelf]:
    """All clusters, outer ones first; the first is the picture itself."""
    root = _Shelf(Cluster("module", picture.title, picture.members), 0)
    order = [root]
    for shelf in order:
        for member in shelf.cluster.members:
            if isinstance(member, Box):
                shelf.inner.append(member)
                shelf.gravity = min(shelf.gravity, GRAVITY.get(member.painted, len(SEVERITIES)))
            else:
                inner = _Shelf(member, shelf.depth + 1)
                shelf.inner.append(inner)
                order.append(inner)
    for shelf in reversed(order):
        found = [inner.gravity for inner in shelf.inner if isinstance(inner, _Shelf)]
        shelf.gravity = min([shelf.gravity, *found])
    return order


def _closed(picture: Picture, limit: int) -> Picture:
    """The picture with what must be closed (2) and put together (3)."""
    order = _shelves(picture)
    _open(order[0], limit)
    moved: dict[int, Box] = {}
    done: dict[int, Member] = {}
    for shelf in reversed(order):
        members = tuple(done.pop(id(inner)) if isinstance(inner, _Shelf) else inner for inner in shelf.inner)
        cluster = shelf.cluster._replace(members=members)
        done[id(shelf)] = cluster if shelf.opened or not shelf.inner else _box(cluster, moved)
    whole = done[id(order[0])]
    assert isinstance(whole, Cluster)  # the picture itself is opened in any case
    members = _parts(whole.members, limit, moved)
    return Picture(picture.title, members, tuple(_edges(picture.edges, moved)), picture.notes)


def _open(root: _Shelf, limit: int) -> None:
    """Opens clusters (2). A closed one counts for a box, an opened one for what is in it."""
    root.opened = True
    count = len(root.inner)
    todo: list[tuple[int, int, int, _Shelf]] = []
    number = 0
    fresh = [root]
    while fresh or todo:
        for inner in fresh.pop().inner if fresh else ():
            if isinstance(inner, _Shelf):
                number += 1
                heappush(todo, (inner.gravity, inner.depth, number, inner))
        if not todo:
            break
        shelf = heappop(todo)[-1]
        if count + len(shelf.inner) - 1 <= limit:
            count += len(shelf.inner) - 1
            shelf.opened = True
            fresh.append(shelf)


def _box(cluster: Cluster, moved: dict[int, Box]) -> Box:
    """The box of a closed cluster, which its boxes are moved to."""
    return _together(list(boxes_of(cluster.members)), cluster, moved)


def _together(boxes: Sequence[Box], cluster: Cluster, moved: dict[int, Box]) -> Box:
    operators = sum(box.operators for box in boxes)
    kind = "module" if cluster.kind in {"module", "repeat", "fusion"} else "part"
    marks = tuple(dict.fromkeys(mark for box in boxes for mark in box.marks))
    tones = {box.tone for box in boxes}
    tone = next(iter(tones)) if len(tones) == 1 else "changed"
    title = " ".join(filter(None, [cluster.title, *(badge.text for badge in cluster.badges)]))
    lines = (title, counted(operators)) if title else (counted(operators),)
    badges = (Badge("folded", ""),)
    box = Box(boxes[0].number, kind, lines, "", "", "", cluster.path, marks, badges, cluster.tone or tone, operators)
    moved.update((inner.number, box) for inner in boxes)
    return box


def _parts(members: tuple[Member, ...], limit: int, moved: dict[int, Box]) -> tuple[Member, ...]:
    """The members of the picture, with neighbours put together where they are too many (3)."""
    if sizes(members) <= limit:
        return members
    stay, room = _staying(members, limit)
    length = -(-(len(members) - sum(stay)) // room)
    found: list[Member] = []
    row: list[Member] = []
    for each, stays in zip(members, stay, strict=True):
        if row and (stays or len(row) == length):
            found.append(_part(row, moved))
            row = []
        (found if stays else row).append(each)
    return (*found, *([_part(row, moved)] if row else []))


def _staying(members: Sequence[Member], limit: int) -> tuple[list[bool], int]:
    """Which members stay, and how many parts there may be, their rows cut short by those that stay not counted."""
    named = [isinstance(each, Box) and each.kind in STAYS for each in members]
    painted = [one or (isinstance(each, Box) and bool(each.marks)) for one, each in zip(named, members, strict=True)]
    for stay in (painted, named):
        rows = sum(1 for place, one in enumerate(stay) if not one and (place == 0 or stay[place - 1]))
        room = limit - sum(stay) - rows
        if 2 * sum(stay) <= limit and room > 0:
            return stay, room
    return [False] * len(members), max(limit - 1, 1)


def _part(row: Sequence[Member], moved: dict[int, Box]) -> Member:
    """One box for a row of neighbours, or what there is where it is but one."""
    if len(row) == 1:
        return row[0]
    boxes = list(boxes_of(row))
    kinds = Counter(box.lines[0] for box in boxes).most_common(KINDS)
    part = _together(boxes, Cluster("block", "", tuple(row)), moved)
    named = tuple(f"{title} \N{MULTIPLICATION SIGN}{count}" if count > 1 else title for title, count in kinds)
    part = part._replace(lines=(*part.lines, *named))
    moved.update((box.number, part) for box in boxes)
    return part


def _edges(edges: Sequence[Edge], moved: dict[int, Box]) -> Iterator[Edge]:
    """The edges between what is left (5); those within something closed are gone."""
    final = {number: _last(number, moved) for number in moved}
    bundles: dict[tuple[int, int, str, str], list[Edge]] = {}
    plain: list[Edge | tuple[int, int, str, str]] = []
    for edge in edges:
        source, target = final.get(edge.source, edge.source), final.get(edge.target, edge.target)
        if edge.source not in final and edge.target not in final:
            plain.append(edge)
        elif source != target:
            key = (source, target, edge.kind, edge.tone)
            if key not in bundles:
                plain.append(key)
            bundles.setdefault(key, []).append(edge._replace(source=source, target=target))
    for each in plain:
        yield each if isinstance(each, Edge) else _bundle(bundles[each])


def _last(number: int, moved: dict[int, Box]) -> int:
    """The number of the box that a box went into, and that into another, at the end."""
    while number in moved and moved[number].number != number:
        number = moved[number].number
    return number


def _bundle(edges: Sequence[Edge]) -> Edge:
    if len(edges) == 1:
        return edges[0]
    labels = dict.fromkeys(edge.label for edge in edges)
    label = next(iter(labels)) if len(labels) == 1 else f"{len(edges)} values"
    return edges[0]._replace(label=label, hint="\n".join(edge.hint for edge in edges[:12]), value="")

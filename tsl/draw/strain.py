"""How hard a picture is to lay out: the places that its edges pass on their way.

Definitions:
1. The *rank* of a box is the length of the longest way to it, edges back and boxes on a circle left aside.
2. The *strain* of a picture is the number of ranks that edges pass between their ends, all edges together. A layout in
   layers gives each such place a node of its own; what it costs grows with their number, and not with that of boxes.

Linear in the size of the picture. It will never change one.
"""

from __future__ import annotations

from tsl.draw.picture import Picture

UNRANKED = frozenset({"back", "order"})


def strain(picture: Picture) -> int:
    """The strain (2) of a picture."""
    edges = [edge for edge in picture.edges if edge.kind not in UNRANKED]
    after: dict[int, list[int]] = {box.number: [] for box in picture.boxes()}
    before = dict.fromkeys(after, 0)
    for edge in edges:
        after[edge.source].append(edge.target)
        before[edge.target] += 1
    rank = dict.fromkeys(after, 0)
    ready = [number for number, count in before.items() if not count]
    for number in ready:
        for target in after[number]:
            rank[target] = max(rank[target], rank[number] + 1)
            before[target] -= 1
            if not before[target]:
                ready.append(target)
    return sum(max(rank[edge.target] - rank[edge.source] - 1, 0) for edge in edges)
